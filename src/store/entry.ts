import { encodeChanges } from "./journal-line.ts";
import type { Durability } from "./shape.ts";

/** `plain` may fail; `urgent` and `later` stay until they are durable. */
export type EntryKind = "plain" | "urgent" | "later";

/** One commit on its way to the disk. Settling it twice does nothing. */
export interface Entry<Change> {
  readonly kind: EntryKind;
  /** What was decided. */
  readonly given: readonly Change[];
  /** With what belongs to it. Both this and its text change where an earlier commit fails. */
  changes: readonly Change[];
  /** `changes` as JSON. */
  text: string;
  /** Already applied to the durable state. */
  shown: boolean;
  resolve(outcome: Durability): void;
  reject(error: unknown): void;
}

/** The journal lines of a group that follows commit `after`. */
export function encodeGroup(group: readonly Entry<unknown>[], after: number): string {
  return group
    .map(({ text }, index) => encodeChanges({ seq: after + index + 1, after, changes: text }))
    .join("");
}

/** Takes entries off the front while they fit `bytes`; the first always does. */
export function takeUpTo<Change>(entries: Entry<Change>[], bytes: number): Entry<Change>[] {
  let room = bytes;
  let count = 0;
  for (const { text } of entries) {
    room -= text.length;
    if (room < 0 && count > 0) break;
    count += 1;
  }
  return entries.splice(0, count);
}

export function isPlain(entry: Entry<unknown>): boolean {
  return entry.kind === "plain";
}

export function isLater(entry: Entry<unknown>): boolean {
  return entry.kind === "later";
}
