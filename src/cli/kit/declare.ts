import {
  Command,
  type CommanderError,
  type Option,
  type OptionValues,
} from "@commander-js/extra-typings";
import { type Command as CommandLine, OPENCLAW } from "../../protocol/command.ts";
import type { Text } from "../../protocol/text.ts";
import type { Context } from "./context.ts";
import type { ExitName } from "./exit.ts";

/** The words of a command line in order: those of `[name...]` one by one, and none for what was left out. */
export type WordsOf<Args extends readonly unknown[]> = Args extends readonly [
  infer First,
  ...infer Rest,
]
  ? First extends readonly string[]
    ? [...First, ...WordsOf<Rest>]
    : undefined extends First
      ? [...NonNullable<First>[], ...WordsOf<Rest>]
      : [First, ...WordsOf<Rest>]
  : [];

/**
 * What a command does. `words` are its arguments in order; a command that returns nothing succeeded.
 * Failures are thrown.
 */
export type Run<Options, Words extends readonly unknown[] = readonly string[]> = (
  context: Context,
  words: Words,
  options: Options,
) => Promise<ExitName | number> | Promise<void>;

/** What a shell offers behind a word or an option; of what the gateway knows, it is asked. */
export type Completion =
  | readonly string[]
  | "file"
  | "config-key"
  | "device"
  | "device-request"
  | "node"
  | "node-request"
  | "ssh-key"
  | "method";

/** An example in a command's help. */
export interface Example {
  readonly what: string;
  readonly type: CommandLine;
}

interface Described {
  /** Its word in the command line, such as `approve`. */
  readonly name: string;
  /** What it does, as a line of a list of commands. */
  readonly summary: string;
  /** For the program's own use: no list has it. */
  readonly hidden?: true;
  /** Paragraphs below the options. */
  readonly about?: Text;
  readonly examples?: readonly Example[];
}

/** A command, by what people type: all that its help, its completion and its page say follows from it. */
export interface Declaration extends Described {
  /** Its arguments and options. */
  readonly shape?: (command: Command) => AnyCommand;
  /** What a shell offers, by the name of an argument or the long name of an option. */
  readonly completes?: Readonly<Record<string, Completion>>;
  /** Loads what the command does, only when it runs: the program must start at once. */
  readonly run?: () => Promise<Run<never, never>>;
  /** The commands below it. */
  readonly under?: readonly Declaration[];
}

/** Nothing where each option that a command takes is declared, of the type that it takes. */
type Undeclared<Options, Taken> = [Exclude<keyof Taken, keyof Options>] extends [never]
  ? [Options] extends [Taken]
    ? unknown
    : { readonly mistyped: Options }
  : { readonly undeclared: Exclude<keyof Taken, keyof Options> };

/** A declaration that may be given what the command does. */
interface ShapedDeclaration<Args extends unknown[], Options extends OptionValues>
  extends Declaration {
  /** `load` loads it when it runs. It gets the words and options that `shape` declares, and takes no others. */
  runs<Taken>(
    load: (() => Promise<Run<Taken, WordsOf<Args>>>) & Undeclared<Options, Taken>,
  ): Declaration;
}

/** What {@link declare} takes: the types of arguments and options are those of the command that `shape` returns. */
interface Shaped<Args extends unknown[], Options extends OptionValues>
  extends Omit<Declaration, "shape" | "run"> {
  readonly shape?: (command: Command) => Command<Args, Options>;
}

/** Declares one command; a noun has others `under` it. */
export function declare<Args extends unknown[] = [], Options extends OptionValues = OptionValues>(
  declaration: Shaped<Args, Options>,
): ShapedDeclaration<Args, Options> {
  return { ...declaration, runs: (run) => ({ ...declaration, run }) };
}

// biome-ignore lint/suspicious/noExplicitAny: commands of all shapes
export type AnyCommand = Command<any[], any>;

export type { Command, CommanderError, Option };

/** A declared command with the words that call it, such as `["devices", "approve"]`. */
export interface DeclaredCommand {
  readonly path: readonly string[];
  readonly declaration: Declaration;
  readonly command: AnyCommand;
}

/** Every command by the words that call it, such as `devices approve`; the program itself by none. */
export type CommandTree = ReadonlyMap<string, DeclaredCommand>;

/** The tree of what `declaration` declares. */
export function treeOf(declaration: Declaration): CommandTree {
  const tree = new Map<string, DeclaredCommand>();
  build(declaration, { built: (one) => tree.set(one.path.join(" "), one) });
  return tree;
}

/** What happens to a command that was built. */
export interface Builder {
  /** Told of every command, before those below it are built. */
  built(declared: DeclaredCommand): void;
}

/** Builds `declaration` and what is below it into commands. */
export function build(
  declaration: Declaration,
  { built }: Builder,
  above: readonly string[] = [],
): AnyCommand {
  const { name, summary, shape, under = [] } = declaration;
  const plain = new Command(name).description(summary);
  const command: AnyCommand = shape?.(plain) ?? plain;
  const path = name === OPENCLAW ? above : [...above, name];
  built({ path, declaration, command });
  for (const one of under) {
    command.addCommand(build(one, { built }, path), { hidden: one.hidden ?? false });
  }
  return command;
}
