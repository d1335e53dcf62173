import type { PairedRow } from "../wire.ts";
import { accessWords } from "../words.ts";

/**
 * The operator scopes that a device has now. A row's own are those that were approved: `rotate --scope`
 * leaves a token fewer. Of one that was revoked they are what it had.
 */
export function heldScopes({ scopes = [], tokens = [] }: PairedRow): readonly string[] {
  const live = tokens.find(
    ({ role, revokedAtMs }) => role === "operator" && revokedAtMs === undefined,
  );
  return live?.scopes ?? scopes;
}

/** What it may do, in words. */
export function heldWords(row: PairedRow): string {
  return accessWords({ ...row, scopes: heldScopes(row) });
}
