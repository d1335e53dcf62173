import { asRoot, type Command, openclaw, REST, type Word } from "../../protocol/command.ts";
import type { Context, GlobalOptions } from "./context.ts";
import type { DeclaredCommand, Run } from "./declare.ts";
import { CliError, exitCodes } from "./exit.ts";
import type { Io } from "./io.ts";

/** How the command ended. */
export interface CommandOutcome {
  exit: number;
}

/** Where a command runs: its terminal, the options of every command, and where its end is noted. */
interface Setting {
  readonly io: Io;
  readonly outcome: CommandOutcome;
  globals(): GlobalOptions;
}

/** Gives a command its action, which loads what it does. */
export function addAction({ declaration, command, path }: DeclaredCommand, setting: Setting): void {
  const { run: load } = declaration;
  if (!load) return;
  command.action(async (...given: unknown[]) => {
    const words = wordsIn(given);
    const run = (await load()) as Run<unknown>;
    const context: Context = { io: setting.io, options: setting.globals() };
    try {
      const exit = (await run(context, words, command.opts())) ?? "ok";
      setting.outcome.exit = typeof exit === "number" ? exit : exitCodes[exit].code;
    } catch (error) {
      throw completed(error, path, words);
    }
  });
}

/** The words of a command line from what Commander calls an action with. */
function wordsIn(given: readonly unknown[]): string[] {
  const args = given.slice(0, -2).flat();
  // Commander hands over `undefined` for words that were left out.
  return args.filter((word) => word !== undefined).map(String);
}

/** How the help of a command is called. */
export function helpOf(path: readonly string[]): Command {
  return openclaw`${path} --help`;
}

/**
 * A failure of the command that `path` and `words` call, with the whole command to type where what failed
 * did not know these words.
 */
export function completed(
  error: unknown,
  path: readonly string[],
  words: readonly string[],
): unknown {
  if (!(error instanceof CliError)) return error;
  const { exit, message, code } = error;
  // A command line that was not understood leads to the command's help, where nothing better is known.
  if (exit === "usage" && error.next === undefined) {
    return new CliError("usage", message, { next: helpOf(path), code, cause: error });
  }
  if (!error.asRoot) return error;
  const shown = path.at(-1) === "set" ? withoutValue(words) : words;
  const next = asRoot(openclaw`${path} ${shown}`);
  return new CliError(exit, message, { next, code, cause: error.cause });
}

/** What `set` is given may be a secret: its key stays, where the first word can be nothing else. */
function withoutValue([key = ""]: readonly string[]): Word[] {
  return /^[a-z]+(\.[A-Za-z]+)+$/.test(key) ? [key, REST] : [REST];
}
