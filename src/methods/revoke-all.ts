import { limitTable } from "../limits/table.ts";
import type { Counted } from "../pairing/mass-revocation.ts";
import type { RevokeAllPlan } from "../pairing/revoke-all.ts";
import { ADMIN } from "../protocol/access.ts";
import * as t from "../protocol/typed-schema.ts";
import { durability, pairedRow } from "./device-rows.ts";
import { method } from "./method.ts";
import * as results from "./results/devices.ts";
import type { Services } from "./services.ts";

const params = t.object(
  {},
  {
    exceptDeviceIds: t.array(t.string({ minLength: 1 }), {
      maxItems: limitTable.exceptDevices.value,
    }),
    force: t.boolean(),
    dryRun: t.boolean(),
  },
);

/** Numbers of what was ended (with `dryRun`: would be), and the ways in that remain. */
const result = () =>
  t.object(
    {
      revoked: t.integer(),
      nodes: t.integer(),
      rejected: t.integer(),
      links: t.integer(),
      kept: t.array(results.pairedRow()),
      remains: t.object({
        sshKeys: t.integer(),
        secrets: t.array(t.oneOf("token", "password")),
        devicelessCli: t.boolean(),
        waysIn: results.remainingAdmins(),
      }),
    },
    { dryRun: t.exactly(true), ...results.durability() },
  );

export const revokeAll = method({
  name: "device.pair.revokeAll",
  summary:
    "Ends the tokens of all devices but `exceptDeviceIds` (operators and nodes) and closes their connections, rejects all requests, takes all links back, and says what remains. `dryRun` only tells how many that would be. A device that calls this names itself too; where no way in with full control would be left it takes `force`.",
  access: { roles: ["operator"], scope: ADMIN },
  params,
  result,
  run: async ({ exceptDeviceIds = [], force, dryRun = false }, { actor, services }) => {
    const { many } = services.pairing;
    const ask = { except: [...new Set(exceptDeviceIds)], actor, force };
    if (dryRun)
      return {
        ...counted(await many.plan(ask)),
        remains: remains(services),
        dryRun: true as const,
      };
    const done = await many.revokeAll(ask);
    return { ...counted(done), remains: remains(services), ...durability(done) };
  },
});

function counted({ devices, nodes, pending, invites, kept }: RevokeAllPlan & Counted) {
  return {
    revoked: devices,
    nodes,
    rejected: pending.length,
    links: invites.length,
    kept: kept.map(pairedRow),
  };
}

/** What still lets clients in, or lets them ask, after all devices were revoked. */
function remains({ secrets, config, pairing, ssh }: Services) {
  return {
    /** Keys that may go on approving. */
    sshKeys: ssh.live(),
    secrets: (["token", "password"] as const).filter((kind) => secrets.isSet(kind)),
    /** Who holds the secret gets all it asks for on this machine, without a device. */
    devicelessCli: config.devicelessCli,
    waysIn: pairing.remainingAdmins(),
  };
}

export const revokeAllMethods = [revokeAll];
