import { cleanText } from "../lib/text.ts";
import { sshLimitTable as limits } from "../limits/ssh.ts";
import type { SshKey } from "../pairing/records.ts";
import { ADMIN } from "../protocol/access.ts";
import * as t from "../protocol/typed-schema.ts";
import { durability } from "./device-rows.ts";
import { method } from "./method.ts";
import { durability as durabilityFields } from "./results/devices.ts";
import { sshKeyRow, sshRight, unpublished as unpublishedFields } from "./results/host.ts";

const access = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

function keyRow({ type, blob, ...row }: SshKey) {
  return { ...row, publicKey: `${type} ${blob}` };
}

const addParams = t.object(
  { publicKey: t.string({ minLength: 1, maxLength: limits.sshKeyChars.value }) },
  {
    name: t.string({ minLength: 1 }),
    may: t.array(sshRight(), { minItems: 1, maxItems: 3 }),
    from: t.array(t.string({ minLength: 1, maxLength: limits.sshNetworkChars.value }), {
      maxItems: limits.sshKeyNetworks.value,
    }),
    expiresInMs: t.integer({ minimum: 1 }),
  },
);

export const sshAdd = method({
  name: "host.ssh.add",
  summary: "Lets a public key approve devices over SSH, and nothing else; `operator` by default.",
  access,
  params: addParams,
  result: () => t.object({ key: sshKeyRow() }, unpublishedFields()),
  run: async ({ may = ["operator" as const], name, ...ask }, { actor, services }) => {
    const { key, ...rest } = await services.ssh.add({ ...ask, may, name: cleanText(name) }, actor);
    return { key: keyRow(key), ...rest };
  },
});

export const sshList = method({
  name: "host.ssh.list",
  summary: "The keys that may approve over SSH.",
  access,
  result: () => t.object({ keys: t.array(sshKeyRow()) }),
  run: (_params, { services }) => ({ keys: services.ssh.list().map(keyRow) }),
});

export const sshRemove = method({
  name: "host.ssh.remove",
  summary:
    "Removes a key, by its name or fingerprint: it is refused from that moment. The last way in with full control takes `force`.",
  access,
  params: t.object({ key: t.string({ minLength: 1, maxLength: 256 }) }, { force: t.boolean() }),
  result: () => t.object({ key: sshKeyRow() }, { ...unpublishedFields(), ...durabilityFields() }),
  run: async ({ key: typed, force }, { actor, services }) => {
    const { key, unpublished, ...outcome } = await services.ssh.remove(typed, { actor, force });
    return { key: keyRow(key), ...(unpublished && { unpublished }), ...durability(outcome) };
  },
});

export const sshPublish = method({
  name: "host.ssh.publish",
  summary: "Writes the keys anew for sshd, as where approval over SSH is turned on.",
  access,
  result: () => t.object({}, unpublishedFields()),
  run: (_params, { services }) => services.ssh.publish(),
});

export const sshMethods = [sshAdd, sshList, sshRemove, sshPublish];
