import { isDeepStrictEqual } from "node:util";
import { Fifo } from "../lib/fifo.ts";
import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { invalidRequest, RequestError, wireDetails } from "../protocol/errors.ts";
import type { AnsweredError, RawJson } from "../protocol/frames.ts";
import type { InvokeCaller, InvokeCallers } from "./invoke-callers.ts";

/** What an invoke asks for. */
export interface AskedInvoke {
  readonly nodeId: string;
  readonly command: string;
  readonly paramsJSON: string | undefined;
  readonly idempotencyKey: string;
}

/** How an invoke ended: the node's own text of JSON, a whole answer, or an error. */
export type KeptEnd = string | RawJson | AnsweredError;

/** An invoke under its key, while it runs and for a while after that. */
export class KeptInvoke {
  readonly nodeId: string;
  readonly command: string;
  readonly key: string;
  /** Absent: none, or not kept any more. */
  paramsJSON: string | undefined;
  /** The payload of its answer, while it runs; rejects with the error of it. */
  answer: Promise<RawJson> | undefined;
  /** Who waits, while it runs. */
  callers: InvokeCallers | undefined;
  /** Absent while it runs, and where it is not kept any more. */
  end: KeptEnd | undefined;
  /** Whether it ended without an answer of the node. */
  isUnknown = false;
  /** Monotonic time of its end, milliseconds. */
  endedAt = 0;
  /** What is counted for its params and its end. */
  bytes = 0;

  constructor(
    readonly who: string,
    { nodeId, command, paramsJSON, idempotencyKey }: AskedInvoke,
    callers: InvokeCallers,
  ) {
    this.nodeId = nodeId;
    this.command = command;
    this.key = idempotencyKey;
    this.paramsJSON = paramsJSON;
    this.callers = callers;
  }
}

/** What a repeated invoke gets: the node's own text, a whole answer, or one that is to come. */
export type Repeated = string | RawJson | Promise<RawJson>;

/** What is kept for one device. */
interface AskedBy {
  readonly invokes: Map<string, KeptInvoke>;
  /** Those of them that ended, in that order. */
  readonly ended: Fifo<KeptInvoke>;
  /** Those whose params and answer can be forgotten to some effect; some were, with their keys. */
  readonly large: Fifo<KeptInvoke>;
  bytes: number;
  /** Says how much is kept. */
  readonly hold: (bytes: number) => void;
}

interface Deps {
  readonly world: Pick<World, "after" | "monotonic">;
  readonly limits: Pick<Limits, "nodeAnswerMs" | "nodeAnswersBytes" | "nodeAnswersBytesPerDevice">;
  /** Makes what counts memory that is held for `who`; `drop` is called where it has to be given back. */
  readonly hold: (who: string, drop: () => void) => (bytes: number) => void;
  /** Counts what a limit took away, by its metric. */
  readonly refused: (metric: string) => void;
}

/** What one that ended takes beside its texts, bytes: measured, and rounded up. */
const OVERHEAD = 400;
/** Params and answer that are smaller go with their key alone. */
const LARGE = 1024;
/** The order of names in larger params is not looked at. */
const SORTED_CHARS = 64 * 1024;
const METRIC = "node-answers-forgotten";

/**
 * Which invokes each device asked for, by their `idempotencyKey`, and how they ended: one that is asked for
 * again joins the one that runs, or gets its answer. Bounded in time and bytes; nothing of it outlives the
 * process.
 */
export class KeptAnswers {
  readonly #devices = new Map<string, AskedBy>();
  #bytes = 0;
  #sweep: Timer | undefined;

  constructor(private readonly deps: Deps) {}

  /** Bytes that answers and their params take, as they are counted. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * What became of an invoke that was asked for before, or what becomes of it; `undefined` for a new one.
   * `who`: the device.
   * @throws RequestError where the key stands for another invoke, for one that failed, or the answer is not
   * kept
   */
  repeat(who: string, asked: AskedInvoke, caller: InvokeCaller): Repeated | undefined {
    const device = this.#devices.get(who);
    const kept = device?.invokes.get(asked.idempotencyKey);
    if (device === undefined || kept === undefined) return undefined;
    if (this.#isOver(kept)) {
      this.#forgetOver(device);
      return undefined;
    }
    if (kept.nodeId !== asked.nodeId || kept.command !== asked.command) throw reused();
    const { answer, end } = kept;
    if (answer === undefined && end === undefined) throw gone();
    if (!sameParams(kept.paramsJSON, asked.paramsJSON)) throw reused();
    if (answer) {
      kept.callers?.add(caller);
      return answer;
    }
    if (end === undefined || isAnswer(end)) return end;
    throw new RequestError(kept.isUnknown ? unknownOutcome(end) : end);
  }

  /** An invoke runs, and `answer` is what its caller gets. */
  begun(kept: KeptInvoke, answer: Promise<RawJson>): void {
    kept.answer = answer;
    this.#device(kept.who).invokes.set(kept.key, kept);
  }

  #device(who: string): AskedBy {
    let device = this.#devices.get(who);
    if (device === undefined) {
      const hold = this.deps.hold(who, () => this.#drop(who));
      device = { invokes: new Map(), ended: new Fifo(), large: new Fifo(), bytes: 0, hold };
      this.#devices.set(who, device);
    }
    return device;
  }

  #isOver(kept: KeptInvoke): boolean {
    const { world, limits } = this.deps;
    return kept.answer === undefined && world.monotonic() - kept.endedAt >= limits.nodeAnswerMs;
  }

  /** It ended; `end` absent: by a failure of the gateway, which is not told twice. */
  ended(kept: KeptInvoke, end: KeptEnd | undefined): void {
    const { world, limits } = this.deps;
    const device = this.#device(kept.who);
    kept.answer = undefined;
    kept.callers = undefined;
    kept.end = end;
    kept.endedAt = Math.floor(world.monotonic());
    kept.bytes = (kept.paramsJSON?.length ?? 0) + charsOf(end);
    device.ended.push(kept);
    if (kept.bytes > LARGE) device.large.push(kept);
    this.#count(device, OVERHEAD + kept.key.length + kept.bytes);
    while (device.bytes > limits.nodeAnswersBytesPerDevice) this.#giveUp(device);
    if (this.#bytes > limits.nodeAnswersBytes) this.#makeRoom();
    device.hold(device.bytes);
    this.#sweep ??= world.after(limits.nodeAnswerMs / 8, () => this.#sweepUp());
  }

  #count(device: AskedBy, bytes: number): void {
    device.bytes += bytes;
    this.#bytes += bytes;
  }

  /** Halves what the device with most of it has, so that this is not looked for at each invoke. */
  #makeRoom(): void {
    let most: AskedBy | undefined;
    for (const one of this.#devices.values()) {
      if (most === undefined || one.bytes > most.bytes) most = one;
    }
    if (most === undefined) return;
    const half = most.bytes / 2;
    while (most.bytes > half) this.#giveUp(most);
    most.hold(most.bytes);
  }

  /** Gives up the oldest large answer, whose key stays; where there is none, the oldest with its key. */
  #giveUp(device: AskedBy): void {
    this.deps.refused(METRIC);
    const large = device.large.shift();
    if (large === undefined) return this.#forgetOldest(device);
    this.#count(device, -large.bytes);
    large.end = undefined;
    large.paramsJSON = undefined;
    large.bytes = 0;
  }

  #forgetOldest(device: AskedBy): void {
    const oldest = device.ended.shift();
    if (oldest === undefined) return;
    device.invokes.delete(oldest.key);
    // All large ones ended in the same order.
    if (device.large.first === oldest) device.large.shift();
    this.#count(device, -(OVERHEAD + oldest.key.length + oldest.bytes));
  }

  /** Those that are over ended before all others. */
  #forgetOver(device: AskedBy): void {
    while (device.ended.first && this.#isOver(device.ended.first)) this.#forgetOldest(device);
    device.hold(device.bytes);
  }

  /** Memory is short: nothing that ended is kept for `who`. */
  #drop(who: string): void {
    const device = this.#devices.get(who);
    if (device === undefined) return;
    this.deps.refused(METRIC);
    while (device.ended.size > 0) this.#forgetOldest(device);
  }

  /** Forgets what is over. Runs only while something is kept. */
  #sweepUp(): void {
    this.#sweep = undefined;
    for (const [who, device] of this.#devices) {
      this.#forgetOver(device);
      if (device.invokes.size === 0) this.#devices.delete(who);
    }
    if (this.#devices.size === 0) return;
    const { world, limits } = this.deps;
    this.#sweep = world.after(limits.nodeAnswerMs / 8, () => this.#sweepUp());
  }
}

/** Whether both are the same JSON; names may stand in another order. */
function sameParams(one: string | undefined, other: string | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  if (one.length !== other.length || one.length > SORTED_CHARS) return false;
  return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
}

function isAnswer(end: KeptEnd): end is string | RawJson {
  return typeof end === "string" || "text" in end;
}

function charsOf(end: KeptEnd | undefined): number {
  if (end === undefined) return 0;
  if (typeof end === "string") return end.length;
  return "text" in end ? end.text.length : JSON.stringify(end).length;
}

function reused(): RequestError {
  return invalidRequest("idempotencyKey was used for another invoke", {
    code: "IDEMPOTENCY_KEY_REUSED",
    nodeCommandDispatched: false,
    next: "give each node.invoke an idempotencyKey of its own, such as a UUID",
  });
}

function gone(): RequestError {
  return new RequestError({
    code: "UNAVAILABLE",
    message: "the command was run, and its answer is kept no longer",
    details: wireDetails({
      code: "INVOKE_ANSWER_GONE",
      nodeCommandDispatched: true,
      next: "to run it once more, call node.invoke with another idempotencyKey",
    }),
  });
}

/** The error once more: what became of the command is not known, and it is not run again. */
function unknownOutcome({ details, ...error }: AnsweredError): AnsweredError {
  const next =
    "whether the command ran is not known; to run it once more, call node.invoke with another idempotencyKey";
  return { ...error, details: wireDetails({ ...details, outcome: "unknown", next }) };
}
