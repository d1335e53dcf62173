import { couldNestDeeper, nestsDeeper } from "../lib/json-levels.ts";
import { limitTable } from "../limits/table.ts";
import type { NodeSession } from "../nodes/sessions.ts";
import { invalidRequest, unavailable } from "../protocol/errors.ts";
import { plainText } from "../protocol/text.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import { approvalStep, ownSession, RETRY_MS } from "./nodes-common.ts";

const LEVELS = limitTable.frameLevels.value;

/** Methods that nodes call. */
const access = { roles: ["node"] } as const;

const WHAT = "invocation";

/**
 * The caller's session, if `nodeId` is the caller's own; that of one that stands by as well, for what it
 * began when it served.
 */
function callerFor(nodeId: string, call: Call): NodeSession {
  const session = call.services.nodes.sessions.of(call.connId) ?? ownSession(call, WHAT);
  if (session.nodeId !== nodeId) throw invalidRequest("nodeId mismatch");
  return session;
}

/** `ignored`: the invocation has ended already. */
const taken = () => t.object({ ok: t.exactly(true) }, { ignored: t.exactly(true) });

type Taken = t.ValueOf<typeof taken>;

/** @throws RequestError where nothing waits for it, and another connection of the node serves */
function answered(known: boolean, call: Call): Taken {
  if (known) return { ok: true };
  ownSession(call, WHAT);
  return { ok: true, ignored: true };
}

export const result = method({
  name: "node.invoke.result",
  summary: "The result of a `node.invoke.request`. One that nobody waits for is ignored.",
  access,
  params: wireSchemas.nodeInvokeResult,
  result: taken,
  refused: failInvoke,
  run: (params, call) => {
    const session = callerFor(params.nodeId, call);
    if (isTooDeep(params.payloadJSON ?? "")) {
      const problem = `at /payloadJSON: nested deeper than ${LEVELS} levels`;
      failInvoke(params, problem, call);
      throw invalidRequest(`invalid node.invoke.result params: ${problem}`);
    }
    return answered(call.services.nodes.invokes.result(session, params), call);
  },
});

function isTooDeep(payloadJSON: string): boolean {
  if (!couldNestDeeper(payloadJSON, LEVELS)) return false;
  try {
    return nestsDeeper(JSON.parse(payloadJSON), LEVELS);
  } catch {
    // No JSON: it is handed on as a text.
    return false;
  }
}

/** A result that is refused ends its invoke: its caller would else wait for a better one in vain. */
function failInvoke(
  params: unknown,
  problem: string,
  { connId, services }: Pick<Call, "connId" | "services">,
): void {
  const { id } = (params ?? {}) as { readonly id?: unknown };
  const session = services.nodes.sessions.of(connId);
  if (!session || typeof id !== "string") return;
  const error = { code: "INVALID_REQUEST", message: `the node's result is refused: ${problem}` };
  services.nodes.invokes.result(session, { id, ok: false, error });
}

export const progress = method({
  name: "node.invoke.progress",
  summary: "A chunk of output of a command that runs; its caller gets it as an event.",
  access,
  params: wireSchemas.nodeInvokeProgress,
  result: taken,
  run: ({ invokeId, nodeId, seq, chunk }, call) => {
    const session = callerFor(nodeId, call);
    if (Buffer.byteLength(chunk) > limitTable.nodeChunkBytes.value) {
      throw invalidRequest("progress chunk too large");
    }
    const { invokes } = call.services.nodes;
    return answered(invokes.progress(session, { invokeId, seq, chunk }), call);
  },
});

export const skillsUpdate = method({
  name: "node.skills.update",
  summary: "Replaces the skills that a node publishes while it is connected.",
  access,
  params: wireSchemas.nodeSkillsUpdate,
  result: () => t.object({ nodeId: t.string(), skills: t.array(t.anything()) }),
  run: ({ skills }, call) => {
    const session = ownSession(call, "skill publication");
    call.services.nodes.published.replace(session, "skills", skills);
    return { nodeId: session.nodeId, skills };
  },
});

export const toolsUpdate = method({
  name: "node.pluginTools.update",
  summary: "Replaces the tools that a node publishes while it is connected.",
  access,
  params: wireSchemas.nodePluginToolsUpdate,
  result: () => t.object({ nodeId: t.string(), tools: t.array(t.anything()) }),
  run: ({ tools }, call) => {
    const session = ownSession(call, "tool publication");
    call.services.nodes.published.replace(session, "tools", tools);
    return { nodeId: session.nodeId, tools };
  },
});

export const runnerInventory = method({
  name: "node.runnerInventory.update",
  summary:
    "Says whether a node could host workers. This gateway runs none; a node waits for the answer.",
  access,
  result: () => t.object({ nodeId: t.string() }),
  run: (_params, call) => {
    const { nodeId } = ownSession(call, "runner inventory publication");
    if (call.services.nodes.record(nodeId)?.surface) return { nodeId };
    const step = approvalStep(call, nodeId);
    const typed = plainText(step.next);
    // The node host matches these words and tries again by itself.
    const message = `what this node offers is awaiting operator approval; run \`${typed}\``;
    throw unavailable(message, RETRY_MS, { code: "PAIRING_CHANGED", ...step });
  },
});

export const bins = method({
  name: "skills.bins",
  summary: "Programs that skills need on a node: none.",
  access,
  result: () => t.object({ bins: t.array(t.string()) }),
  run: () => ({ bins: [] }),
});

export const nodeOwnMethods = [result, progress, skillsUpdate, toolsUpdate, runnerInventory, bins];
