import { shellWord } from "../lib/shell-word.ts";

/**
 * Commands that a person is told to type, as data: a text carries them between its words, and a program
 * that prints the text knows them without reading its sentences.
 */

/** What people type to run the command line, where nothing says otherwise. */
export const OPENCLAW = "openclaw";

/** Where a command works: where it is read, on the gateway's machine, or on a node's. */
export type CommandPlace = "here" | "gateway" | "node";

/** A word that the reader fills in: it is shown as it stands, without quotes. */
export interface Blank {
  readonly fill: string;
}

/** One argument, as the program gets it; it is quoted for a shell when it is shown. */
export type Word = string | Blank;

/** One command line. */
export interface Command {
  /** `openclaw` for our own, which is shown as it is called where the text is read; or a shell's word. */
  readonly program: string;
  readonly words: readonly Word[];
  readonly at: CommandPlace;
  /** It takes root's rights: `sudo` stands before it. */
  readonly root?: true;
  /** Variables that are set for it alone. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What stands in a template of a command: one word, or several. Beside other letters it is joined to them. */
export type Filled = string | number | Blank | readonly Word[];

/** A word that the reader fills in, such as `CODE` or `<link>`. */
export function blank(fill: string): Blank {
  return { fill };
}

/** The code of a request, which the reader has before them. */
export const CODE = blank("CODE");
/** Any words that the reader knows better. */
export const REST = blank("…");

/** A command of ours, its words separated by blanks: ``openclaw`devices approve ${code}` ``. */
export function openclaw(parts: TemplateStringsArray, ...filled: Filled[]): Command {
  return { program: OPENCLAW, words: wordsOf(parts, filled), at: "here" };
}

/** A command of another program, whose name is its first word: ``shell`systemctl status ${unit}` ``. */
export function shell(parts: TemplateStringsArray, ...filled: Filled[]): Command {
  const [program = "", ...words] = wordsOf(parts, filled);
  return { program: typeof program === "string" ? program : program.fill, words, at: "here" };
}

/** The same command with root's rights. */
export function asRoot(command: Command): Command {
  return { ...command, root: true };
}

/** The same command with further words. */
export function extended(command: Command, ...words: readonly Word[]): Command {
  return { ...command, words: [...command.words, ...words] };
}

/** The same command, working at another place than where it is read. */
export function at(place: CommandPlace, command: Command): Command {
  return { ...command, at: place };
}

function wordsOf(parts: TemplateStringsArray, filled: readonly Filled[]): Word[] {
  const words: Word[] = [];
  let open = false;
  const add = (word: Word) => {
    const last = words.at(-1);
    const joins = open && typeof last === "string" && typeof word === "string";
    if (joins) words[words.length - 1] = last + word;
    else words.push(word);
    open = true;
  };
  for (const [i, part] of parts.entries()) {
    for (const [j, text] of part.split(" ").entries()) {
      if (j > 0) open = false;
      if (text !== "") add(text);
    }
    const given = filled[i];
    if (given === undefined) continue;
    if (typeof given === "string" || typeof given === "number") add(String(given));
    else if (isWords(given)) for (const word of given) words.push(word);
    else add(given);
  }
  return words;
}

function isWords(given: Blank | readonly Word[]): given is readonly Word[] {
  return Array.isArray(given);
}

/** How our own program is called, by where the command works. Absent: `openclaw`. */
export interface Calls {
  readonly here?: string | undefined;
  readonly gateway?: string | undefined;
  /** The command as it is typed where it is another one than on a machine; `ours`: how our program is called. */
  readonly otherwise?: (command: Command, ours: string) => string | undefined;
}

/** The command as it is typed. */
export function commandText(command: Command, calls: Calls = {}): string {
  const { program, words, at: place, root, env } = command;
  const ours = place === "node" ? undefined : calls[place];
  const other = place === "node" ? undefined : calls.otherwise?.(command, ours ?? OPENCLAW);
  if (other !== undefined) return other;
  const set = env === undefined ? [] : ["env", ...Object.entries(env).map(assigned)];
  return [
    ...(root ? ["sudo"] : []),
    ...set,
    program === OPENCLAW ? (ours ?? program) : program,
    ...words.map((word) => (typeof word === "string" ? shellWord(word) : word.fill)),
  ].join(" ");
}

function assigned([name, value]: readonly [string, string]): string {
  return `${name}=${shellWord(value)}`;
}
