import { openclaw } from "../../../protocol/command.ts";
import { confirm } from "../../kit/confirm.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { shownLines } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import { hostNeeds } from "../../reach/needs.ts";

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
    await confirm(context, {
      yes: options.yes,
      question: `Move the ${plan.found.join(" and ")} out of the file?`,
      next: openclaw`config migrate-secrets --yes`,
    });
    const done = await request(true);
    if (context.options.json) return printJson(context, done);
    io.out(`Moved into the state, hashed: ${plan.found.join(" and ")}. It goes on working.`);
  });
};
