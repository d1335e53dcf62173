import { createHash } from "node:crypto";
import type { AuditEvent, AuditFact } from "./chain.ts";

export interface LineBounds {
  readonly auditLineBytes: number;
  readonly auditTextChars: number;
}

/** Bytes of a line besides its event: number, time, two hashes, and their names. */
const FRAME_BYTES = 300;
/** More facts than any event has. */
const MOST_FACTS = 32;

/**
 * The event so that its line fits. Only lists can be long: the longest ones lose their end, with
 * `leftOut` for how many names that were, and `whole`, the SHA-256 of all facts as JSON, to compare
 * with a full copy.
 * @example bounded({ event: "node.approved", by, what: { commands: many } }, limits)
 */
export function bounded(event: AuditEvent, limits: LineBounds): AuditEvent {
  const room = limits.auditLineBytes - FRAME_BYTES;
  const short = withShortTexts(event, limits.auditTextChars);
  if (bytesOf(short) <= room || !short.what) return short;
  const whole = createHash("sha256").update(JSON.stringify(short.what)).digest("hex");
  const facts = Object.keys(short.what).length;
  let what: Record<string, AuditFact> | undefined = { ...short.what, leftOut: 0, whole };
  if (facts > MOST_FACTS) what = undefined;
  while (what && bytesOf({ ...short, what }) > room) what = withoutHalf(what);
  return { ...short, what: what ?? { leftOut: facts, whole } };
}

/**
 * The facts without the second half of the longest list; `undefined` where there is nothing to cut.
 */
function withoutHalf(what: Readonly<Record<string, AuditFact>>) {
  let longest: readonly [name: string, list: readonly string[]] | undefined;
  for (const [name, fact] of Object.entries(what)) {
    if (!Array.isArray(fact) || fact.length === 0) continue;
    if (!longest || bytesOf(fact) > bytesOf(longest[1])) longest = [name, fact];
  }
  if (!longest) return undefined;
  const [name, list] = longest;
  const kept = list.slice(0, list.length >>> 1);
  return { ...what, [name]: kept, leftOut: Number(what["leftOut"]) + list.length - kept.length };
}

function withShortTexts({ by, from, what, ...event }: AuditEvent, max: number): AuditEvent {
  const cut = (text: string) => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);
  const short = (fact: AuditFact): AuditFact =>
    typeof fact === "string" ? cut(fact) : Array.isArray(fact) ? fact.map(cut) : fact;
  const facts = Object.entries(what ?? {}).map(([name, fact]) => [name, short(fact)] as const);
  return {
    ...event,
    by: {
      ...by,
      ...(by.id !== undefined && { id: cut(by.id) }),
      ...(by.claims !== undefined && { claims: cut(by.claims) }),
    },
    ...(what && { what: Object.fromEntries(facts) }),
    ...(from !== undefined && { from: cut(from) }),
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
