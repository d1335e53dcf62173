import { cleanText } from "../lib/text.ts";
import { limitTable } from "../limits/table.ts";
import { ADMIN, isRole } from "../protocol/access.ts";
import { RequestError } from "../protocol/errors.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { encodeSetupCode } from "../protocol/setup-code.ts";
import { durability } from "./device-rows.ts";
import { type Call, method } from "./method.ts";
import { setupUrl } from "./setup-url.ts";

const access = { roles: ["operator"], scope: ADMIN } as const;

const inviteParams: JsonSchema = {
  type: "object",
  properties: {
    role: { type: "string", enum: ["operator", "node"] },
    scopes: {
      type: "array",
      items: { type: "string", minLength: 1, maxLength: limitTable.scopeChars.value },
      maxItems: limitTable.scopesPerRequest.value,
    },
    expiresInMs: { type: "integer", minimum: limitTable.inviteMinMs.value },
    uses: { type: "integer", minimum: 1 },
    name: { type: "string" },
  },
};

interface InviteParams {
  role?: string;
  scopes?: string[];
  expiresInMs?: number;
  uses?: number;
  name?: string;
}

export const invite = method<InviteParams>({
  name: "device.pair.invite",
  summary: "Makes a link that pairs the device which opens it, or the first `uses` devices.",
  access,
  params: inviteParams,
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
  const leadsTo = setupUrl(undefined, services.reach(), services.limits);
  const code = role === "node" && !(leadsTo instanceof RequestError) && leadsTo.url;
  return {
    inviteId,
    role,
    scopes,
    expiresAtMs,
    uses,
    ...(name !== undefined && { name }),
    secret: made.secret,
    url: `${base}#invite=${made.secret}`,
    ...(code && {
      setupCode: encodeSetupCode({ url: code, bootstrapToken: made.secret, expiresAtMs }),
    }),
  };
}

export const inviteList = method({
  name: "device.pair.inviteList",
  summary: "The links that still pair someone, newest first; never their secrets.",
  access,
  run: (_params, { services }) => ({ invites: services.pairing.links.open() }),
});

const revokeParams: JsonSchema = {
  type: "object",
  required: ["inviteId"],
  properties: { inviteId: { type: "string", minLength: 1 } },
};

export const inviteRevoke = method<{ inviteId: string }>({
  name: "device.pair.inviteRevoke",
  summary: "Revokes a link at once; devices that it paired stay.",
  access,
  params: revokeParams,
  run: async ({ inviteId }, { actor, services }) => {
    const { invite, ...outcome } = await services.pairing.links.revoke(inviteId, actor);
    return { ...invite, ...durability(outcome) };
  },
});

export const inviteMethods = [invite, inviteList, inviteRevoke];
