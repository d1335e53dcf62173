import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { RequestError } from "../protocol/errors.ts";
import { encodeEventHead, finishEvent } from "../protocol/frames.ts";

/** The socket of a node, as invokes use it. */
export interface InvokeTarget {
  readonly nodeId: string;
  /** Sends the text of an event. */
  send(text: string): void;
  /** Whether what was sent before is still waiting: more could end the connection. */
  isSlow(): boolean;
}

export interface NodeError {
  readonly code?: string;
  readonly message?: string;
}

/** How an invoke ended. `payloadJSON` is the node's own text, `null` when it sent `payload`. */
export type InvokeOutcome =
  | { readonly ok: true; readonly payload?: unknown; readonly payloadJSON: string | null }
  | { readonly ok: false; readonly error: NodeError };

export interface InvokeAsk {
  readonly target: InvokeTarget;
  /** The connection that asks. */
  readonly caller: string;
  /** Its device, which may ask over many connections. */
  readonly device?: string | undefined;
  readonly command: string;
  readonly paramsJSON?: string;
  /** 0: as long as any may take. Absent: `nodeInvokeMs`. */
  readonly timeoutMs?: number | undefined;
  readonly idempotencyKey: string;
  /**
   * Called exactly once; within `start` already when sending ends the connection. `answered`: by the
   * node; else what became of the command is not known.
   */
  readonly settled: (outcome: InvokeOutcome, answered: boolean) => void;
  /** A chunk of output, in order. */
  readonly progress?: (chunk: { invokeId: string; seq: number; chunk: string }) => void;
}

/** What a node sends back. */
export interface InvokeResult {
  readonly id: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly payloadJSON?: string;
  readonly error?: NodeError;
}

interface Pending extends InvokeAsk {
  readonly id: string;
  readonly timer: Timer;
  /** The last chunk's number. */
  seq: number;
}

/** Unanswered invokes, and the characters of their parameters. */
interface Load {
  readonly invokes: number;
  readonly chars: number;
}

interface Deps {
  readonly world: Pick<World, "after" | "uuid">;
  readonly limits: Pick<
    Limits,
    | "nodeInvokes"
    | "nodeInvokesPerNode"
    | "nodeInvokesPerCaller"
    | "nodeInvokesPerDevice"
    | "nodeInvokeParams"
    | "nodeInvokeParamsPerDevice"
    | "nodeInvokeParamsPerCaller"
    | "nodeInvokeMs"
    | "nodeInvokeMaxMs"
  >;
  /** Counts a refusal by its metric. */
  readonly refused?: (metric: string) => void;
}

/**
 * All pending invokes. However one ends (result, deadline, node gone, its program come again by
 * another socket, caller gone), it leaves the table first and is settled then, so nothing settles it twice.
 */
export class InvokeTable {
  readonly #pending = new Map<string, Pending>();
  readonly #byTarget = new Map<InvokeTarget, Set<Pending>>();
  readonly #byCaller = new Map<string, Load>();
  readonly #byDevice = new Map<string, Load>();
  /** Characters of the parameters of all. */
  #chars = 0;

  constructor(private readonly deps: Deps) {}

  get size(): number {
    return this.#pending.size;
  }

  /** Sends the request to the node. Returns how the caller takes it back. @throws RequestError */
  start(ask: InvokeAsk): () => void {
    this.#checkRoom(ask);
    const { world, limits } = this.deps;
    const timeoutMs = patience(ask, limits);
    const id = world.uuid();
    const timer = world.after(timeoutMs, () => this.#expire(id));
    // The spread last: in front of new keys it costs Node.js 20 three microseconds.
    const pending: Pending = { id, timer, seq: -1, ...ask };
    this.#add(pending);
    const { target, command, paramsJSON, idempotencyKey } = ask;
    const { nodeId } = target;
    sendEvent(target, "node.invoke.request", {
      id,
      nodeId,
      command,
      // Where there are none it says so, as OpenClaw's gateway does: some nodes read the field in any case.
      paramsJSON: paramsJSON ?? null,
      timeoutMs,
      idempotencyKey,
    });
    return () => this.#cancel(id);
  }

  /** The node's answer. False when nothing waits for it: late, unknown, or from another socket. */
  result(target: InvokeTarget, result: InvokeResult): boolean {
    const pending = this.#of(target, result.id);
    if (!pending) return false;
    this.#delete(pending);
    const { payload, payloadJSON = null } = result;
    pending.settled(
      result.ok ? { ok: true, payload, payloadJSON } : { ok: false, error: result.error ?? {} },
      true,
    );
    return true;
  }

  /** A chunk of output. False when it is late, repeated or unknown. */
  progress(target: InvokeTarget, chunk: { invokeId: string; seq: number; chunk: string }): boolean {
    const pending = this.#of(target, chunk.invokeId);
    if (!pending || chunk.seq <= pending.seq) return false;
    pending.seq = chunk.seq;
    pending.progress?.(chunk);
    return true;
  }

  /** The socket is gone: nothing that it was sent will be answered. */
  lost(target: InvokeTarget): void {
    for (const pending of [...(this.#byTarget.get(target) ?? [])]) {
      this.#delete(pending);
      const message = `node disconnected (${pending.command})`;
      pending.settled({ ok: false, error: { code: "DISCONNECTED", message } }, false);
    }
  }

  /**
   * The program at the other end came again by another connection: invokes on this one are cancelled and
   * answered as lost.
   */
  takenOver(target: InvokeTarget): void {
    for (const pending of this.#byTarget.get(target) ?? []) sendCancel(pending);
    this.lost(target);
  }

  #expire(id: string): void {
    this.#abort(id, { code: "TIMEOUT", message: "node invoke timed out" });
  }

  #cancel(id: string): void {
    this.#abort(id, { code: "CANCELLED", message: "node invoke cancelled" });
  }

  /** Ends an invoke that the node may still be working on. */
  #abort(id: string, error: NodeError): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#delete(pending);
    sendCancel(pending);
    pending.settled({ ok: false, error }, false);
  }

  #of(target: InvokeTarget, id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    return pending?.target === target ? pending : undefined;
  }

  #checkRoom(ask: InvokeAsk): void {
    const { limits } = this.deps;
    const { target, paramsJSON = "" } = ask;
    const caller = this.#byCaller.get(ask.caller) ?? NONE;
    const device = this.#byDevice.get(ask.device ?? "") ?? NONE;
    const full =
      this.#pending.size >= limits.nodeInvokes ||
      caller.invokes >= limits.nodeInvokesPerCaller ||
      device.invokes >= limits.nodeInvokesPerDevice ||
      this.#isFull(target, ask.device);
    if (full) throw this.#refusal("too many node invokes in flight");
    const large =
      this.#chars + paramsJSON.length > limits.nodeInvokeParams ||
      caller.chars + paramsJSON.length > limits.nodeInvokeParamsPerCaller ||
      device.chars + paramsJSON.length > limits.nodeInvokeParamsPerDevice;
    if (large) throw this.#refusal("too much sent to nodes in flight");
    if (target.isSlow()) throw this.#refusal("node is busy: it has not read what it was sent");
  }

  /** Whether a node has no place left for `device`, which may have half of them. */
  #isFull(target: InvokeTarget, device: string | undefined): boolean {
    const { nodeInvokesPerNode } = this.deps.limits;
    const pending = this.#byTarget.get(target);
    if (pending === undefined || pending.size * 2 < nodeInvokesPerNode) return false;
    if (pending.size >= nodeInvokesPerNode) return true;
    if (device === undefined) return false;
    let own = 0;
    for (const one of pending) if (one.device === device) own += 1;
    return own * 2 >= nodeInvokesPerNode;
  }

  #refusal(message: string): RequestError {
    this.deps.refused?.("node-invokes-refused");
    return new RequestError({
      code: "UNAVAILABLE",
      message,
      retryable: true,
      retryAfterMs: 500,
      details: { nodeCommandDispatched: false },
    });
  }

  #add(pending: Pending): void {
    const { id, target } = pending;
    this.#pending.set(id, pending);
    const of = this.#byTarget.get(target);
    if (of) of.add(pending);
    else this.#byTarget.set(target, new Set([pending]));
    this.#count(pending, 1);
  }

  #delete(pending: Pending): void {
    const { id, target, timer } = pending;
    timer.cancel();
    this.#pending.delete(id);
    const of = this.#byTarget.get(target);
    of?.delete(pending);
    if (of?.size === 0) this.#byTarget.delete(target);
    this.#count(pending, -1);
  }

  /** Counts an unanswered invoke, and the characters of its params, for its caller, its device and in all. */
  #count({ caller, device, paramsJSON = "" }: Pending, one: 1 | -1): void {
    const chars = one * paramsJSON.length;
    count(this.#byCaller, caller, { invokes: one, chars });
    if (device !== undefined) count(this.#byDevice, device, { invokes: one, chars });
    this.#chars += chars;
  }
}

/** How long a node has, in milliseconds. */
function patience(
  { timeoutMs }: Pick<InvokeAsk, "timeoutMs">,
  { nodeInvokeMs, nodeInvokeMaxMs }: Pick<Limits, "nodeInvokeMs" | "nodeInvokeMaxMs">,
): number {
  if (timeoutMs === undefined) return Math.min(nodeInvokeMs, nodeInvokeMaxMs);
  return timeoutMs === 0 ? nodeInvokeMaxMs : Math.min(timeoutMs, nodeInvokeMaxMs);
}

const NONE: Load = { invokes: 0, chars: 0 };

function count(loads: Map<string, Load>, key: string, change: Load): void {
  const { invokes, chars } = loads.get(key) ?? NONE;
  const after = { invokes: invokes + change.invokes, chars: chars + change.chars };
  if (after.invokes > 0) loads.set(key, after);
  else loads.delete(key);
}

function sendCancel({ target, id }: Pending): void {
  sendEvent(target, "node.invoke.cancel", { invokeId: id, nodeId: target.nodeId });
}

/** Events aimed at one node carry no `seq`. */
export function sendEvent(to: Pick<InvokeTarget, "send">, event: string, payload: unknown): void {
  to.send(finishEvent(encodeEventHead(event, payload)));
}
