import { cleanText } from "../lib/text.ts";
import { limitTable } from "../limits/table.ts";
import { ADMIN, isRole } from "../protocol/access.ts";
import { RequestError } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { durability } from "./device-rows.ts";
import { type Call, method } from "./method.ts";
import * as results from "./results/devices.ts";
import { setupCodeOf, setupUrl } from "./setup-url.ts";

const access = { roles: ["operator"], scope: ADMIN } as const;

const inviteParams = t.object(
  {},
  {
    role: results.role(),
    scopes: t.array(t.string({ minLength: 1, maxLength: limitTable.scopeChars.value }), {
      maxItems: limitTable.scopesPerRequest.value,
    }),
    expiresInMs: t.integer({ minimum: limitTable.inviteMinMs.value }),
    uses: t.integer({ minimum: 1 }),
    name: t.string(),
  },
);

type InviteParams = t.ValueOf<typeof inviteParams>;

/** `url` is the link. `setupCode`: the same secret as OpenClaw's own node host takes it. */
const madeInvite = () =>
  t.object(
    {
      inviteId: t.string(),
      role: results.role(),
      scopes: results.strings(),
      expiresAtMs: t.integer(),
      uses: t.integer(),
      secret: t.string(),
      url: t.string(),
    },
    { name: t.string(), setupCode: t.string() },
  );

/** A link without its secret. Of a setup code also how much it grants, and the address in it. */
const inviteRow = () => ({
  required: {
    inviteId: t.string(),
    kind: t.oneOf("link", "setup-code"),
    role: results.role(),
    roles: results.roles(),
    scopes: results.strings(),
    createdAtMs: t.integer(),
    expiresAtMs: t.integer(),
    uses: t.integer(),
    usedBy: t.array(t.object({ deviceId: t.string(), atMs: t.integer() })),
  },
  optional: {
    name: t.string(),
    access: t.oneOf("full", "limited", "node"),
    gatewayUrl: t.string(),
  },
});

export const invite = method({
  name: "device.pair.invite",
  summary: "Makes a link that pairs the device which opens it, or the first `uses` devices.",
  access,
  params: inviteParams,
  result: madeInvite,
  run: (params, call) => makeInvite(params, call),
});

async function makeInvite(params: InviteParams, { actor, services }: Call) {
  const role = params.role !== undefined && isRole(params.role) ? params.role : "operator";
  const made = await services.pairing.links.make(
    {
      role,
      scopes: params.scopes ?? [],
      expiresInMs: params.expiresInMs ?? services.limits.inviteDefaultMs,
      name: cleanText(params.name),
      uses: params.uses,
    },
    actor,
  );
  const { inviteId, scopes, expiresAtMs, name, uses } = made.invite;
  const base = services.lifecycle.info.pageUrl;
  // The same secret as OpenClaw's own node host takes it, where that could dial the gateway.
  const found = role === "node" && setupUrl(undefined, services.reach(), services.limits);
  const leadsTo = found && !(found instanceof RequestError) ? found : undefined;
  const pin = leadsTo?.pin;
  return {
    inviteId,
    role,
    scopes,
    expiresAtMs,
    uses,
    ...(name !== undefined && { name }),
    secret: made.secret,
    url: `${base}#invite=${made.secret}${pin === undefined ? "" : `&pin=${pin}`}`,
    ...(leadsTo && { setupCode: setupCodeOf(leadsTo, made) }),
  };
}

export const inviteList = method({
  name: "device.pair.inviteList",
  summary: "The links that still pair someone, newest first; never their secrets.",
  access,
  result: () =>
    t.object({ invites: t.array(t.object(inviteRow().required, inviteRow().optional)) }),
  run: (_params, { services }) => ({ invites: services.pairing.links.open() }),
});

const revokeParams = t.object({ inviteId: t.string({ minLength: 1 }) });

export const inviteRevoke = method({
  name: "device.pair.inviteRevoke",
  summary: "Revokes a link at once; devices that it paired stay.",
  access,
  params: revokeParams,
  result: () =>
    t.object(inviteRow().required, { ...inviteRow().optional, ...results.durability() }),
  run: async ({ inviteId }, { actor, services }) => {
    const { invite, ...outcome } = await services.pairing.links.revoke(inviteId, actor);
    return { ...invite, ...durability(outcome) };
  },
});

export const inviteMethods = [invite, inviteList, inviteRevoke];
