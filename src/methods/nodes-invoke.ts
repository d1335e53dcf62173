import { limitTable } from "../limits/table.ts";
import type { InvokeOutcome, NodeError } from "../nodes/invoke.ts";
import { policyCure, policyProblem } from "../nodes/policy.ts";
import type { NodeSession } from "../nodes/sessions.ts";
import { ADMIN, covers, NODES } from "../protocol/access.ts";
import { asRoot, at, openclaw, shell } from "../protocol/command.ts";
import { invalidRequest, missingScope, RequestError, wireDetails } from "../protocol/errors.ts";
import { RawJson } from "../protocol/frames.ts";
import { plainText, say, type Text } from "../protocol/text.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import { approvalStep, pairingChanged } from "./nodes-common.ts";
import { queueForForeground } from "./nodes-foreground.ts";

type InvokeParams = t.ValueOf<typeof wireSchemas.nodeInvoke>;

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
    const session = sessionFor(nodeId, command, call);
    const { timeoutMs, idempotencyKey } = params;
    // Its params go on as text: what they were parsed to can take many times as much while it runs.
    const paramsJSON = params.params === undefined ? undefined : JSON.stringify(params.params);
    return run({ nodeId, command, timeoutMs, idempotencyKey, paramsJSON }, session, call);
  },
});

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
  const there = say`${at("node", openclaw`connect`)} as it was joined, or ${at("node", asRoot(shell`systemctl start openclaw-node`))}`;
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

type Asked = Pick<InvokeParams, "nodeId" | "command" | "idempotencyKey"> & {
  readonly timeoutMs: number | undefined;
  readonly paramsJSON: string | undefined;
};

async function run(asked: Asked, session: NodeSession, call: Call): Promise<RawJson> {
  const { nodeId, command, paramsJSON } = asked;
  const outcome = await dispatch(asked, session, call);
  if (outcome.ok) return answer(nodeId, command, outcome);
  await queueForForeground({ session, command, paramsJSON, error: outcome.error }, call);
  throw failure(outcome.error);
}

/** Resolves when the invoke has ended, however it did. */
function dispatch(
  { command, timeoutMs, idempotencyKey, paramsJSON }: Asked,
  target: NodeSession,
  call: Call,
): Promise<InvokeOutcome> {
  return new Promise((resolve) => {
    let forgetEnd = () => {};
    const cancel = call.services.nodes.invokes.start({
      target,
      caller: call.connId,
      device: call.actor.deviceId,
      command,
      ...(paramsJSON !== undefined && { paramsJSON }),
      timeoutMs,
      idempotencyKey,
      settled: (outcome) => {
        forgetEnd();
        resolve(outcome);
      },
      progress: (chunk) => {
        call.tell("node.invoke.progress", { ...chunk, nodeId: target.nodeId, idempotencyKey });
      },
    });
    forgetEnd = call.onEnd(cancel);
  });
}

/** The node's own text goes through as it is, once it was seen to be JSON. */
function answer(nodeId: string, command: string, outcome: InvokeOutcome & { ok: true }): RawJson {
  const { payload, payloadJSON } = outcome;
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
