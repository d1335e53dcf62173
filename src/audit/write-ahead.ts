import type { AuditEvent } from "./chain.ts";

/** Where lines go. */
export interface Notes {
  /** Adds a line; resolves with its number once it is durable. */
  note(event: AuditEvent): Promise<number>;
  /** Adds one that nothing may keep back: where the disk takes none it is kept until it does. */
  noteAnyway(event: AuditEvent): Promise<number>;
}

/**
 * Makes a change that is stored outside of the audit. Its line is durable before the change is, so
 * that no crash can leave a change without its line; where the change then fails, a second line
 * says so. `change` calls what it is given right before it writes anything. A change that only
 * takes away is made `anyway`: a full disk keeps back neither it nor its line.
 * @throws what `change` threw, and Error where a line could not be written
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

/** What a line says of the change that `seq` told of. */
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
