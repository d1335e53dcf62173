import { randomUUID } from "node:crypto";
import { withGateway } from "../connect.ts";
import { printJson } from "../context.ts";
import { CliError } from "../exit.ts";
import { readParams, readTimeout } from "../json-options.ts";
import type { Run } from "../shell.ts";
import { findNode } from "./find.ts";
import { invokeNeeds } from "./needs.ts";

export interface InvokeOptions {
  readonly node?: string;
  readonly command?: string;
  readonly params?: string;
  readonly timeout?: string;
}

const DEFAULT_MS = 30_000;
/** The gateway's own answer about a node that is too slow must still arrive. */
const ANSWER_MS = 5_000;

/** `openclaw nodes invoke <node> <command>`: the node's answer as JSON. */
export const invoke: Run<InvokeOptions> = async (context, args, options) => {
  const rest = options.node === undefined ? args.slice(1) : args;
  const typed = options.node ?? args[0] ?? "";
  const command = options.command ?? rest[0] ?? "";
  if (typed === "" || command === "") {
    throw new CliError("usage", "say the node and the command", {
      next: `openclaw nodes invoke NODE system.which --params '{"bins":["df"]}'`,
    });
  }
  const params = readParams(options.params);
  const timeoutMs = readTimeout(options.timeout) ?? DEFAULT_MS;
  return withGateway(context, invokeNeeds, async (gateway) => {
    const { nodeId } = await findNode(context, gateway, { typed, verb: "Ask", byName: true });
    const ask = { nodeId, command, params, timeoutMs, idempotencyKey: randomUUID() };
    const answer = await gateway.request<{ payload?: unknown }>(
      "node.invoke",
      ask,
      timeoutMs + ANSWER_MS,
    );
    printJson(context, context.options.json ? answer : answer.payload);
    // A command that ran and failed is a failure for whoever scripts this.
    const { success } = (answer.payload ?? {}) as { success?: unknown };
    return success === false ? "failed" : "ok";
  });
};
