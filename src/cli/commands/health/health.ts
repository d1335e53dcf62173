import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { withGateway } from "../../reach/connect.ts";

/** `openclaw health`: one line, and exit code 1 where the gateway is not well, or can't write its state. */
export const health: Run<unknown> = async (context) =>
  withGateway(context, { scopes: [] }, async (gateway) => {
    const startedAt = performance.now();
    const summary = await gateway.request("health");
    const ms = performance.now() - startedAt;
    // A gateway of another program has no such part.
    const well = summary.ok && summary.gateway?.store.ok !== false;
    if (context.options.json) printJson(context, summary);
    else if (well) context.io.out(`ok, answered in ${ms.toFixed(1)} ms`);
    else context.io.out(say`not well; see: ${openclaw`status`}`);
    return well ? "ok" : "failed";
  });
