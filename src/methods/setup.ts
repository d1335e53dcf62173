import { joinSecret } from "../auth/tokens.ts";
import { isLoopbackHost } from "../lib/net.ts";
import { squaresPng } from "../lib/png.ts";
import { qrCode } from "../lib/qr.ts";
import { cleanText } from "../lib/text.ts";
import { limitTable } from "../limits/table.ts";
import { ADMIN } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest, RequestError } from "../protocol/errors.ts";
import { type SetupAccess, setupGrants } from "../protocol/setup-access.ts";
import { say } from "../protocol/text.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import { setupCodeOf, setupUrl } from "./setup-url.ts";

const access = { roles: ["operator"], scope: ADMIN } as const;

/** OpenClaw's own, and what every link here can have. */
const setupParams = t.withOptional(wireSchemas.devicePairSetupCode, {
  expiresInMs: t.integer({ minimum: limitTable.inviteMinMs.value }),
  name: t.string(),
});

type SetupParams = t.ValueOf<typeof setupParams>;

const granted = () => t.oneOf("full", "limited", "node");

/** `accessDowngraded`: asked for was more than goes over an address without TLS. */
const madeCode = () =>
  t.object(
    {
      setupId: t.string(),
      expiresAtMs: t.integer(),
      setupCode: t.string(),
      gatewayUrl: t.string(),
      auth: t.oneOf("token", "password"),
      urlSource: t.string(),
      access: granted(),
    },
    { joinUrl: t.string(), qrDataUrl: t.string(), accessDowngraded: t.exactly(true) },
  );

export const setupCode = method({
  name: "device.pair.setupCode",
  summary:
    "Makes a code that pairs one of OpenClaw's own apps: full access, or as `bootstrapProfile` says.",
  access,
  params: setupParams,
  result: madeCode,
  run: (params, call) => makeSetupCode(params, call),
});

/** 128 bits, as the addresses of OpenClaw's own gateway have. */
export const JOIN_BYTES = 16;

async function makeSetupCode(params: SetupParams, { actor, services }: Call) {
  const { limits, world, pairing, tokenKey } = services;
  const reach = services.reach();
  const leadsTo = setupUrl(params.publicUrl, reach, limits);
  if (leadsTo instanceof RequestError) throw leadsTo;
  const { url, source, isPrivate } = leadsTo;
  const asked = accessOf(params);
  const given = asked === "full" && !isPrivate ? "limited" : asked;
  const join = params.joinUrl ? world.bytes(JOIN_BYTES).toString("base64url") : undefined;
  const joinUrl = join === undefined ? undefined : joinAddress(url, join);
  const { roles, scopes } = setupGrants[given];
  const { invite, secret } = await pairing.links.make(
    {
      role: roles[0],
      roles,
      scopes,
      expiresInMs: params.expiresInMs ?? limits.setupDefaultMs,
      name: cleanText(params.name),
      setup: { access: given, url, ...(join !== undefined && { joins: true as const }) },
      ...(join !== undefined && { secret: joinSecret(tokenKey, join) }),
    },
    actor,
  );
  const { inviteId, expiresAtMs } = invite;
  const code = setupCodeOf(leadsTo, { secret, invite });
  return {
    setupId: inviteId,
    expiresAtMs,
    setupCode: code,
    ...(joinUrl !== undefined && { joinUrl }),
    ...(params.includeQr !== false && { qrDataUrl: qrDataUrl(code) }),
    gatewayUrl: url,
    auth: reach.secretKind,
    urlSource: source,
    access: given,
    ...(given !== asked && { accessDowngraded: true as const }),
  };
}

function accessOf({ bootstrapProfile, joinUrl }: SetupParams): SetupAccess {
  if (!joinUrl) return bootstrapProfile ?? "full";
  if (bootstrapProfile === "limited") throw joinIsForNodes();
  return "node";
}

/** Where the code can be fetched; its secret goes over that line, so others must not hear it. */
function joinAddress(url: string, join: string): string {
  const { protocol, host, hostname, pathname } = new URL(url);
  if (protocol !== "wss:" && !isLoopbackHost(hostname)) throw joinInClear();
  const scheme = protocol === "wss:" ? "https:" : "http:";
  return `${scheme}//${host}${pathname.replace(/\/+$/, "")}/j/${join}`;
}

export function joinIsForNodes(): RequestError {
  const next = "leave bootstrapProfile out, or set it to node";
  return invalidRequest("a join address is for nodes", { code: "JOIN_FOR_NODES", next });
}

export function joinInClear(): RequestError {
  const next = say`use the setup code itself: ${openclaw`devices invite --setup-code --access node`}`;
  const message = "a join address needs https://";
  return invalidRequest(message, { code: "JOIN_IN_CLEAR", next });
}

/** A camera needs a border of four modules; six pixels a module are sharp on every screen. */
function qrDataUrl(text: string): string {
  return `data:image/png;base64,${squaresPng(qrCode(text, 4), 6).toString("base64")}`;
}

const outcome = () =>
  t.object(
    { setupId: t.string(), deviceId: t.string(), access: granted(), ts: t.integer() },
    { deviceName: t.string() },
  );

export const setupStatus = method({
  name: "device.pair.setupStatus",
  summary: "Which device a setup code paired: `completion` or `deliveryUncertain`, else nothing.",
  access,
  params: wireSchemas.devicePairSetupStatus,
  result: () => t.object({}, { completion: outcome(), deliveryUncertain: outcome() }),
  run: ({ setupId }, { services }) => {
    const ended = services.setups.ended(setupId);
    if (!ended) return {};
    const { end, outcome } = ended;
    return end === "completed" ? { completion: outcome } : { deliveryUncertain: outcome };
  },
});

export const setupMethods = [setupCode, setupStatus];
