import { admit, secretCandidate } from "../auth/admit.ts";
import type {
  AdmissionPolicy,
  ConnectFacts,
  DeviceTokenCheck,
  FindingName,
  Findings,
  InviteCheck,
  PairedView,
  SecretCheck,
} from "../auth/facts.ts";
import { verifyProof } from "../auth/identity.ts";
import type { SharedSecrets } from "../auth/secret.ts";
import { tokenMatches } from "../auth/tokens.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import type { World } from "../lib/world.ts";
import type { Pairing } from "../pairing/pairing.ts";
import { isRole } from "../protocol/access.ts";
import { type ConnectParams, signedToken } from "./connect-params.ts";

/** What finding things out needs. */
export interface FindingDeps {
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
}

/**
 * Asks {@link admit} until it decides, gathering what it asks for. After something slow, what was
 * read from state before is read again: the owner may have acted meanwhile.
 */
export async function decide(c: ConnectCase, deps: FindingDeps) {
  const findings: Findings = {};
  for (;;) {
    const decision = admit(c.facts, findings, c.policy);
    if (decision.kind !== "need") return decision;
    await gather(decision.finding, findings, { c, deps });
  }
}

async function gather(
  name: FindingName,
  findings: Findings,
  with_: { c: ConnectCase; deps: FindingDeps },
): Promise<void> {
  const { c, deps } = with_;
  switch (name) {
    case "proof":
      findings.proof = proofOf(c, deps);
      return;
    case "device":
      findings.device = deviceOf(c, deps);
      return;
    case "deviceToken":
      findings.deviceToken = deviceTokenOf(c, deps);
      return;
    case "invite":
      findings.invite = inviteOf(c, deps);
      return;
    case "secret":
      findings.secret = await secretOf(c, deps);
      delete findings.device;
      delete findings.deviceToken;
  }
}

function proofOf(c: ConnectCase, deps: FindingDeps): "ok" | NonNullable<Findings["proof"]> {
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

function deviceOf(c: ConnectCase, deps: FindingDeps): PairedView | null {
  const { role } = c.facts;
  const record = deps.pairing.device(c.params.device?.id ?? "");
  if (!record || !isRole(role)) return null;
  const token = record.tokens[role];
  const live = token && token.revokedAtMs === undefined;
  return {
    roles: record.roles,
    scopes: record.scopes,
    token: live ? { scopes: token.scopes, pickup: token.pickup === true } : undefined,
  };
}

function deviceTokenOf(c: ConnectCase, deps: FindingDeps): DeviceTokenCheck {
  const { auth, role } = c.facts;
  const candidate = auth.deviceToken ?? secretCandidate(c.facts, c.policy);
  const deviceId = c.params.device?.id ?? "";
  const token = isRole(role) ? deps.pairing.device(deviceId)?.tokens[role] : undefined;
  if (isRole(role) && token && token.revokedAtMs === undefined && candidate !== undefined) {
    const facts = { deviceId, role, generation: token.generation };
    if (tokenMatches(deps.tokenKey, facts, candidate)) return { verdict: "ok" };
  }
  // A shared secret that is no device token is no failed attempt at one.
  if (auth.deviceToken === undefined) return { verdict: "mismatch" };
  return failed("device-token", c, deps) ?? { verdict: "mismatch" };
}

function inviteOf(c: ConnectCase, deps: FindingDeps): InviteCheck {
  const secret = c.facts.auth.bootstrapToken ?? "";
  const verdict = deps.pairing.checkInvite(secret, c.params.device?.id ?? "");
  if (verdict.ok) {
    const { inviteId, role, scopes } = verdict.invite;
    return { verdict: "ok", inviteId, role, scopes };
  }
  // Only guesses count: whoever knows a used or expired secret was given it.
  if (verdict.problem !== "unknown") return { verdict: "refused", problem: verdict.problem };
  return failed("invite", c, deps) ?? { verdict: "refused", problem: verdict.problem };
}

async function secretOf(c: ConnectCase, deps: FindingDeps): Promise<SecretCheck> {
  const key = `secret|${c.source}`;
  const retryAfterMs = deps.limiter.locked(key);
  if (retryAfterMs > 0) return { verdict: "locked", retryAfterMs };
  const candidate = secretCandidate(c.facts, c.policy) ?? "";
  const verdict = await deps.secrets.verify(c.policy.secretKind, candidate, c.source);
  if (verdict === "mismatch") deps.limiter.fail(key);
  if (verdict === "ok") deps.limiter.succeed(key);
  return { verdict };
}

/** Counts a failed attempt; says `locked` when there were too many before it. */
function failed(
  kind: string,
  c: ConnectCase,
  deps: FindingDeps,
): { verdict: "locked"; retryAfterMs: number } | undefined {
  const key = `${kind}|${c.source}`;
  const retryAfterMs = deps.limiter.locked(key);
  if (retryAfterMs > 0) return { verdict: "locked", retryAfterMs };
  deps.limiter.fail(key);
  return undefined;
}
