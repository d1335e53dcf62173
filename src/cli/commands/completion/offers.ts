import type {
  AnyCommand,
  CommandTree,
  Completion,
  Declaration,
  DeclaredCommand,
  Option,
} from "../../kit/declare.ts";

/** One word that a shell may offer. */
export interface Offer {
  readonly word: string;
  readonly about?: string;
}

/** What may stand where the cursor is. */
export interface Offers {
  readonly offers: readonly Offer[];
  /** What the gateway or the file system is asked for; its answers are put behind `prefix`. */
  readonly ask?: Exclude<Completion, readonly string[]>;
  /** What stands before the value in the same word, such as `--role=`. */
  readonly prefix: string;
}

/** Where the words before the cursor lead. */
interface Cursor {
  readonly at: DeclaredCommand;
  /** Arguments that were given to `at`. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly open: Option | undefined;
  /** `--` was given: what comes is no option. */
  readonly literal: boolean;
  readonly used: ReadonlySet<Option>;
}

/**
 * What a shell may offer. `tree` has every command by its path (`""` is the program itself); `words` are
 * those behind the program's name, the last one as far as it is typed.
 */
export function offersFor(tree: CommandTree, words: readonly string[]): Offers {
  const root = tree.get("");
  if (!root) return nothing("");
  const typed = words.at(-1) ?? "";
  const cursor = walk(tree, { root, words: words.slice(0, -1) });
  if (cursor.open) return valueOffers(cursor.open, [cursor.at, root], "");
  if (!cursor.literal && typed.startsWith("-")) return optionOffers(cursor, root, typed);
  return wordOffers(cursor);
}

function walk(
  tree: CommandTree,
  { root, words }: { readonly root: DeclaredCommand; readonly words: readonly string[] },
): Cursor {
  let cursor: Cursor = { at: root, given: 0, open: undefined, literal: false, used: new Set() };
  for (const word of words) {
    const { at, given, open, literal, used } = cursor;
    if (open) cursor = { ...cursor, open: undefined };
    else if (!literal && word === "--") cursor = { ...cursor, literal: true };
    else if (!literal && word.startsWith("-")) {
      const option = optionNamed(word.split("=")[0] ?? "", at, root);
      const takesNext = option?.required === true && !word.includes("=");
      const all = option ? new Set([...used, option]) : used;
      cursor = { ...cursor, used: all, open: takesNext ? option : undefined };
    } else {
      const below = given === 0 ? tree.get([...at.path, word].join(" ")) : undefined;
      cursor = below ? { ...cursor, at: below } : { ...cursor, given: given + 1 };
    }
  }
  return cursor;
}

function optionNamed(name: string, at: DeclaredCommand, root: DeclaredCommand): Option | undefined {
  const all = [...optionsOf(at.command), ...optionsOf(root.command)];
  return all.find(({ long, short }) => long === name || short === name);
}

function optionsOf(command: AnyCommand): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

function optionOffers(cursor: Cursor, root: DeclaredCommand, typed: string): Offers {
  const [name = "", value] = typed.split("=");
  if (value !== undefined) {
    const option = optionNamed(name, cursor.at, root);
    return option ? valueOffers(option, [cursor.at, root], `${name}=`) : nothing("");
  }
  const options = new Set([...optionsOf(cursor.at.command), ...optionsOf(root.command)]);
  const free = [...options].filter((option) => option.variadic || !cursor.used.has(option));
  const offers = free.map(({ long, short, description }) => {
    return { word: long ?? short ?? "", about: description };
  });
  return { offers: [...offers, { word: "--help", about: "print this help" }], prefix: "" };
}

/** `among`: the command that takes the option, or else the program, whose options every command takes. */
function valueOffers(
  option: Option,
  among: readonly [at: DeclaredCommand, root: DeclaredCommand],
  prefix: string,
): Offers {
  const name = option.long?.slice(2) ?? "";
  const [at, root] = among;
  const own = at.command.options.includes(option) ? at.declaration : root.declaration;
  return offersOf(completionOf(own, name), prefix);
}

function completionOf({ completes = {} }: Declaration, name: string): Completion | undefined {
  return Object.hasOwn(completes, name) ? completes[name] : undefined;
}

function wordOffers({ at, given }: Cursor): Offers {
  const below = given === 0 ? (at.declaration.under ?? []) : [];
  const commands = below
    .filter(({ hidden }) => !hidden)
    .map(({ name, summary }) => ({ word: name, about: summary }));
  const args = at.command.registeredArguments;
  // Where an argument may take several words they are one name or code, which what is offered is whole.
  const arg = args[given];
  const values = offersOf(arg && completionOf(at.declaration, arg.name()), "");
  return { ...values, offers: [...commands, ...values.offers] };
}

function offersOf(completion: Completion | undefined, prefix: string): Offers {
  if (completion === undefined) return nothing(prefix);
  if (typeof completion === "string") return { offers: [], ask: completion, prefix };
  return { offers: completion.map((word) => ({ word: prefix + word })), prefix };
}

function nothing(prefix: string): Offers {
  return { offers: [], prefix };
}
