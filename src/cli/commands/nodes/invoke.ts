import { randomUUID } from "node:crypto";
import { nodeLimitTable } from "../../../limits/nodes.ts";
import { blank, openclaw } from "../../../protocol/command.ts";
import { readText } from "../../../protocol/text.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { readParams, readTimeout } from "../../kit/json-options.ts";
import { quotedName } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import { invokeNeeds } from "../../reach/needs.ts";
import { findNode } from "./find.ts";
import type { NodeRow } from "./rows.ts";

export interface InvokeOptions {
  readonly node?: string;
  readonly command?: string;
  readonly params?: string;
  readonly timeout?: string;
}

const DEFAULT_MS = nodeLimitTable.nodeInvokeMs.value;
/** The gateway's own answer about a node that is too slow must still arrive. */
const ANSWER_MS = 5_000;

/** What the gateway says for programs, as a person needs it: which node, and what to type. */
function invokeFailure(error: unknown, node: NodeRow): unknown {
  const { message, details = {} } = error as {
    message?: string;
    details?: Record<string, unknown>;
  };
  const { code, cure } = details;
  // Gateways of other versions say it in words alone.
  const next = readText(details["next"]) ?? (typeof cure === "string" ? cure : undefined);
  const more = { code: String(code), next, cause: error };
  if (code === "NOT_CONNECTED") {
    return new CliError("failed", `${quotedName(node)} is not connected`, more);
  }
  if (code === "PAIRING_CHANGED" && next !== undefined) {
    const why = `what ${quotedName(node)} offers is not approved yet`;
    return new CliError("failed", why, more);
  }
  const { code: theirs } = (details["nodeError"] ?? {}) as { code?: unknown };
  if (theirs === "TIMEOUT") {
    const longer = "repeat the command with a longer --timeout, such as --timeout 120000";
    return new CliError("failed", `${quotedName(node)} gave no answer in time`, {
      ...more,
      code: theirs,
      next: longer,
    });
  }
  if (theirs === "DISCONNECTED" && message !== undefined) {
    const unknown = `${message}: whether the command ran is not known, and it is not run again`;
    return new CliError("failed", unknown, { ...more, code: theirs, next: openclaw`nodes list` });
  }
  return error;
}

/**
 * `openclaw nodes invoke <node> <command>`: the node's answer as JSON.
 * @throws CliError (usage) where node or command is missing; the gateway's error otherwise
 */
export const invoke: Run<InvokeOptions> = async (context, args, options) => {
  const rest = options.node === undefined ? args.slice(1) : args;
  const typed = options.node ?? args[0] ?? "";
  const command = options.command ?? rest[0] ?? "";
  if (typed === "" || command === "") {
    throw new CliError("usage", "say the node and the command", {
      next: openclaw`nodes invoke ${blank("NODE")} system.which --params ${'{"bins":["df"]}'}`,
    });
  }
  const params = readParams(options.params);
  const timeoutMs = readTimeout(options.timeout, 0) ?? DEFAULT_MS;
  // 0: as long as the gateway lets any take.
  const patienceMs = (timeoutMs || nodeLimitTable.nodeInvokeMaxMs.value) + ANSWER_MS;
  return withGateway(context, invokeNeeds, async (gateway) => {
    const node = await findNode(context, gateway, { typed, verb: "Ask", byName: true });
    const { nodeId } = node;
    const ask = { nodeId, command, params, timeoutMs, idempotencyKey: randomUUID() };
    const answer = await gateway.request("node.invoke", ask, patienceMs).catch((error: unknown) => {
      throw invokeFailure(error, node);
    });
    printJson(context, context.options.json ? answer : answer.payload);
    // A command that ran and failed is a failure for scripts.
    const { success } = (answer.payload ?? {}) as { success?: unknown };
    return success === false ? "failed" : "ok";
  });
};
