import { limitTable } from "../limits/table.ts";
import type { InvokeOutcome, NodeError } from "../nodes/invoke.ts";
import { InvokeCallers } from "../nodes/invoke-callers.ts";
import { type AskedInvoke, KeptInvoke } from "../nodes/kept-answers.ts";
import { policyCure, policyProblem } from "../nodes/policy.ts";
import type { NodeSession } from "../nodes/sessions.ts";
import { ADMIN, covers, NODES } from "../protocol/access.ts";
import { asRoot, at, blank, openclaw, shell } from "../protocol/command.ts";
import { invalidRequest, missingScope, RequestError, wireDetails } from "../protocol/errors.ts";
import { RawJson } from "../protocol/frames.ts";
import { plainText, say, type Text } from "../protocol/text.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import { approvalStep, pairingChanged } from "./nodes-common.ts";
import { queueForForeground } from "./nodes-foreground.ts";

/** Commands that reach into the node's files or browser: more than sending it a message. */
const ADMIN_ONLY = /^(browser\.proxy(\..*)?|fs\.listDir|terminal\.upload)$/;
const ERROR_CHARS = 4096;
const NAME_CHARS = limitTable.nodeCapabilityChars.value;
const KEY_CHARS = limitTable.nodeKeyChars.value;

export const invoke = method({
  name: "node.invoke",
  summary: "Has a connected node run one of its approved commands, and answers with its result.",
  access: { roles: ["operator"], scope: NODES },
  params: wireSchemas.nodeInvoke,
  result: () =>
    t.object(
      {
        ok: t.exactly(true),
        nodeId: t.string(),
        command: t.string(),
        payloadJSON: t.orNull(t.string()),
      },
      { payload: t.anything() },
    ),
  run: (params, call) => {
    const nodeId = params.nodeId.trim();
    const command = params.command.trim();
    if (nodeId === "" || command === "") throw invalidRequest("nodeId and command required");
    // They come back in answers and events: a wrong one must not be large.
    if (command.length > NAME_CHARS) throw invalidRequest("command too long");
    if (params.idempotencyKey.length > KEY_CHARS) throw invalidRequest("idempotencyKey too long");
    checkCommand(command, call);
    const { timeoutMs, idempotencyKey } = params;
    // Its params go on as text: what they were parsed to can take many times as much while it runs.
    const paramsJSON = params.params === undefined ? undefined : JSON.stringify(params.params);
    const asked = { nodeId, command, timeoutMs, idempotencyKey, paramsJSON };
    const { invokeAnswers } = call.services;
    const who = askerOf(call);
    const repeated = invokeAnswers.repeat(who, asked, call);
    if (typeof repeated === "string") return answerOf(nodeId, command, { payloadJSON: repeated });
    return repeated ?? begin(who, asked, call);
  },
});

/** Whose invokes one and the same key names: a device's; of clients without one, an address's or the owner's. */
function askerOf({ actor }: Call): string {
  if (actor.deviceId !== undefined) return actor.deviceId;
  return actor.method === "host" ? "host" : `at ${actor.address ?? ""}`;
}

function checkCommand(command: string, { actor }: Call): void {
  if (command.startsWith("system.execApprovals.")) {
    const message = "node.invoke does not allow system.execApprovals.*; use exec.approvals.node.*";
    throw invalidRequest(message, { command });
  }
  if (ADMIN_ONLY.test(command) && !covers(actor.scopes, ADMIN)) throw missingScope(ADMIN);
}

/** The connected node, if it may run `command`. */
function sessionFor(nodeId: string, command: string, call: Call): NodeSession {
  const { nodes } = call.services;
  const approved = nodes.record(nodeId)?.surface;
  if (!approved) throw pairingChanged("invocation", approvalStep(call, nodeId));
  const session = nodes.sessions.current(nodeId);
  if (!session) throw notConnected(nodeId);
  const { claims, text } = session.facts;
  const problem = policyProblem(command, { caps: claims.caps, ...text }, nodes.policy);
  if (problem !== undefined) {
    const next = policyCure(command, nodes.policy);
    throw notAllowed(command, { reason: "command not allowlisted", words: problem, next });
  }
  const reason = "command not declared by node";
  if (!claims.commands.includes(command)) {
    const next = say`${openclaw`nodes describe ${nodeId}`} (it lists what it answers)`;
    throw notAllowed(command, { reason, words: `the node does not offer "${command}"`, next });
  }
  if (!approved.commands.includes(command)) {
    const step = approvalStep(call, nodeId);
    const words = `"${command}" is awaiting approval: ${plainText(step.next)}`;
    throw notAllowed(command, { reason, words, ...step });
  }
  return session;
}

function notAllowed(
  command: string,
  { words, ...facts }: { reason: string; words: string; next: Text; requestId?: string },
): RequestError {
  return invalidRequest(`node command not allowed: ${words}`, { ...facts, command });
}

function notConnected(nodeId: string): RequestError {
  const error = { code: "NOT_CONNECTED", message: "node not connected" };
  const there = say`${at("node", openclaw`connect ${blank("<wss://…>")}`)}, or for a service ${at("node", asRoot(shell`systemctl start openclaw-node`))}`;
  const next = say`${openclaw`nodes describe ${nodeId}`} (when it was last here); on that machine: ${there}`;
  return new RequestError({
    code: "UNAVAILABLE",
    message: error.message,
    details: wireDetails({
      code: error.code,
      nodeError: error,
      nodeCommandDispatched: false,
      next,
    }),
  });
}

type Asked = AskedInvoke & { readonly timeoutMs: number | undefined };

/** Sends the command to the node. @throws RequestError where nothing was sent */
function begin(who: string, asked: Asked, call: Call): Promise<RawJson> {
  const { nodeId, command, timeoutMs, idempotencyKey, paramsJSON } = asked;
  const { world, limits, nodes, invokeAnswers } = call.services;
  const target = sessionFor(nodeId, command, call);
  const { deviceId } = call.actor;
  // Without a key of its own a client can't prove that it is the one that comes back.
  const returnMs = deviceId === undefined ? 0 : limits.nodeInvokeReturnMs;
  const callers = new InvokeCallers({ world, returnMs });
  const kept = new KeptInvoke(who, asked, callers);
  let settle: (outcome: InvokeOutcome) => void = () => {};
  const outcome = new Promise<InvokeOutcome>((resolve) => {
    settle = resolve;
  });
  callers.cancel = nodes.invokes.start({
    target,
    caller: call.connId,
    device: deviceId,
    command,
    ...(paramsJSON !== undefined && { paramsJSON }),
    timeoutMs,
    idempotencyKey,
    settled: (ended, answered) => {
      kept.isUnknown = !answered;
      callers.over();
      settle(ended);
    },
    progress: (chunk) => callers.tell("node.invoke.progress", { ...chunk, nodeId, idempotencyKey }),
  });
  callers.add(call);
  const answer = answerTo(kept, outcome, { session: target, call });
  invokeAnswers.begun(kept, answer);
  return answer;
}

/** The payload of the response. @throws RequestError where the command failed, or its end is not known */
async function answerTo(
  kept: KeptInvoke,
  ending: Promise<InvokeOutcome>,
  { session, call }: { session: NodeSession; call: Call },
): Promise<RawJson> {
  const { nodeId, command, paramsJSON } = kept;
  const { invokeAnswers } = call.services;
  const outcome = await ending;
  try {
    if (!outcome.ok) {
      await queueForForeground({ session, command, paramsJSON, error: outcome.error }, call);
      throw failure(outcome.error);
    }
    const answer = answerOf(nodeId, command, outcome);
    invokeAnswers.ended(kept, outcome.payloadJSON ?? answer);
    return answer;
  } catch (error) {
    invokeAnswers.ended(kept, error instanceof RequestError ? error.shape : undefined);
    throw error;
  }
}

/** The node's own text goes through as it is, once it was seen to be JSON. */
function answerOf(
  nodeId: string,
  command: string,
  { payload, payloadJSON }: { readonly payload?: unknown; readonly payloadJSON: string | null },
): RawJson {
  const head = JSON.stringify({ ok: true, nodeId, command }).slice(0, -1);
  if (payloadJSON === null) {
    const text = payload === undefined ? "" : `,"payload":${JSON.stringify(payload)}`;
    return new RawJson(`${head}${text},"payloadJSON":null}`);
  }
  const quoted = JSON.stringify(payloadJSON);
  const text = isJson(payloadJSON) ? payloadJSON : `{"payloadJSON":${quoted}}`;
  return new RawJson(`${head},"payload":${text},"payloadJSON":${quoted}}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The error of a command that reached the node. */
function failure(error: NodeError): RequestError {
  const code = error.code?.slice(0, ERROR_CHARS);
  const words = error.message?.slice(0, ERROR_CHARS) ?? "node invoke failed";
  return new RequestError({
    code: "UNAVAILABLE",
    message: code === undefined ? words : `${code}: ${words}`,
    details: {
      nodeError: { ...(code !== undefined && { code }), message: words },
      nodeCommandDispatched: true,
    },
  });
}

export const nodeInvokeMethods = [invoke];
