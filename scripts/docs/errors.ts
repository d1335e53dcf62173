import { auditFull } from "../../src/audit/decisions.ts";
import { configCodes } from "../../src/config/errors.ts";
import {
  internalError,
  methodNotServed,
  unauthorizedRole,
  unknownMethod,
} from "../../src/gateway/dispatch.ts";
import { unknownNode } from "../../src/methods/nodes-list.ts";
import { joinInClear, joinIsForNodes } from "../../src/methods/setup.ts";
import { addressInClear, addressInvalid, addressUnknown } from "../../src/methods/setup-url.ts";
import { notifyCodes } from "../../src/notify/failure.ts";
import { tooManyCodes } from "../../src/pairing/attempts.ts";
import { beingRevoked } from "../../src/pairing/being-revoked.ts";
import { unknownDevice } from "../../src/pairing/devices.ts";
import { lastAdminRefusal } from "../../src/pairing/remaining-admins.ts";
import { openclaw, REST } from "../../src/protocol/command.ts";
import {
  denied,
  invalidRequest,
  missingScope,
  notSeparable,
  unavailable,
} from "../../src/protocol/errors.ts";
import type { ErrorShape } from "../../src/protocol/frames.ts";
import { noteCodes } from "../../src/protocol/note.ts";
import * as refusals from "../../src/protocol/refusals.ts";
import { plainText } from "../../src/protocol/text.ts";
import { pairingBusy } from "../../src/requests/busy.ts";
import { StoreError, storeErrorCodes } from "../../src/store/errors.ts";

type Refusal = refusals.Refusal;

const onHost = { role: "operator", scopes: [], method: "host" } as const;

const asks = {
  requestId: "7F3K-Q2MN",
  deviceId: "…",
  role: "operator" as const,
  scopes: ["operator.read"],
  fingerprint: "…",
  kind: "…",
  address: "…",
  command: "openclaw",
};

/** Every refusal of a connect, made as the gateway makes it. A test holds that none is missing. */
export const samples: Readonly<Record<string, readonly Refusal[]>> = {
  secretMissing: [
    refusals.secretMissing("token", "cli-local"),
    refusals.secretMissing("password", "cli-local"),
  ],
  secretMismatch: [
    refusals.secretMismatch("token", "cli-local", true),
    refusals.secretMismatch("password", "cli-local", false),
  ],
  secretNotConfigured: [
    refusals.secretNotConfigured("token"),
    refusals.secretNotConfigured("password"),
  ],
  deviceTokenMismatch: [refusals.deviceTokenMismatch("other")],
  scopeMismatch: [refusals.scopeMismatch()],
  inviteInvalid: [refusals.inviteInvalid("expired", "browser")],
  rateLimited: [refusals.rateLimited(300_000)],
  authenticationBusy: [refusals.authenticationBusy()],
  deviceCrowded: [refusals.deviceCrowded()],
  deviceIdentityRequired: [refusals.deviceIdentityRequired()],
  browserDeviceRequired: [refusals.browserDeviceRequired()],
  originRefused: [
    refusals.originRefused("refused", { sent: "https://app.example.com" }),
    refusals.originRefused("refused", { sent: "https://gateway.example.com", isOwnPage: true }),
    refusals.originRefused("absent"),
  ],
  proofRefused: (
    [
      "device-id-mismatch",
      "device-signature-stale",
      "device-nonce-missing",
      "device-nonce-mismatch",
      "device-signature",
    ] as const
  ).map((failure) => refusals.proofRefused(failure)),
  protocolMismatch: [refusals.protocolMismatch(2, 2), refusals.protocolMismatch(5, 6)],
  invalidRole: [refusals.invalidRole(), refusals.invalidRole("node")],
  invalidConnectParams: [refusals.invalidConnectParams("at /client/id: …")],
  starting: [refusals.starting()],
  restarting: [refusals.restarting()],
  storeUnavailable: [refusals.storeUnavailable("what the error of the state says (below)")],
  passedOn: [auditFull(), beingRevoked(), pairingBusy(5000)].map(({ shape }) =>
    refusals.passedOn(shape),
  ),
  pairingRequired: (["not-paired", "role-upgrade", "scope-upgrade"] as const).map((reason) =>
    refusals.pairingRequired({ ...asks, reason, way: { ssh: { port: 22 } } }),
  ),
};

/** Errors of single requests, which leave the connection open. */
const requestErrors: readonly (readonly [ErrorShape, string])[] = [
  [invalidRequest("invalid <method> params: …").shape, "the params are not what the method takes"],
  [unknownMethod("…").shape, "`UNKNOWN_METHOD`: there is no such method"],
  [
    methodNotServed("…").shape,
    "`METHOD_NOT_SERVED`: a method of OpenClaw's that this gateway does not serve",
  ],
  [unauthorizedRole("…").shape, "`UNAUTHORIZED_ROLE`: the method is for another role"],
  [
    notSeparable("…", openclaw`devices rotate`).shape,
    "`NOT_SEPARABLE`: an approval that leaves out what the device would hold all the same",
  ],
  [missingScope("operator.write").shape, "the caller lacks a scope; `details` name it"],
  [unavailable("…").shape, "it can't be done now; `retryAfterMs` says when to try again"],
  [internalError().shape, "`INTERNAL_ERROR`: a defect of the gateway"],
  [denied("… denied").shape, "`DENIED`: the caller may not; it says nothing of what there is"],
  [unknownDevice().shape, "`UNKNOWN_DEVICE`: no paired device has that id"],
  [unknownNode().shape, "`UNKNOWN_NODE`: no paired or connected node has that id"],
  [addressUnknown().shape, "`SETUP_ADDRESS_UNKNOWN`: a setup code would lead nowhere"],
  [
    addressInClear("ws://…").shape,
    "`SETUP_ADDRESS_IN_CLEAR`: a setup code would be refused by apps",
  ],
  [addressInvalid("…").shape, "`SETUP_ADDRESS_INVALID`: the address for a setup code is none"],
  [joinIsForNodes().shape, "`JOIN_FOR_NODES`: a setup code with a join address is a node's"],
  [joinInClear().shape, "`JOIN_IN_CLEAR`: what is fetched there could be read on the way"],
  [
    lastAdminRefusal(onHost, openclaw`devices revoke ${REST}`).shape,
    "nobody could administer the gateway from elsewhere then (`LAST_WAY_IN`); `details.cure` is the command of the host that does it all the same",
  ],
  [
    tooManyCodes(300_000).shape,
    "the caller named too many codes of requests that are not there (`CODES_LOCKED`); `retryAfterMs` says when it may name one again",
  ],
];

export function errorLines(): string[] {
  return [
    "## Refused connects",
    "",
    "The response is `ok: false` with this error; then the connection closes, with the message as its reason.",
    "",
    "| `code` | `details.code` | message | close | what helps |",
    "|---|---|---|---|---|",
    ...Object.values(samples).flat().map(refusalRow),
    "",
    "## Refused requests",
    "",
    "| `code` | message | it means |",
    "|---|---|---|",
    ...requestErrors.map(([{ code, message }, words]) => `| \`${code}\` | ${message} | ${words} |`),
    "",
    "## State",
    "",
    "In the log, from the command line, and in `details` of requests that could not be stored.",
    "",
    "| code | it says | what helps |",
    "|---|---|---|",
    ...storeErrorCodes.map(storeRow),
    "",
    "## Configuration",
    "",
    "Each finding names the line and the command that helps.",
    "",
    "| code | it means |",
    "|---|---|",
    ...Object.entries(configCodes).map(([code, words]) => `| \`${code}\` | ${words} |`),
    "",
    "## Notes",
    "",
    "In `notes` of `status` and `host.info`, besides the findings of the configuration.",
    "",
    "| code | it means |",
    "|---|---|",
    ...Object.entries(noteCodes).map(([code, words]) => `| \`${code}\` | ${words} |`),
    "",
    "## Webhook",
    "",
    "From `openclaw notify test`, in `openclaw status`, `openclaw doctor` and the log, with the command that helps.",
    "",
    "| code | it means |",
    "|---|---|",
    ...Object.entries(notifyCodes).map(([code, words]) => `| \`${code}\` | ${words} |`),
  ];
}

function refusalRow({ error, close }: Refusal): string {
  const details = error.details ?? {};
  const { code, cure, approveCommand } = details as Record<string, string | undefined>;
  const helps = cure ?? approveCommand ?? (error.retryable ? "wait; clients try again" : "–");
  const known = code === undefined ? "–" : `\`${code}\``;
  return `| \`${error.code}\` | ${known} | ${error.message} | ${close.code} | ${cell(helps)} |`;
}

function storeRow(code: (typeof storeErrorCodes)[number]): string {
  const facts = { folder: "FOLDER", file: "FILE", detail: "DETAIL" };
  const { message, next } = new StoreError(code, facts);
  return `| \`${code}\` | ${cell(message)} | ${cell(plainText(next))} |`;
}

/** Text that is neither the end of a cell nor a tag. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
