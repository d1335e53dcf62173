import type { Role } from "./access.ts";
import { asRoot, at, blank, openclaw, shell } from "./command.ts";
import { wireDetails } from "./errors.ts";
import type { AnsweredError } from "./frames.ts";
import { countedAs, invalid, type Refusal, refuse, retriedAfter, withDetails } from "./refusal.ts";
import { onGateway, say, type Text } from "./text.ts";
import { OLDEST_PROTOCOL, SERVER_PROTOCOL } from "./versions.ts";

export { type PairingFacts, type PairingReason, pairingRequired } from "./pairing-refusal.ts";
export { type Refusal, withDetails } from "./refusal.ts";

/** Which words fit the program that is refused: each kind has its secret somewhere else. */
export type Audience = "cli-local" | "cli-remote" | "browser" | "node" | "other";

type NextStep =
  | "retry_with_device_token"
  | "update_auth_configuration"
  | "update_auth_credentials"
  | "review_auth_configuration"
  | "wait_then_retry";

function unauthorized(
  message: string,
  details: { code: string; authReason: string; step: NextStep; retry?: boolean; next: Text },
): Refusal {
  return invalid(`unauthorized: ${message}`, {
    code: details.code,
    authReason: details.authReason,
    canRetryWithDeviceToken: details.retry ?? false,
    recommendedNextStep: details.step,
    next: details.next,
  });
}

const tokenHint: Record<Audience, string> = {
  "cli-local": "use this gateway's gateway.auth.token or pair the device",
  "cli-remote": "set gateway.remote.token to match gateway.auth.token",
  browser: "open the dashboard URL and paste the token in Control UI settings",
  node: "provide gateway auth token",
  other: "provide gateway auth token",
};

const passwordHint: Record<Audience, string> = {
  "cli-local": "use this gateway's gateway.auth.password",
  "cli-remote": "set gateway.remote.password to match gateway.auth.password",
  browser: "enter the password in Control UI settings",
  node: "provide gateway auth password",
  other: "provide gateway auth password",
};

const NEW_TOKEN = onGateway(openclaw`token new`);
const NEW_PASSWORD = onGateway(openclaw`config set gateway.password -`);
const INVITE = onGateway(openclaw`devices invite`);
const INVITE_NODE = onGateway(openclaw`devices invite --role node`);
/** What makes a link for that program: one for operators lets no node in. */
const inviteFor = (audience: Audience): Text => (audience === "node" ? INVITE_NODE : INVITE);

export type SecretKind = "token" | "password";

export function secretMissing(kind: SecretKind, audience: Audience): Refusal {
  const hint = kind === "token" ? tokenHint[audience] : passwordHint[audience];
  return unauthorized(`gateway ${kind} missing (${hint})`, {
    code: kind === "token" ? "AUTH_TOKEN_MISSING" : "AUTH_PASSWORD_MISSING",
    authReason: `${kind}_missing`,
    step: "update_auth_configuration",
    next: inviteFor(audience),
  });
}

export function secretMismatch(
  kind: SecretKind,
  audience: Audience,
  canRetryWithDeviceToken: boolean,
): Refusal {
  const hint = kind === "token" ? tokenHint[audience] : passwordHint[audience];
  return unauthorized(`gateway ${kind} mismatch (${hint})`, {
    code: kind === "token" ? "AUTH_TOKEN_MISMATCH" : "AUTH_PASSWORD_MISMATCH",
    authReason: `${kind}_mismatch`,
    retry: canRetryWithDeviceToken,
    step: canRetryWithDeviceToken ? "retry_with_device_token" : "update_auth_credentials",
    next: kind === "token" ? NEW_TOKEN : NEW_PASSWORD,
  });
}

export function secretNotConfigured(kind: SecretKind): Refusal {
  return unauthorized(`gateway ${kind} not configured on gateway (set gateway.auth.${kind})`, {
    code: kind === "token" ? "AUTH_TOKEN_NOT_CONFIGURED" : "AUTH_PASSWORD_NOT_CONFIGURED",
    authReason: `${kind}_missing_config`,
    step: "review_auth_configuration",
    next: kind === "token" ? NEW_TOKEN : NEW_PASSWORD,
  });
}

export function deviceTokenMismatch(audience: Audience): Refusal {
  return unauthorized("device token mismatch (rotate/reissue device token)", {
    code: "AUTH_DEVICE_TOKEN_MISMATCH",
    authReason: "device_token_mismatch",
    step: "update_auth_credentials",
    next: inviteFor(audience),
  });
}

export function scopeMismatch(): Refusal {
  return unauthorized("device token scope mismatch (re-pair or approve scope upgrade)", {
    code: "AUTH_SCOPE_MISMATCH",
    authReason: "scope_mismatch",
    step: "review_auth_configuration",
    next: "connect with the scopes of the device token, then device.scopes.requestUpgrade",
  });
}

/** Why a one-time link was refused. `used-by-another-device` names the one thing that went wrong. */
export type InviteProblem = "unknown" | "expired" | "revoked" | "used-by-another-device";

export function inviteInvalid(problem: InviteProblem, audience: Audience): Refusal {
  const words = problem.replaceAll("-", " ");
  const refusal = unauthorized(
    `setup code invalid, expired, revoked, or already used (this one: ${words})`,
    {
      code: "AUTH_BOOTSTRAP_TOKEN_INVALID",
      authReason: "bootstrap_token_invalid",
      step: "review_auth_configuration",
      next: inviteFor(audience),
    },
  );
  return { ...refusal, error: withDetails(refusal.error, { reason: problem }) };
}

export function rateLimited(retryAfterMs: number): Refusal {
  const refusal = unauthorized("too many failed authentication attempts (retry later)", {
    code: "AUTH_RATE_LIMITED",
    authReason: "rate_limited",
    step: "wait_then_retry",
    next: `wait ${Math.ceil(retryAfterMs / 1000)} s; paired devices are not affected`,
  });
  return countedAs("auth-locked", { ...refusal, error: retriedAfter(refusal.error, retryAfterMs) });
}

export function authenticationBusy(): Refusal {
  const error = {
    code: "UNAVAILABLE",
    message: "authentication busy; retry shortly",
    retryable: true,
    retryAfterMs: 1000,
  } as const;
  return countedAs("auth-busy", refuse(error, 1013));
}

/** The device has its share of connections, or the last places are kept for devices that have none. */
export function deviceCrowded(): Refusal {
  const error = {
    code: "UNAVAILABLE",
    message: "too many connections of this device",
    retryable: true,
    retryAfterMs: 5000,
  } as const;
  return countedAs("device-sockets-refused", refuse(error, 1013));
}

export function deviceIdentityRequired(): Refusal {
  return refuse({
    code: "NOT_PAIRED",
    message: "device identity required",
    details: wireDetails({
      code: "DEVICE_IDENTITY_REQUIRED",
      next: say`connect with a device key (Ed25519), then: ${at("gateway", openclaw`devices approve ${blank("<code>")}`)}`,
    }),
  });
}

export function browserDeviceRequired(): Refusal {
  return invalid("control ui requires device identity (use HTTPS or localhost secure context)", {
    code: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    next: "open the page over HTTPS or http://localhost, or use this gateway's own page",
  });
}

/** Stands for what a browser's address bar shows before the first slash of the path. */
const ADDRESS = blank("https://<the name in the address bar>");

export interface OriginCase {
  /** Setting it anew would shut out those who come under the present one. */
  readonly hasPublicUrl?: boolean | undefined;
  /** The page's origin, where it sent a proper one. */
  readonly sent?: string | undefined;
  /** The page came from the very host that it connects to, so it is the gateway's own. */
  readonly isOwnPage?: boolean | undefined;
}

/** The cure names the page's own origin where it sent a proper one: it can be typed as it stands then. */
export function originRefused(
  origin: "refused" | "missing" | "absent",
  of: OriginCase = {},
): Refusal {
  return invalid(
    "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)",
    {
      code: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
      reason: origin === "refused" ? "origin not allowed" : "origin missing or invalid",
      next: origin === "absent" ? SEND_ORIGIN : originCure(of),
    },
  );
}

const SEND_ORIGIN =
  "a page sends its Origin header by itself; a program that is none connects with another client.id and client.mode";

function originCure({
  hasPublicUrl = false,
  sent,
  isOwnPage = sent === undefined,
}: OriginCase): Text {
  const origin = sent ?? ADDRESS;
  return onGateway(
    isOwnPage && !hasPublicUrl
      ? openclaw`config set gateway.publicUrl ${origin}`
      : openclaw`config add gateway.controlUi.allowedOrigins ${origin}`,
  );
}

/** What can be wrong with a device's proof, with the names clients know. */
const proofFailures = {
  "device-id-mismatch": ["device identity mismatch", "DEVICE_AUTH_DEVICE_ID_MISMATCH"],
  "device-signature-stale": ["device signature expired", "DEVICE_AUTH_SIGNATURE_EXPIRED"],
  "device-nonce-missing": ["device nonce required", "DEVICE_AUTH_NONCE_REQUIRED"],
  "device-nonce-mismatch": ["device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH"],
  "device-signature": ["device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID"],
} as const;

export type ProofFailure = keyof typeof proofFailures;

const proofCures: Partial<Record<ProofFailure, Text>> = {
  "device-signature-stale": say`set this device's clock, or the gateway's (there: ${at("gateway", asRoot(shell`timedatectl set-ntp true`))}): they are more than 120 s apart`,
};

export function proofRefused(failure: ProofFailure): Refusal {
  const [message, code] = proofFailures[failure];
  const next = proofCures[failure] ?? "delete this device's stored identity and pair it anew";
  return invalid(message, { code, reason: failure, next });
}

export function protocolMismatch(min: number, max: number): Refusal {
  const ours = `the gateway speaks protocol ${OLDEST_PROTOCOL} to ${SERVER_PROTOCOL}`;
  const theirs = `the program ${min === max ? min : `${min} to ${max}`}`;
  const old = max < OLDEST_PROTOCOL ? "the program" : "the gateway";
  const details = wireDetails({
    code: "PROTOCOL_MISMATCH",
    clientMinProtocol: min,
    clientMaxProtocol: max,
    expectedProtocol: SERVER_PROTOCOL,
    minimumProbeProtocol: OLDEST_PROTOCOL,
    next: `update ${old}: ${ours}, ${theirs}`,
  });
  return refuse({ code: "INVALID_REQUEST", message: "protocol mismatch", details }, 1002);
}

/** No such role; or, with `linked`, a link that does not grant this one. */
export function invalidRole(linked?: Role): Refusal {
  const next = linked === "node" ? INVITE_NODE : INVITE;
  const details = { code: "INVALID_ROLE", ...(linked && { next }) };
  return countedAs("invalid-role", invalid("invalid role", details));
}

export function invalidConnectParams(problem: string): Refusal {
  return countedAs("invalid-connect-params", invalid(`invalid connect params: ${problem}`));
}

export function starting(): Refusal {
  const refusal = refuse(
    {
      code: "UNAVAILABLE",
      message: "gateway starting; retry shortly",
      retryable: true,
      retryAfterMs: 500,
      details: { reason: "startup-sidecars" },
    },
    1013,
    "gateway starting",
  );
  return countedAs("gateway-starting", refusal);
}

export function restarting(): Refusal {
  const refusal = refuse(
    {
      code: "UNAVAILABLE",
      message: "gateway restart in progress; retry shortly",
      retryable: true,
      retryAfterMs: 1500,
    },
    1013,
    "gateway restart in progress",
  );
  return countedAs("gateway-restart-in-progress", refusal);
}

/** State could not be written, so the pairing that this connect asked for did not happen. */
export function storeUnavailable(next: Text): Refusal {
  return refuse(
    {
      code: "UNAVAILABLE",
      message: "gateway cannot store state; retry shortly",
      retryable: true,
      retryAfterMs: 5000,
      details: wireDetails({ code: "STATE_NOT_WRITABLE", next }),
    },
    1013,
  );
}

/** The connect asked for something that is refused for now, or at all, as any request could be. */
export function passedOn(error: AnsweredError): Refusal {
  return refuse(error, error.retryable ? 1013 : 1008);
}
