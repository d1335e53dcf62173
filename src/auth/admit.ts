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
  if (facts.role === "node") return "node";
  if (isBrowserUi(facts)) return "browser";
  if (facts.clientId === "cli") return facts.directLoopback ? "cli-local" : "cli-remote";
  return "other";
}

/** The shared secret as sent, from the field that carries it. */
export function secretCandidate(facts: ConnectFacts, policy: AdmissionPolicy): string | undefined {
  const { token, password } = facts.auth;
  return policy.secretKind === "token" ? (token ?? password) : (password ?? token);
}

/** What may be a device token: its own field first, then those of the shared secret. */
export function tokenCandidates(facts: ConnectFacts): readonly string[] {
  const { deviceToken, token, password } = facts.auth;
  return [deviceToken, token, password].filter((field) => field !== undefined);
}

/** Whether anything is shown that may be a device token. */
export function mayShowToken({ auth }: ConnectFacts): boolean {
  return (auth.deviceToken ?? auth.token ?? auth.password) !== undefined;
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

/**
 * The device proved its key; now what it shows. One credential that suffices is enough, also beside bad
 * ones: the cheapest and least abusable is looked at first, and a link is used up only where nothing else
 * lets in.
 */
function credentials(c: Case): AdmitDecision {
  const mayHaveToken = mayShowToken(c.facts);
  if (!mayHaveToken && c.facts.auth.bootstrapToken === undefined) return withoutCredential(c);
  // Before any lock: a right device token is never refused because other clients failed.
  if (mayHaveToken && c.evidence.deviceToken === undefined) return need("deviceToken");
  return (
    byDeviceToken(c) ??
    (pairingProblem(c) === undefined || keepsNoRecord(c) ? bySecret(c) : undefined) ??
    byLink(c) ??
    askingByToken(c) ??
    bySecret(c) ??
    refuse(insufficient(c))
  );
}

const isTokenRight = (c: Case) => c.evidence.deviceToken?.verdict === "ok";

/** The device's own token, where it covers what is asked for. */
function byDeviceToken(c: Case): AdmitDecision | undefined {
  const held = c.device?.token?.scopes ?? [];
  if (!isTokenRight(c) || !coversAll(held, requested(c))) return undefined;
  return admitted(c, "device-token", held);
}

/** The shared secret: it lets in a device that holds what it asks for, and for any other it asks the owner. */
function bySecret(c: Case): AdmitDecision | undefined {
  if (secretCandidate(c.facts, c.policy) === undefined) return undefined;
  if (c.evidence.secret === undefined) return need("secret");
  if (c.evidence.secret.verdict !== "ok") return undefined;
  const missing = pairingProblem(c);
  if (!missing) return admitted(c, c.policy.secretKind, c.device?.token?.scopes ?? []);
  return keepsNoRecord(c) ? withoutRecord(c) : pair(c, missing, true);
}

/**
 * A link gives as much of what is asked for as it holds. Where the device holds that much already, and shows
 * anything else that is right, it is let in with what it holds, and the link stays unused.
 */
function byLink(c: Case): AdmitDecision | undefined {
  if (c.facts.auth.bootstrapToken === undefined) return undefined;
  const link = c.evidence.invite;
  if (link === undefined) return need("invite");
  if (link.verdict !== "ok" || !link.roles.includes(c.role)) return undefined;
  const token = c.device?.token;
  if (token && coversAll(token.scopes, partOf(c, link.scopes))) {
    const scopes = partOf(c, token.scopes);
    if (isTokenRight(c)) return { kind: "admit", method: "device-token", role: c.role, scopes };
    const secret = bySecret(c);
    if (secret?.kind === "need") return secret;
    if (secret) return { kind: "admit", method: c.policy.secretKind, role: c.role, scopes };
  }
  const held = isTokenRight(c) ? (token?.scopes ?? []) : [];
  const scopes = partOf(c, [...held, ...link.scopes]);
  const { inviteId } = link;
  return { kind: "admit", method: "bootstrap-token", role: c.role, scopes, inviteId };
}

/** What a connection gets of what it asks for where it may have `scopes`. */
function partOf(c: Case, scopes: readonly string[]): string[] {
  return effectiveScopes(
    requested(c).filter((scope) => coversAll(scopes, [scope])),
    scopes,
  );
}

/**
 * A right device token that is too narrow lets a client that can wait ask for the rest. Beside a link it does
 * not: who shows one asks for as much as the link has, and the owner must not be asked for all of that.
 */
function askingByToken(c: Case): AdmitDecision | undefined {
  const asks = c.facts.waits && c.facts.auth.bootstrapToken === undefined;
  return isTokenRight(c) && asks ? pair(c, "scope-upgrade", false) : undefined;
}

/** The refusal where nothing that is shown suffices: by what is worth a retry, then by what was shown on purpose. */
function insufficient(c: Case): refusals.Refusal {
  const { deviceToken, bootstrapToken } = c.facts.auth;
  if (isTokenRight(c) && bootstrapToken === undefined) return refusals.scopeMismatch();
  const { secret } = c.evidence;
  const unjudged = secret?.verdict === "busy" || secret?.verdict === "locked";
  const problem = secret && secretProblem(c.facts, c.evidence, c.policy);
  if (unjudged && problem) return problem;
  if (bootstrapToken !== undefined) return linkProblem(c);
  const isWrongToken = deviceToken !== undefined && secret?.verdict !== "unset";
  return problem && !isWrongToken ? problem : deviceTokenProblem(c);
}

function linkProblem({ facts, role, evidence: { invite, deviceToken } }: Case): refusals.Refusal {
  const audience = audienceOf(facts);
  if (invite?.verdict === "ok") return refusals.invalidRole(role);
  const locks = [invite, deviceToken].map((check) =>
    check?.verdict === "locked" ? check.retryAfterMs : 0,
  );
  if (invite?.verdict === "refused" && invite.problem !== "unknown") {
    return refusals.inviteInvalid(invite.problem, audience);
  }
  const longest = Math.max(...locks);
  return longest > 0 ? refusals.rateLimited(longest) : refusals.inviteInvalid("unknown", audience);
}

function deviceTokenProblem(c: Case): refusals.Refusal {
  const check = c.evidence.deviceToken;
  if (check?.verdict === "locked") return refusals.rateLimited(check.retryAfterMs);
  return refusals.deviceTokenMismatch(audienceOf(c.facts));
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
