import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { shownLines } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";
import { hostNeeds } from "../../reach/needs.ts";

type Migration = Result<"host.config.migrate">;

/** `openclaw config migrate-secrets`: shows the diff, asks, then moves them. */
export const migrate: Run<{ yes?: boolean }> = async (context, _args, options) => {
  await withGateway(context, hostNeeds, async (gateway) => {
    const request = (apply: boolean) => gateway.request("host.config.migrate", { apply });
    const { io } = context;
    const plan = await request(false);
    if (plan.found.length === 0) {
      if (context.options.json) return printJson(context, plan);
      io.out("No secret stands in the configuration in clear; nothing to do.");
      return;
    }
    if (context.options.json) io.err(shownLines(plan.diff));
    else io.out(shownLines(plan.diff));
    await confirm(context, plan, options.yes ?? false);
    const done = await request(true);
    if (context.options.json) return printJson(context, done);
    io.out(`Moved into the state, hashed: ${plan.found.join(" and ")}. It goes on working.`);
  });
};

async function confirm({ io }: Context, { found }: Migration, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.asksPerson) {
    throw new CliError("failed", "the above was not done: nobody can be asked here", {
      next: "openclaw config migrate-secrets --yes",
    });
  }
  const answer = await io.prompt(`Move the ${found.join(" and ")} out of the file? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("failed", "nothing was changed");
}
