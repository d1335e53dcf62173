import { isDeepStrictEqual } from "node:util";
import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { invalidRequest, RequestError, wireDetails } from "../protocol/errors.ts";
import type { ErrorShape, RawJson } from "../protocol/frames.ts";
import type { InvokeCaller, InvokeCallers } from "./invoke-callers.ts";

/** What an invoke asks for. */
export interface AskedInvoke {
  readonly nodeId: string;
  readonly command: string;
  readonly paramsJSON: string | undefined;
  readonly idempotencyKey: string;
}

/** An invoke under way. */
export interface RunningInvoke {
  /** The payload of its answer; rejects with the error of it. */
  readonly answer: Promise<RawJson>;
  readonly callers: InvokeCallers;
  /** Whether the node answered; asked once `answer` is settled. */
  readonly isAnswered: () => boolean;
}

/** An invoke under its key, while it runs and for a while after that. */
interface Kept {
  readonly key: string;
  readonly nodeId: string;
  readonly command: string;
  /** Absent: none, or not kept any more. */
  paramsJSON: string | undefined;
  running: RunningInvoke | undefined;
  answer: RawJson | ErrorShape | undefined;
  /** Whether it ended without an answer of the node. */
  isUnknown: boolean;
  /** Monotonic time of its end, milliseconds. */
  endedAt: number;
  /** What is counted for its params and its answer. */
  bytes: number;
}

/** What is kept for one device. */
interface AskedBy {
  readonly running: Map<string, Kept>;
  /** Those that ended, in that order. */
  readonly ended: Map<string, Kept>;
  /** Those of them whose params and answer can be forgotten to some effect. */
  readonly large: Set<Kept>;
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
const OVERHEAD = 512;
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
   * The answer to an invoke that was asked for before; `undefined` for a new one. `who`: the device.
   * @throws RequestError where the key stands for another invoke, or the answer is not kept
   */
  repeat(
    who: string,
    asked: AskedInvoke,
    caller: InvokeCaller,
  ): Promise<RawJson> | RawJson | undefined {
    const device = this.#devices.get(who);
    const key = asked.idempotencyKey;
    const kept = device?.running.get(key) ?? device?.ended.get(key);
    if (device === undefined || kept === undefined || this.#isOver(device, kept)) return undefined;
    const { running, answer } = kept;
    const isSame = kept.nodeId === asked.nodeId && kept.command === asked.command;
    if (!isSame) throw reused();
    if (running) {
      if (!sameParams(kept.paramsJSON, asked.paramsJSON)) throw reused();
      running.callers.add(caller);
      return running.answer;
    }
    if (answer === undefined) throw gone();
    if (!sameParams(kept.paramsJSON, asked.paramsJSON)) throw reused();
    if ("text" in answer) return answer;
    throw new RequestError(kept.isUnknown ? unknownOutcome(answer) : answer);
  }

  /** A new invoke runs. */
  begin(who: string, asked: AskedInvoke, running: RunningInvoke): void {
    const { idempotencyKey: key, nodeId, command, paramsJSON } = asked;
    const kept: Kept = {
      key,
      nodeId,
      command,
      paramsJSON,
      running,
      answer: undefined,
      isUnknown: false,
      endedAt: 0,
      bytes: 0,
    };
    const device = this.#device(who);
    device.running.set(key, kept);
    const ended = (answer?: Kept["answer"]) => this.#ended(device, kept, answer);
    running.answer.then(ended, (error: unknown) =>
      ended(error instanceof RequestError ? error.shape : undefined),
    );
  }

  #device(who: string): AskedBy {
    let device = this.#devices.get(who);
    if (device === undefined) {
      const hold = this.deps.hold(who, () => this.#drop(who));
      device = { running: new Map(), ended: new Map(), large: new Set(), bytes: 0, hold };
      this.#devices.set(who, device);
    }
    return device;
  }

  #isOver(device: AskedBy, kept: Kept): boolean {
    if (kept.running) return false;
    const { world, limits } = this.deps;
    if (world.monotonic() - kept.endedAt < limits.nodeAnswerMs) return false;
    this.#forget(device, kept);
    return true;
  }

  #ended(device: AskedBy, kept: Kept, answer: Kept["answer"]): void {
    const { world, limits } = this.deps;
    device.running.delete(kept.key);
    kept.isUnknown = kept.running?.isAnswered() === false;
    kept.running = undefined;
    kept.answer = answer;
    kept.endedAt = world.monotonic();
    kept.bytes = (kept.paramsJSON?.length ?? 0) + charsOf(answer);
    device.ended.set(kept.key, kept);
    if (kept.bytes > LARGE) device.large.add(kept);
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
    const [large] = device.large;
    if (large === undefined) {
      const [oldest] = device.ended.values();
      if (oldest) this.#forget(device, oldest);
      return;
    }
    this.#count(device, -large.bytes);
    device.large.delete(large);
    large.answer = undefined;
    large.paramsJSON = undefined;
    large.bytes = 0;
  }

  #forget(device: AskedBy, kept: Kept): void {
    device.ended.delete(kept.key);
    device.large.delete(kept);
    this.#count(device, -(OVERHEAD + kept.key.length + kept.bytes));
  }

  /** Memory is short: nothing that ended is kept for `who`. */
  #drop(who: string): void {
    const device = this.#devices.get(who);
    if (device === undefined) return;
    this.deps.refused(METRIC);
    for (const kept of device.ended.values()) this.#forget(device, kept);
  }

  /** Forgets what is over. Runs only while something is kept. */
  #sweepUp(): void {
    this.#sweep = undefined;
    for (const [who, device] of this.#devices) {
      for (const kept of device.ended.values()) if (!this.#isOver(device, kept)) break;
      device.hold(device.bytes);
      if (device.ended.size === 0 && device.running.size === 0) this.#devices.delete(who);
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

function charsOf(answer: Kept["answer"]): number {
  if (answer === undefined) return 0;
  return "text" in answer ? answer.text.length : JSON.stringify(answer).length;
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
function unknownOutcome({ details, ...error }: ErrorShape): ErrorShape {
  const next =
    "whether the command ran is not known; to run it once more, call node.invoke with another idempotencyKey";
  return { ...error, details: wireDetails({ ...details, outcome: "unknown", next }) };
}
