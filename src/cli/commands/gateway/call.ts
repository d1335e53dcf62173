import { ownerScopes } from "../../../protocol/access.ts";
import { openclaw } from "../../../protocol/command.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { readParams, readTimeout } from "../../kit/json-options.ts";
import { table } from "../../kit/table.ts";
import { withGateway } from "../../reach/connect.ts";

export interface CallOptions {
  readonly params?: string;
  readonly timeout?: string;
  readonly list?: boolean;
}

/**
 * `openclaw gateway call <method>`: the answer as JSON.
 * @throws CliError (usage) without a method, or for params and time-outs that can't be read
 */
export const call: Run<CallOptions> = async (context, [method = ""], options) => {
  if (options.list) return listMethods(context);
  if (method === "") {
    throw new CliError("usage", "say which method", { next: openclaw`gateway call --list` });
  }
  const params = readParams(options.params);
  const timeoutMs = readTimeout(options.timeout);
  await withGateway(context, { scopes: await scopesFor(method, context) }, async (gateway) => {
    printJson(context, await gateway.call(method, params, timeoutMs));
  });
};

/** The methods of this version; a gateway by `--url` may have others. */
async function listMethods(context: Context): Promise<void> {
  const { methodList } = await import("../../../main/method-list.ts");
  const methods = methodList();
  if (context.options.json) return printJson(context, methods);
  const { io } = context;
  const rows = methods.map(({ name, who, summary }) => [[name], [who], [summary]]);
  const columns = [
    { title: "METHOD", share: 3 },
    { title: "WHO", share: 2 },
    { title: "WHAT", share: 5 },
  ];
  io.out(table({ columns, rows, width: io.columns }).join("\n"));
}

/** The least scopes for what is known; all of an owner's for the rest, and to approve for others. */
async function scopesFor(method: string, { options }: Context): Promise<readonly string[]> {
  // Only a connection by URL asks for scopes.
  if (options.url === undefined) return [];
  const { methodList } = await import("../../../main/method-list.ts");
  const known = methodList().find(({ name }) => name === method);
  return known && !method.endsWith(".approve") ? known.scopes : ownerScopes;
}
