import { say, type Text } from "../../protocol/text.ts";
import type { Context } from "./context.ts";
import { CliError } from "./exit.ts";

/** What a person is asked before something is done. */
export interface Confirmation {
  /** `--yes`: it is done without asking. */
  readonly yes?: boolean | undefined;
  /** The question about what was printed before; `Do it?` by default. */
  readonly question?: Text;
  /** What to type where no person can be asked. */
  readonly next?: Text;
}

/**
 * Asks whether to do what was printed before.
 * @throws CliError where the answer is no, or where no person can be asked
 */
export async function confirm({ io }: Context, asked: Confirmation): Promise<void> {
  const { yes = false, question = "Do it?", next = "repeat the command with --yes" } = asked;
  if (yes) return;
  if (!io.asksPerson) {
    throw new CliError("failed", "the above was not done: nobody can be asked here", { next });
  }
  const answer = await io.prompt(say`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("failed", "nothing was changed");
}
