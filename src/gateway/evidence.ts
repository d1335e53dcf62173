import { type AdmitDecision, admit, secretCandidate, tokenCandidates } from "../auth/admit.ts";
import type {
  AdmissionPolicy,
  ConnectFacts,
  DeviceTokenCheck,
  Evidence,
  EvidenceName,
  InviteCheck,
  PairedView,
  SecretCheck,
} from "../auth/facts.ts";
import { verifyProof } from "../auth/identity.ts";
import type { SharedSecrets } from "../auth/secret.ts";
import { deriveToken, tokenMatches } from "../auth/tokens.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import type { World } from "../lib/world.ts";
import type { Pairing } from "../pairing/pairing.ts";
import { isRole } from "../protocol/access.ts";
import { type ConnectParams, signedToken } from "./connect-params.ts";

/** The services that evidence is gathered from. */
export interface EvidenceDeps {
  readonly world: World;
  readonly pairing: Pairing;
  readonly secrets: SharedSecrets;
  readonly limiter: FailureLimiter;
  readonly tokenKey: Uint8Array;
}

export interface ConnectCase {
  readonly facts: ConnectFacts;
  readonly params: ConnectParams;
  readonly policy: AdmissionPolicy;
  readonly nonce: string;
  readonly source: string;
  /** Kinds of credential whose failure was counted: one connect is one failed attempt at each. */
  readonly counted: Set<string>;
  /** The device's token as derived last: it is asked for up to three times in one connect. */
  derived?: { readonly generation: number; readonly token: string };
}

/** What {@link admit} decided, or that the shared secret must be checked first. */
export type Resolved = Exclude<AdmitDecision, { kind: "need" }> | { kind: "check-secret" };

/**
 * Asks {@link admit} until it decides, gathering what it asks for. Synchronous, so a caller that
 * acts at once acts on the state that was judged. Only the shared secret takes time: {@link
 * checkSecret} checks it, after which this is called again.
 */
export function resolve(c: ConnectCase, evidence: Evidence, deps: EvidenceDeps): Resolved {
  for (;;) {
    const decision = admit(c.facts, evidence, c.policy);
    if (decision.kind !== "need") return decision;
    if (decision.evidence === "secret") return { kind: "check-secret" };
    gather(decision.evidence, evidence, { c, deps });
  }
}

function gather(
  name: Exclude<EvidenceName, "secret">,
  evidence: Evidence,
  with_: { c: ConnectCase; deps: EvidenceDeps },
): void {
  const { c, deps } = with_;
  switch (name) {
    case "proof":
      evidence.proof = proofOf(c, deps);
      return;
    case "device":
      evidence.device = deviceOf(c, deps);
      return;
    case "deviceToken":
      evidence.deviceToken = deviceTokenOf(c, deps);
      return;
    case "invite":
      evidence.invite = inviteOf(c, deps);
  }
}

function proofOf(c: ConnectCase, deps: EvidenceDeps): "ok" | NonNullable<Evidence["proof"]> {
  const { client, device, scopes = [] } = c.params;
  if (!device) return "device-id-mismatch";
  const verdict = verifyProof(device, {
    nonce: c.nonce,
    now: deps.world.now(),
    fields: {
      clientId: client.id,
      clientMode: client.mode,
      role: c.facts.role,
      scopes,
      token: signedToken(c.params),
      platform: client.platform,
      deviceFamily: client.deviceFamily,
    },
  });
  return verdict.ok ? "ok" : verdict.failure;
}

function deviceOf(c: ConnectCase, deps: EvidenceDeps): PairedView | null {
  const { role } = c.facts;
  const record = deps.pairing.device(c.params.device?.id ?? "");
  if (!record || !isRole(role)) return null;
  const token = record.tokens[role];
  const live = token && token.revokedAtMs === undefined;
  return {
    roles: record.roles,
    token: live ? { scopes: token.scopes, claimable: token.claimable === true } : undefined,
  };
}

function deviceTokenOf(c: ConnectCase, deps: EvidenceDeps): DeviceTokenCheck {
  const live = liveToken(c, deps);
  if (live && tokenCandidates(c.facts).some((token) => tokenMatches(live.token, token))) {
    return { verdict: "ok" };
  }
  // A shared secret that is no device token is no failed attempt at one.
  if (c.facts.auth.deviceToken === undefined) return { verdict: "mismatch" };
  return failed("device-token", c, deps) ?? { verdict: "mismatch" };
}

/** The token that the device holds now in the role it comes in, with what it was granted. */
export function liveToken(
  c: ConnectCase,
  deps: EvidenceDeps,
): { token: string; scopes: readonly string[] } | undefined {
  const { role } = c.facts;
  const deviceId = c.params.device?.id ?? "";
  const record = isRole(role) ? deps.pairing.device(deviceId)?.tokens[role] : undefined;
  if (!isRole(role) || !record || record.revokedAtMs !== undefined) return undefined;
  const { generation, scopes } = record;
  if (c.derived?.generation !== generation) {
    c.derived = { generation, token: deriveToken(deps.tokenKey, { deviceId, role, generation }) };
  }
  return { token: c.derived.token, scopes };
}

function inviteOf(c: ConnectCase, deps: EvidenceDeps): InviteCheck {
  const secret = c.facts.auth.bootstrapToken ?? "";
  const verdict = deps.pairing.links.check(secret, c.params.device?.id ?? "");
  if (verdict.ok) {
    const { inviteId, roles, scopes } = verdict.invite;
    return { verdict: "ok", inviteId, roles, scopes };
  }
  // Only guesses count: the secret of a used or expired link was given out once, not guessed.
  if (verdict.problem !== "unknown") return { verdict: "refused", problem: verdict.problem };
  return failed("invite", c, deps) ?? { verdict: "refused", problem: verdict.problem };
}

/** Checks the shared secret: the one evidence that may take long. */
export async function checkSecret(c: ConnectCase, deps: EvidenceDeps): Promise<SecretCheck> {
  const key = `secret|${c.source}`;
  const retryAfterMs = deps.limiter.locked(key);
  if (retryAfterMs > 0) return { verdict: "locked", retryAfterMs };
  const candidate = secretCandidate(c.facts, c.policy) ?? "";
  const verdict = await deps.secrets.verify(c.policy.secretKind, candidate, c.source);
  if (verdict === "ok") deps.limiter.succeed(key);
  if (verdict === "mismatch" && !c.counted.has("secret")) {
    deps.limiter.fail(key);
    // Where the secret changed meanwhile, the same guess is judged again.
    c.counted.add("secret");
  }
  return { verdict };
}

/** Counts a failed attempt; says `locked` when there were too many before it. */
function failed(
  kind: string,
  c: ConnectCase,
  deps: EvidenceDeps,
): { verdict: "locked"; retryAfterMs: number } | undefined {
  const key = `${kind}|${c.source}`;
  if (c.counted.has(kind)) return undefined;
  const retryAfterMs = deps.limiter.locked(key);
  if (retryAfterMs > 0) return { verdict: "locked", retryAfterMs };
  deps.limiter.fail(key);
  c.counted.add(kind);
  return undefined;
}
