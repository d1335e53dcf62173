import type { Role } from "./access.ts";
import { approvalLines, type SshWay } from "./approve-line.ts";
import { openclaw } from "./command.ts";
import { wireDetails } from "./errors.ts";
import type { ErrorShape } from "./frames.ts";
import { type Refusal, refuse, retriedAfter } from "./refusal.ts";
import { onGateway } from "./text.ts";

export type PairingReason = "not-paired" | "role-upgrade" | "scope-upgrade";

const pairingWords: Record<PairingReason, { tail: string; hint: string }> = {
  "not-paired": {
    tail: "device is not approved yet",
    hint: "Approve this device from the pending pairing requests.",
  },
  "role-upgrade": {
    tail: "device is asking for a higher role than currently approved",
    hint: "Review the requested role upgrade, then approve the pending request.",
  },
  "scope-upgrade": {
    tail: "device is asking for more scopes than currently approved",
    hint: "Review the requested scopes, then approve the pending upgrade.",
  },
};

export interface PairingFacts {
  readonly reason: PairingReason;
  readonly requestId: string;
  readonly deviceId: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** What the owner is asked about besides. */
  readonly offered?: readonly string[];
  readonly approved?: { readonly roles: readonly Role[]; readonly scopes: readonly string[] };
  /** What kind of client on what, and its address, as the owner is shown them. */
  readonly kind: string;
  readonly address: string;
  readonly fingerprint: string;
  /** How the command line is called on the gateway host. */
  readonly command: string;
  readonly way: SshWay;
  /** Set for a client that stays connected while it waits. */
  readonly waitingUntilMs?: number;
}

/** How long a client that can't wait connected does well to wait: an approval takes a person seconds. */
const PAIRING_RETRY_MS = 5000;

/** The refusal that asks for the owner's approval, with the command that gives it. */
export function pairingRequired(facts: PairingFacts): Refusal {
  const { tail, hint } = pairingWords[facts.reason];
  const message = `pairing required: ${tail}`;
  const { requestId, command, way } = facts;
  const details: Record<string, unknown> = {
    code: "PAIRING_REQUIRED",
    reason: facts.reason,
    requestId,
    remediationHint: hint,
    recommendedNextStep: "wait_then_retry",
    retryable: true,
    pauseReconnect: false,
    deviceId: facts.deviceId,
    requestedRole: facts.role,
    ...(facts.scopes.length > 0 && { requestedScopes: facts.scopes }),
    ...(facts.offered && facts.offered.length > 0 && { offeredScopes: facts.offered }),
    ...(facts.approved && {
      approvedRoles: facts.approved.roles,
      approvedScopes: facts.approved.scopes,
    }),
    kind: facts.kind,
    address: facts.address,
    ...approvalLines({ kind: "device", requestId, command, way }),
    next: onGateway(openclaw`devices approve ${requestId}`),
    fingerprint: facts.fingerprint,
    ...(facts.waitingUntilMs && { waiting: true, expiresAtMs: facts.waitingUntilMs }),
  };
  const error: ErrorShape = { code: "NOT_PAIRED", message, details: wireDetails(details) };
  const reason = `${message} (requestId: ${requestId})`;
  return refuse(retriedAfter(error, PAIRING_RETRY_MS), 1008, reason);
}
