import { generateKeyPairSync, sign, verify } from "node:crypto";
import { type AuditLine, chained } from "../../src/audit/chain.ts";
import { applyTrail, emptyTrail, signedText, type Trail } from "../../src/audit/trail.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");

/** As the gateway's key signs and verifies. */
export const signs = (data: Uint8Array) => sign(null, data, privateKey);
export const verifies = (data: Uint8Array, signature: Uint8Array) =>
  verify(null, data, publicKey, signature);

export const byHost = { kind: "host" as const };

/** A trail of so many lines; `outbox` of the last ones are not in the file yet. */
export function trailOf(count: number, outbox = 0): { lines: AuditLine[]; trail: Trail } {
  let trail = emptyTrail;
  const lines: AuditLine[] = [];
  for (let i = 0; i < count; i += 1) {
    const line = chained(
      trail.head,
      { event: "device.approved", by: byHost, what: { device: `d${i}` } },
      1000 + i,
    );
    lines.push(line);
    trail = applyTrail(trail, { op: "audit", line });
  }
  const last = lines[count - outbox - 1];
  if (!last) return { lines, trail };
  const { seq, hash } = last;
  const signature = signs(signedText(last)).toString("base64url");
  return {
    lines,
    trail: applyTrail(trail, { op: "audit-written", signed: { seq, hash, signature } }),
  };
}
