import { expect } from "vitest";
import { openclaw } from "../../../../src/protocol/command.ts";
import { partsOf } from "../../../../src/protocol/text.ts";
import { type Case, clear, down, info, inspection, issue, machine, up } from "./cases.ts";
import { CONFIG } from "./facts.ts";

const restartDue = {
  code: "RESTART_DUE",
  message: "gateway.port changed",
  next: partsOf(openclaw`gateway restart`),
};
const noSecret = { code: "NO_SHARED_SECRET", message: "no shared token is set" };
const clearNote = {
  code: "CONFIG_CLEAR_SECRET",
  message: `${CONFIG}:3:1: ${clear.message}`,
  next: partsOf(openclaw`config migrate-secrets`),
};

export const program: Case[] = [
  [
    "an old Node.js",
    "node.version",
    up({ program: { node: "20.18.1" } }),
    ["fail", /too old: 20\.19 or newer/, "sudo npx --yes n 24"],
  ],
  [
    "a Node.js whose fixes ended",
    "node.version",
    up({ program: { node: "20.20.2" } }),
    ["warn", /no more security fixes .* since 2026-04-30/, "sudo npx --yes n 24"],
  ],
  [
    "a Node.js on its last day",
    "node.version",
    up({ program: { node: "20.20.2" }, nowMs: Date.UTC(2026, 3, 30, 23) }),
    ["ok", /gets security fixes/],
  ],
  [
    "a system that is too old for a newer Node.js",
    "node.version",
    up({ program: { node: "20.20.2", glibc: "2.36" } }),
    [
      "warn",
      /C library 2\.36.*Debian 13 and Ubuntu 24\.04/,
      expect.stringContaining("cat /etc/os-release"),
    ],
  ],
  [
    "a Node.js from the future",
    "node.version",
    up({ program: { node: "31.0.0" } }),
    ["ok", /security fixes/],
  ],
  ["a stopped gateway", "gateway.running", down(), ["warn", /not run/, "openclaw gateway run"]],
  [
    "a unit that failed",
    "gateway.running",
    down(machine({ unit: { active: "failed", enabled: true } })),
    ["fail", /systemd calls it failed/, "journalctl -u openclaw-gateway -n 50 --no-pager"],
  ],
  [
    "a unit that is up where nobody answers",
    "gateway.running",
    down(machine({ unit: { active: "active", enabled: true } })),
    ["fail", /says it runs, yet it does not answer/, expect.stringContaining("journalctl")],
  ],
  [
    "a gateway with another admin socket",
    "gateway.running",
    down(inspection({ heldBy: { pid: 7, adminSocket: "/run/it's.sock" } })),
    ["warn", /Process 7 uses/, "env OPENCLAW_ADMIN_SOCKET='/run/it'\\''s.sock' openclaw doctor"],
  ],
  [
    "an admin socket that may not be used",
    "gateway.running",
    up({ gateway: { how: "unreachable", message: "no permission", denied: true } }),
    [
      "warn",
      /no permission/,
      "sudo env OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway openclaw doctor",
    ],
  ],
  [
    "a gateway that hangs",
    "gateway.running",
    up({ gateway: { how: "unreachable", message: "no answer", denied: false } }),
    ["fail", /does not answer: no answer/, "openclaw gateway restart"],
  ],
  [
    "an older gateway in memory",
    "gateway.version",
    up(info({ version: "1.2.2", supervisor: "systemd" })),
    ["warn", /1\.2\.2, the program on disk is 1\.2\.3/, "openclaw gateway restart"],
  ],
  [
    "an older gateway that nobody supervises",
    "gateway.version",
    up(info({ version: "1.2.2" })),
    ["warn", /1\.2\.2/, "openclaw gateway stop && openclaw gateway run"],
  ],
  [
    "a warning of the gateway's own",
    "gateway.warnings",
    up(info({ warnings: ["gateway.port changed"] })),
    ["warn", /gateway\.port changed/, "openclaw gateway status"],
  ],
  [
    "a warning of the gateway's own, with what helps",
    "gateway.warnings",
    up(info({ warnings: ["x; see: y"], notes: [restartDue] })),
    ["warn", /warns: gateway\.port changed\.$/, "openclaw gateway restart"],
  ],
  [
    "several warnings of the gateway's own",
    "gateway.warnings",
    up(info({ warnings: ["a", "b", "c"], notes: [noSecret, restartDue, restartDue] })),
    ["warn", /gateway\.port changed \(and 1 more\)\.$/, "openclaw gateway status"],
  ],
  [
    "warnings that other checks give",
    "gateway.warnings",
    up({
      ...info({ warnings: ["a", "b"], notes: [noSecret, clearNote] }),
      config: { warnings: [clear] },
    }),
    ["ok", /nothing else/],
  ],
  [
    "a warning about a file that the doctor may not read",
    "gateway.warnings",
    up({
      ...info({ warnings: ["a"], notes: [clearNote] }),
      config: { errors: [issue("CONFIG_READ", "", "EACCES")] },
    }),
    ["warn", /holds a secret in clear text/, "openclaw config migrate-secrets"],
  ],
];
