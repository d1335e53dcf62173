import type { Command } from "commander";
import type { Context, GlobalOptions } from "./context.ts";
import { AS_ROOT, CliError, type ExitName, exitCodes } from "./exit.ts";
import type { Io } from "./io.ts";

/** How the command ended. */
export interface CommandOutcome {
  exit: number;
}

/** What command groups are registered with. */
export interface Shell {
  readonly io: Io;
  readonly program: Command;
  readonly outcome: CommandOutcome;
}

/**
 * What a command does. `args` are its words in order; a command that returns nothing succeeded.
 * Failures are thrown.
 */
export type Run<Options> = (
  context: Context,
  args: readonly string[],
  options: Options,
) => Promise<ExitName | number> | Promise<void>;

/** Gives a command its action, loaded only when it runs: the program must start at once. */
export function lazily<Options>(
  shell: Shell,
  command: Command,
  load: () => Promise<Run<Options>>,
): void {
  command.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      // Commander hands over `undefined` for words that were left out.
      .filter((word) => word !== undefined)
      .map(String);
    const run = await load();
    const context: Context = { io: shell.io, options: shell.program.opts<GlobalOptions>() };
    const ran = run(context, args, command.opts() as Options);
    const failed = (error: unknown) => throwAsRoot(withHelp(error, command), command, args);
    const exit = (await ran.catch(failed)) ?? "ok";
    shell.outcome.exit = typeof exit === "number" ? exit : exitCodes[exit].code;
  });
}

/** A command line that was not understood leads to the command's help, where nothing better is known. */
function withHelp(error: unknown, command: Command): unknown {
  if (!(error instanceof CliError) || error.exit !== "usage" || error.next) return error;
  const next = `openclaw ${namesOf(command).join(" ")} --help`;
  return new CliError("usage", error.message, { next, code: error.code, cause: error });
}

function namesOf(command: Command): string[] {
  const names: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
  return names;
}

/**
 * Ends a command that failed.
 * @throws `error`; where root would not meet it, with the whole command to type
 */
function throwAsRoot(error: unknown, command: Command, args: readonly string[]): never {
  if (!(error instanceof CliError) || error.next !== AS_ROOT) throw error;
  const names = namesOf(command);
  // What `set` is given may be a secret, and a word the shell would split needs quoting.
  const plain = command.name() !== "set" && args.every((word) => /^[\w.-]+$/.test(word));
  const next = [AS_ROOT, ...names, ...(plain ? args : ["…"])].join(" ");
  const { exit, message, code, cause } = error;
  throw new CliError(exit, message, { next, code, cause });
}
