import { shortCode } from "../lib/short-code.ts";
import type { Role } from "../protocol/access.ts";

export { isWholeCode, normalizeCode } from "../lib/short-code.ts";

/** What a code commits to: a request for anything else gets another code. */
export interface CodeFacts {
  readonly deviceId: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly gatewayId: string;
  /** Hex, drawn by the gateway after the request arrived. */
  readonly nonce: string;
}

/** The request id: a short code over all facts. */
export function requestCode(facts: CodeFacts): string {
  return shortCode([
    "pairing-request/1",
    facts.deviceId,
    [...facts.roles].sort(),
    [...facts.scopes].sort(),
    facts.gatewayId,
    facts.nonce,
  ]);
}
