import type { Context } from "./context.ts";
import { CliError } from "./exit.ts";

/**
 * Asks whether to do what was printed before; `yes` skips the question.
 * @throws CliError where the answer is no, or where no person can be asked
 */
export async function confirm({ io }: Context, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.asksPerson) {
    throw new CliError("failed", "the above was not done: nobody can be asked here", {
      next: "repeat the command with --yes",
    });
  }
  const answer = await io.prompt("Do it? [y/N] ");
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("failed", "nothing was changed");
}
