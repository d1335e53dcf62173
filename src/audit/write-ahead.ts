import type { AuditEvent } from "./chain.ts";
import type { TrailChange } from "./trail.ts";

/** The changes of the trail that are one step with the line of this number: durable with it, or not at all. */
export type Beside = (line: number) => readonly TrailChange[];

/** Where lines go. */
export interface Notes {
  /** Adds a line, and what stands beside it; resolves with its number once both are durable. */
  note(event: AuditEvent, beside?: Beside): Promise<number>;
  /** Adds one that nothing may keep back: where the disk takes none it is kept until it does. */
  noteAnyway(event: AuditEvent, beside?: Beside): Promise<number>;
}

/**
 * Makes a change that is stored elsewhere than the audit. Its line is durable before the change is, so
 * that no crash can leave a change without its line; where the change then fails, a second line says
 * so. `change` calls what it is given right before it writes anything. A change that only takes away
 * is made `anyway`: a full disk keeps back neither it nor its line.
 */
export async function writeAhead<Result>(
  notes: Notes,
  change: (announce: (event: AuditEvent) => Promise<void>) => Promise<Result>,
  how: { readonly anyway?: true } = {},
): Promise<Result> {
  const written: (readonly [seq: number, event: AuditEvent])[] = [];
  try {
    return await change(async (event) => {
      const seq = await (how.anyway ? notes.noteAnyway(event) : notes.note(event));
      written.push([seq, event]);
    });
  } catch (error) {
    for (const [seq, event] of written) await notes.noteAnyway(failureOf(seq, event, error));
    throw error;
  }
}

/** The line that says of the change that line `seq` told of, as `event`, why it failed. */
export function failureOf(
  seq: number,
  { event, by, from }: AuditEvent,
  error: unknown,
): AuditEvent {
  const what = { line: seq, change: event, why: causeOf(error) };
  return { event: "change.failed", by, what, ...(from !== undefined && { from }) };
}

function causeOf(error: unknown): string {
  const { code, shape } = error as {
    code?: unknown;
    shape?: { code?: unknown; message?: unknown };
  };
  if (typeof code === "string") return code;
  if (typeof shape?.message === "string") return shape.message.slice(0, 128);
  return "an error of the gateway; see its log";
}
