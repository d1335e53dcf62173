import { ADMIN } from "../protocol/access.ts";
import { method } from "./method.ts";
import type { HostReport } from "./services.ts";

const host = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

export const hostInfo = method({
  name: "host.info",
  summary: "What this gateway process is, where it listens, what it warns about.",
  access: host,
  run: (_params, { services }): HostReport => ({
    ...services.lifecycle.info,
    fingerprint: services.identity.fingerprint,
    deviceId: services.identity.deviceId,
    pairing: services.pairing.counts(),
    connections: services.connections.byRole(),
    secrets: {
      token: services.secrets.isSet("token"),
      password: services.secrets.isSet("password"),
    },
  }),
});

export const hostRestart = method({
  name: "host.restart",
  summary: "Drains, closes connections with 1012 and builds the gateway anew in this process.",
  access: host,
  run: (_params, { services }) => {
    services.lifecycle.restart();
    return { restarting: true, pid: services.lifecycle.info.pid };
  },
});

export const hostExpectRestart = method({
  name: "host.restart.expect",
  summary: "Says that a supervisor is about to restart this process, so that clients hear it so.",
  access: host,
  run: (_params, { services }) => {
    services.lifecycle.expectRestart();
    return { expecting: true };
  },
});

export const hostStop = method({
  name: "host.stop",
  summary: "Drains, closes connections with 1012 and ends this process.",
  access: host,
  run: (_params, { services }) => {
    services.lifecycle.stop();
    return { stopping: true, pid: services.lifecycle.info.pid };
  },
});

export const hostMethods = [hostInfo, hostRestart, hostExpectRestart, hostStop];
