import { type ConfigDocument, findValue, parseDocument, plainValue } from "./document.ts";
import { type ConfigPath, namesOf, specOf } from "./schema.ts";
import { Refused } from "./values.ts";

/** A key that is changed under one of its names, in a file's text. */
interface Changed {
  readonly typed: string;
  readonly path: ConfigPath;
  readonly text: string;
}

/**
 * What the other spellings of a list that forbids forbid, besides `value`: setting or removing one of them
 * must not allow it. Of any other key nothing. What is kept is added to `said`, in words.
 */
export function stillDenied(
  value: readonly unknown[],
  { typed, path, text }: Changed,
  said: string[],
): unknown[] {
  const document = parseDocument(text);
  const kept: unknown[] = [];
  for (const name of othersOf(typed, path)) {
    const more = goodItems(document, name, path).filter(
      (item) => !value.includes(item) && !kept.includes(item),
    );
    if (more.length === 0) continue;
    kept.push(...more);
    const what = more.join(", ");
    said.push(`${name} denied ${what} as well: that stays; setting ${path} anew replaces it`);
  }
  return kept;
}

/**
 * The names that removing a key takes out: all, but of a list that forbids the one that was typed, where it
 * stands in the file. That another goes on forbidding is added to `said`, in words.
 */
export function removedNames(
  typed: string,
  { path, text }: { readonly path: ConfigPath | undefined; readonly text: string },
  said: string[],
): readonly string[] {
  if (path === undefined) return [typed];
  if (!specOf(path).denies) return namesOf(path);
  const document = parseDocument(text);
  if (!findValue(document, typed.split("."))) return namesOf(path);
  for (const name of othersOf(typed, path)) {
    const denied = goodItems(document, name, path);
    if (denied.length > 0) said.push(`${name} still denies ${denied.join(", ")}`);
  }
  return [typed];
}

function othersOf(typed: string, path: ConfigPath): readonly string[] {
  return specOf(path).denies ? namesOf(path).filter((name) => name !== typed) : [];
}

/** The items under one name that the key takes; one beside them that it refuses is no reason to allow them. */
function goodItems(document: ConfigDocument, name: string, path: ConfigPath): unknown[] {
  const node = findValue(document, name.split("."));
  const listed = node ? plainValue(node) : [];
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((item) => {
    const read = specOf(path).type.read([item]);
    return read instanceof Refused || !Array.isArray(read) ? [] : read;
  });
}
