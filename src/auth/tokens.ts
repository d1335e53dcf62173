import { createHmac, timingSafeEqual } from "node:crypto";
import type { Role } from "../protocol/access.ts";

/** What a device token is derived from. Raising the generation ends every earlier token. */
export interface TokenFacts {
  readonly deviceId: string;
  readonly role: Role;
  readonly generation: number;
}

/**
 * The device token: HMAC-SHA256 under the gateway's token key, as 43 characters of base64url.
 * Nothing about it is stored, so it can be returned at every connect.
 */
export function deriveToken(tokenKey: Uint8Array, facts: TokenFacts): string {
  return createHmac("sha256", tokenKey)
    .update(`device-token/1|${facts.deviceId}|${facts.role}|${facts.generation}`)
    .digest("base64url");
}

/** Whether `candidate` is the derived `token`, in constant time. */
export function tokenMatches(token: string, candidate: string): boolean {
  const expected = Buffer.from(token);
  const given = Buffer.from(candidate.trim());
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/**
 * The secret of a link that can be fetched once at a join address, from the code in that address
 * (128 bits): so neither has to be stored.
 */
export function joinSecret(tokenKey: Uint8Array, code: string): string {
  return createHmac("sha256", tokenKey).update(`setup-join/1|${code}`).digest("base64url");
}
