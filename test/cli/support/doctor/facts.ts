import type { DoctorFacts, StateEntry } from "../../../../src/cli/commands/doctor/facts.ts";
import { buildConfig } from "../../../../src/config/settings.ts";
import { openclaw } from "../../../../src/protocol/command.ts";
import { NOW } from "../io.ts";
import { hostInfo } from "../rows.ts";

export const OWNER = 990;
export const STATE = "/var/lib/openclaw-gateway";
export const CONFIG = "/etc/openclaw-gateway/openclaw.json";

const HOUR = 60 * 60 * 1000;

export function entry(name: string, more: Partial<StateEntry> = {}): StateEntry {
  return { name, kind: "file", mode: 0o600, uid: OWNER, gid: OWNER, mtimeMs: NOW - HOUR, ...more };
}

const owned = { uid: OWNER, gid: OWNER, mtimeMs: NOW - HOUR };
const counts = { devices: 2, pending: 0, invites: 0 };
const secrets = { token: true, password: false };

/** A gateway that runs and lacks nothing. */
export function running(): DoctorFacts {
  const { gateway } = buildConfig();
  return {
    nowMs: NOW,
    program: { version: "1.2.3", node: "24.11.0", glibc: "2.41", call: "node /srv/index.js" },
    gateway: {
      how: "running",
      info: hostInfo({ stateDir: STATE, configPath: CONFIG, secrets }),
      status: {
        runtimeVersion: "1.2.3",
        fingerprint: "game-data-mask-spot-pink-lily-soda-kite",
        startedAtMs: NOW - HOUR,
        uptimeMs: HOUR,
        listening: [],
        connections: {},
        pairing: counts,
        store: { ok: true },
        closes: {},
        warnings: [],
      } as never,
    },
    config: {
      path: CONFIG,
      exists: true,
      file: { ...owned, mode: 0o600 },
      errors: [],
      warnings: [],
      overrides: [],
      gateway: { ...gateway, auth: { ...gateway.auth, devicelessCli: "never" } },
      devicelessCli: "never",
      bindByFlag: false,
    },
    state: {
      folder: STATE,
      found: { ...owned, mode: 0o700, isFolder: true },
      entries: [entry("gateway.json"), entry("gateway.journal")],
      space: { bytes: 2 ** 33, inodes: 500_000 },
    },
    machine: {
      uid: 0,
      gid: 0,
      isContainer: false,
      pm2: { alive: false, saved: false },
      openFiles: { soft: 524_288, hard: 524_288 },
      others: { defaultPort: false },
    },
    ssh: {
      account: "openclaw",
      dropInFor: "openclaw",
      programThere: true,
      groups: ["openclaw-ssh"],
      proxyGroups: ["www-data"],
      keys: [{ fingerprint: "SHA256:a" }],
      altered: [],
      uncounted: [],
      published: ["SHA256:a"],
    },
  };
}

/** The same, stopped. */
export function stopped(): DoctorFacts {
  const facts = running();
  const inspection = { problems: [], torn: 0, secrets, pairing: counts };
  return {
    ...facts,
    gateway: { how: "stopped", start: openclaw`gateway run` },
    state: { ...facts.state, inspection },
    machine: { ...facts.machine, port: { number: 18_789 } },
    ssh: { ...facts.ssh, keys: undefined },
  };
}
