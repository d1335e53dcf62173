import { coversAll, isRole, ownerScopes, type Role } from "../protocol/access.ts";
import { effectiveScopes } from "../protocol/nodes-right.ts";
import * as refusals from "../protocol/refusals.ts";
import type { AdmissionPolicy, ConnectFacts, Evidence, EvidenceName, PairedView } from "./facts.ts";

export type AdmitMethod = "token" | "password" | "device-token" | "bootstrap-token";

/** What to do with a connect. `need` asks for one more evidence and then to be asked again. */
export type AdmitDecision =
  | { kind: "need"; evidence: EvidenceName }
  | { kind: "refuse"; refusal: refusals.Refusal }
  | { kind: "pair"; reason: refusals.PairingReason; role: Role; withSecret: boolean }
  | {
      kind: "admit";
      method: AdmitMethod;
      role: Role;
      scopes: readonly string[];
      inviteId?: string;
    };

const BROWSER_UIS = new Set([
  "openclaw-control-ui",
  "webchat-ui",
  "webchat",
  "openclaw-browser-copilot",
]);

/**
 * Decides a connect. Pure: the order of all checks stands here and nowhere else in the code
 * (docs/protocol.md#refusals-and-closes has it in words). It is called again with one more evidence until it knows, so that a cheap reason to
 * refuse is found before a dear one is paid for.
 */
export function admit(
  facts: ConnectFacts,
  evidence: Readonly<Evidence>,
  policy: AdmissionPolicy,
): AdmitDecision {
  const early = envelope(facts, policy);
  if (early) return refuse(early);
  const role = facts.role as Role;
  if (!facts.hasDevice) return deviceless(facts, evidence, policy);
  if (evidence.proof === undefined) return need("proof");
  if (evidence.proof !== "ok") return refuse(refusals.proofRefused(evidence.proof));
  if (evidence.device === undefined) return need("device");
  return credentials({ facts, evidence, policy, role, device: evidence.device });
}

function envelope(facts: ConnectFacts, policy: AdmissionPolicy): refusals.Refusal | undefined {
  if (facts.phase === "draining") return refusals.restarting();
  if (facts.phase === "starting") return refusals.starting();
  if (!speaksOurProtocol(facts)) {
    return refusals.protocolMismatch(facts.minProtocol, facts.maxProtocol);
  }
  if (!isRole(facts.role)) return refusals.invalidRole();
  const { hasPublicUrl } = policy;
  const { originSent: sent } = facts;
  if (facts.origin === "refused") {
    return refusals.originRefused("origin not allowed", { hasPublicUrl, sent });
  }
  if (facts.origin === "missing") {
    return refusals.originRefused("origin missing or invalid", { hasPublicUrl, sent });
  }
  return undefined;
}

/** Protocol 4, and 3 for probes and node hosts (docs/protocol.md#the-handshake). */
function speaksOurProtocol(facts: ConnectFacts): boolean {
  const { minProtocol: min, maxProtocol: max } = facts;
  if (min <= refusals.SERVER_PROTOCOL && refusals.SERVER_PROTOCOL <= max) return true;
  const old = refusals.MIN_PROBE_PROTOCOL;
  if (facts.clientMode === "probe") return max >= old && min <= refusals.SERVER_PROTOCOL;
  return facts.role === "node" && facts.clientMode === "node" && min <= old && old <= max;
}

export function isBrowserUi(clientId: string): boolean {
  return BROWSER_UIS.has(clientId);
}

export function audienceOf(facts: ConnectFacts): refusals.Audience {
  if (facts.role === "node") return "node";
  if (isBrowserUi(facts.clientId)) return "browser";
  if (facts.clientId === "cli") return facts.directLoopback ? "cli-local" : "cli-remote";
  return "other";
}

/** The shared secret as sent, from the field that carries it. */
export function secretCandidate(facts: ConnectFacts, policy: AdmissionPolicy): string | undefined {
  const { token, password } = facts.auth;
  return policy.secretKind === "token" ? (token ?? password) : (password ?? token);
}

/** Who may do without a device key (docs/protocol.md#credentials). */
function deviceless(
  facts: ConnectFacts,
  evidence: Readonly<Evidence>,
  policy: AdmissionPolicy,
): AdmitDecision {
  const required = isBrowserUi(facts.clientId)
    ? refusals.browserDeviceRequired()
    : refusals.deviceIdentityRequired();
  if (secretCandidate(facts, policy) === undefined) return refuse(required);
  if (evidence.secret === undefined) return need("secret");
  const problem = secretProblem(facts, evidence, policy);
  if (problem) return refuse(problem);
  if (isBrowserUi(facts.clientId) || facts.role === "node") return refuse(required);
  const trusted = policy.devicelessCli === "loopback" && facts.directLoopback;
  // Who has the shared secret is the owner.
  const scopes = trusted && isHostTool(facts) ? effectiveScopes(facts.scopes, ownerScopes) : [];
  return { kind: "admit", method: policy.secretKind, role: "operator", scopes };
}

function isHostTool(facts: ConnectFacts): boolean {
  const pair = `${facts.clientId}/${facts.clientMode}`;
  return pair === "cli/cli" || pair === "gateway-client/backend";
}

/** Why the shared secret does not admit; `undefined` when it does. */
function secretProblem(
  facts: ConnectFacts,
  evidence: Readonly<Evidence>,
  policy: AdmissionPolicy,
): refusals.Refusal | undefined {
  const check = evidence.secret;
  const kind = policy.secretKind;
  if (!check) return refusals.secretMissing(kind, audienceOf(facts));
  switch (check.verdict) {
    case "ok":
      return undefined;
    case "locked":
      return refusals.rateLimited(check.retryAfterMs);
    case "busy":
      return refusals.authenticationBusy();
    case "unset":
      return refusals.secretNotConfigured(kind);
    case "mismatch":
      return refusals.secretMismatch(
        kind,
        audienceOf(facts),
        mayRetryWithDeviceToken(facts, policy),
      );
  }
}

function mayRetryWithDeviceToken(facts: ConnectFacts, policy: AdmissionPolicy): boolean {
  const { token, password, deviceToken } = facts.auth;
  const onlyToken = token !== undefined && password === undefined && deviceToken === undefined;
  return policy.secretKind === "token" && facts.hasDevice && onlyToken;
}

interface Case {
  readonly facts: ConnectFacts;
  readonly evidence: Readonly<Evidence>;
  readonly policy: AdmissionPolicy;
  readonly role: Role;
  readonly device: PairedView | null;
}

/** The device proved its key; now what it presents, cheapest and least abusable first. */
function credentials(c: Case): AdmitDecision {
  const { auth } = c.facts;
  const secret = secretCandidate(c.facts, c.policy);
  const deviceToken = auth.deviceToken ?? secret;
  if (deviceToken !== undefined) {
    // Before any lock: a right device token is never refused because other clients failed.
    if (c.evidence.deviceToken === undefined) return need("deviceToken");
    if (c.evidence.deviceToken.verdict === "ok") return byDeviceToken(c);
  }
  if (secret !== undefined) return bySecret(c);
  if (auth.deviceToken !== undefined) return refuse(deviceTokenProblem(c));
  if (auth.bootstrapToken !== undefined) return byInvite(c);
  return withoutCredential(c);
}

function deviceTokenProblem(c: Case): refusals.Refusal {
  const check = c.evidence.deviceToken;
  if (check?.verdict === "locked") return refusals.rateLimited(check.retryAfterMs);
  return refusals.deviceTokenMismatch(audienceOf(c.facts));
}

function byDeviceToken(c: Case): AdmitDecision {
  const held = c.device?.token?.scopes ?? [];
  const scopes = requested(c);
  if (coversAll(held, scopes)) return admitted(c, "device-token", held);
  if (c.facts.waits) return pair(c, "scope-upgrade", false);
  return refuse(refusals.scopeMismatch());
}

function bySecret(c: Case): AdmitDecision {
  if (c.evidence.secret === undefined) return need("secret");
  const problem = secretProblem(c.facts, c.evidence, c.policy);
  if (problem) {
    const mismatch = c.evidence.secret.verdict === "mismatch";
    const explicit = c.facts.auth.deviceToken !== undefined;
    return refuse(mismatch && explicit ? deviceTokenProblem(c) : problem);
  }
  const missing = pairingProblem(c);
  if (missing) return pair(c, missing, true);
  return admitted(c, c.policy.secretKind, c.device?.token?.scopes ?? []);
}

/** `held` covers all that is asked for. */
function admitted(c: Case, method: AdmitMethod, held: readonly string[]): AdmitDecision {
  return { kind: "admit", method, role: c.role, scopes: effectiveScopes(requested(c), held) };
}

/** What the device's record lacks for this connect, in the protocol's order. */
function pairingProblem(c: Case): refusals.PairingReason | undefined {
  if (!c.device) return "not-paired";
  if (!c.device.token) return "role-upgrade";
  // Its token, not what was approved once: the secret gives nothing back that the owner took away.
  return coversAll(c.device.token.scopes, requested(c)) ? undefined : "scope-upgrade";
}

function byInvite(c: Case): AdmitDecision {
  const check = c.evidence.invite;
  if (check === undefined) return need("invite");
  if (check.verdict === "locked") return refuse(refusals.rateLimited(check.retryAfterMs));
  if (check.verdict === "refused")
    return refuse(refusals.inviteInvalid(check.problem, audienceOf(c.facts)));
  if (!check.roles.includes(c.role)) return refuse(refusals.invalidRole());
  const granted = requested(c).filter((scope) => coversAll(check.scopes, [scope]));
  const scopes = effectiveScopes(granted, check.scopes);
  const { inviteId } = check;
  return { kind: "admit", method: "bootstrap-token", role: c.role, scopes, inviteId };
}

/**
 * No secret at all. A client that can wait may ask: the owner's approval replaces the secret, also
 * for the first connect after it, until the device has shown its token once.
 */
function withoutCredential(c: Case): AdmitDecision {
  const missing = refusals.secretMissing(c.policy.secretKind, audienceOf(c.facts));
  if (!c.facts.waits || !c.policy.pairingOpen) return refuse(missing);
  const { token } = c.device ?? {};
  if (token?.claimable && coversAll(token.scopes, requested(c))) {
    return admitted(c, "device-token", token.scopes);
  }
  return pair(c, pairingProblem(c) ?? "not-paired", false);
}

/** The scopes asked for. A node's rights come from its role, not from scopes. */
function requested(c: Case): readonly string[] {
  return c.role === "operator" ? c.facts.scopes : [];
}

function need(evidence: EvidenceName): AdmitDecision {
  return { kind: "need", evidence };
}

function refuse(refusal: refusals.Refusal): AdmitDecision {
  return { kind: "refuse", refusal };
}

function pair(c: Case, reason: refusals.PairingReason, withSecret: boolean): AdmitDecision {
  return { kind: "pair", reason, role: c.role, withSecret };
}
