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
  /** A change of that file whose line is written, and of which it is not known yet whether it was made. */
  readonly configAhead?: ConfigAhead;
}

/** By key, a digest of its value under the gateway's own key. */
export type SeenConfig = Readonly<Record<string, string>>;

/** A change of the configuration's file, as its line in the audit tells of it. */
export interface ConfigAhead {
  /** The hash of the file's text once the change is made, under the gateway's own key. */
  readonly hash: string;
  /** By key that the change gives another value, the digest of that value; `null` where it takes the key out. */
  readonly keys: Readonly<Record<string, string | null>>;
  /** The number of the line. */
  readonly line: number;
  /** The event that the line is about. */
  readonly event: string;
}

export interface SignedHead extends AuditHead {
  readonly signature: string;
}

/** A change of the trail, as part of a commit. */
export type TrailChange =
  | { op: "audit"; line: AuditLine }
  | { op: "audit-written"; signed: SignedHead; floor?: SignedHead }
  | { op: "config-seen"; keys: SeenConfig }
  /** Comes with the line that is written ahead of the change. */
  | ({ op: "config-ahead" } & ConfigAhead)
  /** Whether the change that `line` tells of was made is known, and is noted beside this. */
  | { op: "config-settled"; line: number };

export const emptyTrail: Trail = { head: genesis, outbox: [], floor: genesis };

/** The trail after `change`. Deterministic. */
export function applyTrail(trail: Trail, change: TrailChange): Trail {
  switch (change.op) {
    case "audit": {
      const line = following(trail.head, change.line);
      return { ...trail, head: headOf(line), outbox: [...trail.outbox, line] };
    }
    case "audit-written": {
      const { signed, floor = trail.floor } = change;
      return {
        ...trail,
        signed,
        floor,
        outbox: trail.outbox.filter(({ seq }) => seq > signed.seq),
      };
    }
    case "config-seen":
      return { ...trail, config: change.keys };
    case "config-ahead": {
      const { op: _, ...configAhead } = change;
      return { ...trail, configAhead };
    }
    case "config-settled": {
      const { configAhead, ...settled } = trail;
      return configAhead?.line === change.line ? settled : trail;
    }
  }
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
