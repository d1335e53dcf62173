import type { AuditEvent } from "./chain.ts";

/** Where lines go. */
export interface Notes {
  /** Adds a line; resolves with its number once it is durable. */
  note(event: AuditEvent): Promise<number>;
  /** Adds one that nothing may keep back: where the disk takes none it is kept until it does. */
  noteAnyway(event: AuditEvent): Promise<number>;
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
