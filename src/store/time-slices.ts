import { createHash } from "node:crypto";
import type { World } from "../lib/world.ts";

/** The longest a slice of work may hold the event loop, in milliseconds, before others get a turn. */
const sliceMs = 2;
/** Text gathered before it becomes one chunk, in UTF-16 units: bounds a slice on a frozen clock too. */
const chunkLength = 128 * 1024;
/** Bytes hashed at a time: well under a millisecond. */
const hashBytes = 128 * 1024;

/** Gives the event loop a turn. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when all that followed from what was just settled has been done, in the same turn. */
export function reactionsDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Asks for a turn once a slice has used up its time. */
export class Pace {
  readonly #clock: Pick<World, "monotonic">;
  #start: number;

  constructor(clock: Pick<World, "monotonic">) {
    this.#clock = clock;
    this.#start = clock.monotonic();
  }

  get used(): boolean {
    return this.#clock.monotonic() - this.#start >= sliceMs;
  }

  async rest(): Promise<void> {
    await yieldToEventLoop();
    this.#start = this.#clock.monotonic();
  }
}

/** Runs `work` to its end; wherever it yields, the event loop gets a turn if it is due one. */
export async function inSlices<Result>(
  work: Generator<void, Result>,
  clock: Pick<World, "monotonic">,
): Promise<Result> {
  const pace = new Pace(clock);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (pace.used) await pace.rest();
  }
}

/** Runs `work` to its end in this turn: for work that is known to be short. */
export function inOneTurn<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/**
 * JSON text of `records`, one per line and with commas between them, as UTF-8 chunks. The event loop
 * gets a turn every few milliseconds, however many records there are.
 */
export async function stringifyLines(
  records: Iterable<unknown>,
  clock: Pick<World, "monotonic">,
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  const pace = new Pace(clock);
  let text = "";
  let count = 0;
  for (const record of records) {
    text += `${count === 0 ? "" : ",\n"}${JSON.stringify(record)}`;
    count += 1;
    const full = text.length >= chunkLength;
    // Reading the clock costs about as much as a small record, so not for each of them.
    if (!full && (count % 32 !== 0 || !pace.used)) continue;
    chunks.push(Buffer.from(text));
    text = "";
    await pace.rest();
  }
  if (count > 0) chunks.push(Buffer.from(`${text}\n`));
  return chunks;
}

/** SHA-256 in hex over all chunks in order, in slices. */
export async function hashChunks(
  chunks: readonly Uint8Array[],
  clock: Pick<World, "monotonic">,
): Promise<string> {
  const hash = createHash("sha256");
  const pace = new Pace(clock);
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += hashBytes) {
      hash.update(chunk.subarray(at, at + hashBytes));
      if (pace.used) await pace.rest();
    }
  }
  return hash.digest("hex");
}
