import { cleanText } from "../lib/text.ts";
import { sshLimitTable as limits } from "../limits/ssh.ts";
import type { SshKey } from "../pairing/records.ts";
import { ADMIN } from "../protocol/access.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { type SshRight, sshRights } from "../words/ssh-rights.ts";
import { durability } from "./device-rows.ts";
import { method } from "./method.ts";

const access = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

function keyRow({ type, blob, ...row }: SshKey): Record<string, unknown> {
  return { ...row, publicKey: `${type} ${blob}` };
}

const addParams: JsonSchema = {
  type: "object",
  required: ["publicKey"],
  properties: {
    publicKey: { type: "string", minLength: 1, maxLength: limits.sshKeyChars.value },
    name: { type: "string", minLength: 1 },
    may: {
      type: "array",
      items: { type: "string", enum: Object.keys(sshRights) },
      minItems: 1,
      maxItems: 3,
    },
    from: {
      type: "array",
      items: { type: "string", minLength: 1, maxLength: limits.sshNetworkChars.value },
      maxItems: limits.sshKeyNetworks.value,
    },
    expiresInMs: { type: "integer", minimum: 1 },
  },
};

interface AddParams {
  publicKey: string;
  name?: string;
  may?: SshRight[];
  from?: string[];
  expiresInMs?: number;
}

export const sshAdd = method<AddParams>({
  name: "host.ssh.add",
  summary: "Lets a public key approve devices over SSH, and nothing else; `operator` by default.",
  access,
  params: addParams,
  run: async ({ may = ["operator"], name, ...ask }, { actor, services }) => {
    const { key, ...rest } = await services.ssh.add({ ...ask, may, name: cleanText(name) }, actor);
    return { key: keyRow(key), ...rest };
  },
});

export const sshList = method({
  name: "host.ssh.list",
  summary: "The keys that may approve over SSH.",
  access,
  run: (_params, { services }) => ({ keys: services.ssh.list().map(keyRow) }),
});

export const sshRemove = method<{ key: string; force?: boolean }>({
  name: "host.ssh.remove",
  summary:
    "Removes a key, by its name or fingerprint: it is refused from that moment. The last way in with full control takes `force`.",
  access,
  params: {
    type: "object",
    required: ["key"],
    properties: {
      key: { type: "string", minLength: 1, maxLength: 256 },
      force: { type: "boolean" },
    },
  },
  run: async ({ key: typed, force }, { actor, services }) => {
    const { key, unpublished, ...outcome } = await services.ssh.remove(typed, { actor, force });
    return { key: keyRow(key), ...(unpublished && { unpublished }), ...durability(outcome) };
  },
});

export const sshPublish = method({
  name: "host.ssh.publish",
  summary: "Writes the keys anew for sshd, as after `openclaw ssh enable`.",
  access,
  run: (_params, { services }) => services.ssh.publish(),
});

export const sshMethods = [sshAdd, sshList, sshRemove, sshPublish];
