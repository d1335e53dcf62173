import { type AuditHead, type AuditLine, chained, genesis, headOf } from "./chain.ts";

/** The audit as a part of the state: what is promised, and what is on its way to the file. */
export interface Trail {
  /** The end of the chain. Durable together with the decision that it tells of. */
  readonly head: AuditHead;
  /** Lines that are not in the file yet, oldest first. */
  readonly outbox: readonly AuditLine[];
  /**
   * The last line of a file that was removed because there were too many, signed like the end; the
   * chain is known from there.
   */
  readonly floor: AuditHead & Partial<SignedHead>;
  /** The gateway's signature over what the file's end is, base64url. */
  readonly signed?: SignedHead;
  /** Each key of the configuration's file as it was when the gateway last saw it; absent before that. */
  readonly config?: SeenConfig;
}

/** By key, a digest of its value under the gateway's own key. */
export type SeenConfig = Readonly<Record<string, string>>;

export interface SignedHead extends AuditHead {
  readonly signature: string;
}

/** A change of the trail, as part of a commit. */
export type TrailChange =
  | { op: "audit"; line: AuditLine }
  | { op: "audit-written"; signed: SignedHead; floor?: SignedHead }
  | { op: "config-seen"; keys: SeenConfig };

export const emptyTrail: Trail = { head: genesis, outbox: [], floor: genesis };

/** The trail after `change`. Deterministic. */
export function applyTrail(trail: Trail, change: TrailChange): Trail {
  if (change.op === "audit") {
    const line = following(trail.head, change.line);
    return { ...trail, head: headOf(line), outbox: [...trail.outbox, line] };
  }
  if (change.op === "config-seen") return { ...trail, config: change.keys };
  const { signed, floor = trail.floor } = change;
  return { ...trail, signed, floor, outbox: trail.outbox.filter(({ seq }) => seq > signed.seq) };
}

/**
 * The line as the next one after `head`. Where an earlier commit failed, and with it the line that
 * this one was chained to, it is chained anew.
 */
export function following(head: AuditHead, line: AuditLine): AuditLine {
  if (line.seq === head.seq + 1 && line.prev === head.hash) return line;
  return chained(head, line, line.ts);
}

/** What the gateway signs: the purpose, then the head, so that it can stand for nothing else. */
export function signedText({ seq, hash }: AuditHead): Buffer {
  return Buffer.from(`openclaw-gateway-audit|${seq}|${hash}`);
}

/**
 * What the gateway signs of the first line that is left after files were removed: the purpose, then
 * number and hash.
 */
export function floorText({ seq, hash }: AuditHead): Buffer {
  return Buffer.from(`openclaw-gateway-audit-floor|${seq}|${hash}`);
}
