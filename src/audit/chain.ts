import { createHash } from "node:crypto";

/** Who did something, as far as the gateway can know it. */
export interface AuditActor {
  /**
   * `host`: a user of the admin socket; `device`, `link`, `ssh`: named by `id`; `secret`: a
   * connection that showed the shared secret alone; `gateway`: the gateway itself.
   */
  readonly kind: "host" | "device" | "link" | "ssh" | "secret" | "gateway";
  /** Device id, link id, or fingerprint of an SSH key. */
  readonly id?: string;
  /** What the command line said of the person who typed. A claim: no kernel vouched for it. */
  readonly claims?: string;
}

/** One thing that happened. Texts of strangers are cleaned and short before they come here. */
export interface AuditEvent {
  /** The event's name, such as `device.approved`. */
  readonly event: string;
  readonly by: AuditActor;
  /** Facts, by name. Never a secret. */
  readonly what?: Readonly<Record<string, AuditFact>>;
  /** Address that it came from. */
  readonly from?: string;
}

export type AuditFact = string | number | boolean | readonly string[];

/** Where a chain ends: the number and the hash of its last line. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** One line of the audit: an event, chained to the line before it. */
export interface AuditLine extends AuditEvent {
  /** Counts from 1 without gaps. */
  readonly seq: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly ts: number;
  /** Hash of the line before. */
  readonly prev: string;
  /** SHA-256 over everything above, hex. */
  readonly hash: string;
}

/** The head of a chain that has no line yet. */
export const genesis: AuditHead = { seq: 0, hash: "0".repeat(64) };

/** The line that makes `event` the next one after `head`. */
export function chained(head: AuditHead, event: AuditEvent, ts: number): AuditLine {
  const { event: name, by, what, from } = event;
  const facts = {
    seq: head.seq + 1,
    ts,
    event: name,
    by,
    ...(what && { what }),
    ...(from !== undefined && { from }),
    prev: head.hash,
  };
  return { ...facts, hash: hashOf(facts) };
}

export function headOf({ seq, hash }: AuditLine): AuditHead {
  return { seq, hash };
}

/** Why `line` does not follow `head`; `undefined` if it does. */
export function breakOf(line: unknown, head: AuditHead): string | undefined {
  if (!isLine(line)) return "it is not a line of the audit";
  const { hash, ...facts } = line;
  if (hashOf(facts) !== hash) return "it was changed: its hash is another's";
  if (line.seq !== head.seq + 1) return `number ${line.seq} follows number ${head.seq}`;
  if (line.prev !== head.hash) return "the line before it was changed or replaced";
  return undefined;
}

export function isLine(value: unknown): value is AuditLine {
  if (typeof value !== "object" || value === null) return false;
  const { seq, ts, event, prev, hash } = value as Record<string, unknown>;
  const texts = [event, prev, hash].every((text) => typeof text === "string");
  return Number.isSafeInteger(seq) && Number.isSafeInteger(ts) && texts;
}

/**
 * SHA-256 in hex, over JSON with sorted keys, so that the order in which a program writes them is
 * free.
 */
function hashOf(facts: object): string {
  return createHash("sha256").update(canonical(facts)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}
