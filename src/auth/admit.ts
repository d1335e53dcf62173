import { coversAll, isRole, ownerScopes, type Role } from "../protocol/access.ts";
import { effectiveScopes } from "../protocol/nodes-right.ts";
import * as refusals from "../protocol/refusals.ts";
import { spokenWith } from "../protocol/versions.ts";
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
      /** The key that was proven counts for nothing: no record of it is read or made. */
      withoutKey?: true;
    };

type Admission = Extract<AdmitDecision, { kind: "admit" }>;

/** Programs that run in a page, by their `client.id`. */
const PAGES = new Set(["openclaw-control-ui", "webchat-ui", "openclaw-browser-copilot"]);

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
  const { minProtocol: min, maxProtocol: max } = facts;
  if (spokenWith(min, max) === undefined) return refusals.protocolMismatch(min, max);
  if (!isRole(facts.role)) return refusals.invalidRole();
  if (facts.origin === "none" || facts.origin === "allowed") return undefined;
  const { hasPublicUrl } = policy;
  return refusals.originRefused(facts.origin, { hasPublicUrl, ...facts.page });
}

/** Whether a client is a page in a browser, which has an `Origin` and must have a key of its own. */
export function isBrowserUi(client: Pick<ConnectFacts, "clientId" | "clientMode">): boolean {
  return client.clientMode === "webchat" || PAGES.has(client.clientId);
}

export function audienceOf(facts: ConnectFacts): refusals.Audience {
  if (isBrowserUi(facts)) return "browser";
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
  const required = isBrowserUi(facts)
    ? refusals.browserDeviceRequired()
    : refusals.deviceIdentityRequired();
  if (secretCandidate(facts, policy) === undefined) return refuse(required);
  if (evidence.secret === undefined) return need("secret");
  const problem = secretProblem(facts, evidence, policy);
  if (problem) return refuse(problem);
  if (isBrowserUi(facts) || facts.role === "node") return refuse(required);
  return bySecretAlone(policy, isExcepted(facts, policy) ? facts.scopes : []);
}

/** Who has the shared secret is the owner. */
function bySecretAlone(policy: AdmissionPolicy, wanted: readonly string[]): Admission {
  const scopes = effectiveScopes(wanted, ownerScopes);
  return { kind: "admit", method: policy.secretKind, role: "operator", scopes };
}

/** The one exception from keys: programs of this machine that hold the shared secret keep their scopes. */
function isExcepted(facts: ConnectFacts, policy: AdmissionPolicy): boolean {
  const here = policy.devicelessCli === "loopback" && facts.directLoopback;
  const isCli = facts.clientId === "cli" && facts.clientMode === "cli";
  return here && facts.role === "operator" && (isCli || isBackend(facts));
}

function isBackend(facts: ConnectFacts): boolean {
  return facts.clientId === "gateway-client" && facts.clientMode === "backend";
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
  return refusals.deviceTokenMismatch();
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
  if (!missing) return admitted(c, c.policy.secretKind, c.device?.token?.scopes ?? []);
  return keepsNoRecord(c) ? withoutRecord(c) : pair(c, missing, true);
}

/**
 * Backends of this machine have keys of their own, which their makers never meant to be approved: with the
 * secret they get what they would get without a key. A key that was approved once is judged by its record,
 * so that what the owner takes from it stays taken.
 */
function keepsNoRecord({ facts, policy, role, device }: Case): boolean {
  return isBackend(facts) && isExcepted(facts, policy) && !device?.roles.includes(role);
}

function withoutRecord({ facts, policy }: Case): AdmitDecision {
  return { ...bySecretAlone(policy, facts.scopes), withoutKey: true };
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
  if (check.verdict === "refused") return refuse(refusals.inviteInvalid(check.problem));
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
