import { ADMIN } from "../protocol/access.ts";
import { noteFields } from "../protocol/note.ts";
import * as t from "../protocol/typed-schema.ts";
import { method } from "./method.ts";
import { hostReport } from "./results/host.ts";
import type { HostInfo } from "./services.ts";

const host = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

export const hostInfo = method({
  name: "host.info",
  summary: "What this gateway process is, where it listens, what it warns about.",
  access: host,
  result: hostReport,
  run: async (_params, { services }) => {
    await services.config.look();
    return {
      ...infoFields(services.lifecycle.info),
      fingerprint: services.identity.fingerprint,
      deviceId: services.identity.deviceId,
      pairing: services.pairing.counts(),
      connections: services.connections.byRole(),
      secrets: {
        token: services.secrets.isSet("token"),
        password: services.secrets.isSet("password"),
      },
    };
  },
});

function infoFields({ notes, ...info }: HostInfo) {
  return { ...info, ...noteFields(notes) };
}

export const hostRestart = method({
  name: "host.restart",
  summary: "Drains, closes connections with 1012 and builds the gateway anew in this process.",
  access: host,
  result: () => t.object({ restarting: t.exactly(true), pid: t.integer() }),
  run: (_params, { services }) => {
    services.lifecycle.restart();
    return { restarting: true as const, pid: services.lifecycle.info.pid };
  },
});

export const hostExpectRestart = method({
  name: "host.restart.expect",
  summary: "Says that a supervisor is about to restart this process, so that clients hear it so.",
  access: host,
  result: () => t.object({ expecting: t.exactly(true) }),
  run: (_params, { services }) => {
    services.lifecycle.expectRestart();
    return { expecting: true as const };
  },
});

export const hostStop = method({
  name: "host.stop",
  summary: "Drains, closes connections with 1012 and ends this process.",
  access: host,
  result: () => t.object({ stopping: t.exactly(true), pid: t.integer() }),
  run: (_params, { services }) => {
    services.lifecycle.stop();
    return { stopping: true as const, pid: services.lifecycle.info.pid };
  },
});

export const hostMethods = [hostInfo, hostRestart, hostExpectRestart, hostStop];
