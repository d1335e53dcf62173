import type { Command } from "commander";
import type { Context, GlobalOptions } from "./context.ts";
import { type ExitName, exitCodes } from "./exit.ts";
import type { Io } from "./io.ts";

/** How the command ended. */
export interface Outcome {
  exit: number;
}

/** What command groups are registered with. */
export interface Shell {
  readonly io: Io;
  readonly program: Command;
  readonly outcome: Outcome;
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
    const exit = (await run(context, args, command.opts() as Options)) ?? "ok";
    shell.outcome.exit = typeof exit === "number" ? exit : exitCodes[exit].code;
  });
}
