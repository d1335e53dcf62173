/**
 * Ways in which other programs' files stand for a value that is kept elsewhere. A secret may hold a dollar
 * sign or braces, so each asks for more than that: `$NAME` counts alone, in capitals, and within a text
 * only where the name has an underscore as well.
 */
const references: readonly RegExp[] = [
  // ${NAME}, ${NAME:-default}, ${env:NAME}, ${{ secrets.NAME }}: shells, Compose, GitHub.
  /\$\{\{?\s*[A-Za-z_][\w.]*\s*(?:[:?+\-=#%/^,@|!][^}]*)?\}/,
  // $NAME: shells, Compose.
  /^\$[A-Z][A-Z0-9_]*$/,
  /^\$(?:token|password|passwd|secret|key)$/i,
  /\$[A-Z][A-Z0-9]*_[A-Z0-9_]+/,
  // $(command) and `command`: shells.
  /^\$\(.+\)$/,
  /^`.+`$/,
  // %NAME%: Windows.
  /^%[A-Z][A-Z0-9_]*%$/,
  // {{ name }} and <%= name %>: Jinja, Helm, Ansible, ERB.
  /\{\{-?\s*[\w.$"'-][^{}]*\}\}/,
  /<%=?.+%>/,
  // env:NAME, op://vault/item/field and their like: stores of secrets.
  /^env:(?:\/\/)?[A-Za-z_]\w*$/,
  /^(?:op|vault|file|secret|secrets|secretref|keychain|keyring):\/\/\S/i,
  /^arn:aws:(?:secretsmanager|ssm):\S/,
];

/** Whether `text` is plainly a reference to a value that is kept elsewhere, which nothing resolved. */
export function isUnresolved(text: string): boolean {
  return references.some((reference) => reference.test(text));
}

/** Why such a text is refused, to stand after the name of what it was given as: "it is …". */
export const UNRESOLVED = "a reference, and nothing resolves it here";
