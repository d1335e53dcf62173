import { NOW } from "../io.ts";
import { type Case, down, files, info, machine, up } from "./cases.ts";
import { entry, OWNER, STATE } from "./facts.ts";

const ss = (number: number) =>
  `ss -ltnp 'sport = :${number}' (or another: openclaw config set gateway.port PORT)`;
const unit = { active: "active", enabled: true };
const pm2 = { alive: true, saved: true };

export const around: Case[] = [
  [
    "a full disk",
    "disk.space",
    up({ state: { space: { bytes: 4096 } } }),
    ["fail", /is full/, `df -h ${STATE}`],
  ],
  [
    "an almost full disk",
    "disk.space",
    up({ state: { space: { bytes: 50 * 2 ** 20 } } }),
    ["warn", /only 50 MiB/, `df -h ${STATE}`],
  ],
  [
    "no inodes",
    "disk.space",
    up({ state: { space: { bytes: 2 ** 33, inodes: 3 } } }),
    ["fail", /no inodes/, `df -i ${STATE}`],
  ],
  [
    "few inodes",
    "disk.space",
    up({ state: { space: { bytes: 2 ** 33, inodes: 300 } } }),
    ["warn", /only 300 inodes/, `df -i ${STATE}`],
  ],
  [
    "a clock that started over",
    "clock",
    up({ nowMs: 0 }),
    ["fail", /1970-01-01/, "sudo timedatectl set-ntp true"],
  ],
  [
    "a clock before the newest file",
    "clock",
    up(files(entry("gateway.json", { mtimeMs: NOW + 3_600_000 }))),
    ["warn", /1 hour before the newest file/, "sudo timedatectl set-ntp true"],
  ],
  [
    "a clock that differs by a minute",
    "clock",
    up(files(entry("gateway.json", { mtimeMs: NOW + 60_000 }))),
    ["ok", /clock says/],
  ],
  [
    "a taken port",
    "port",
    down(machine({ port: { number: 18_789, takenBy: "process 7 (node)" } })),
    ["fail", /Port 18789 is taken by process 7/, ss(18_789)],
  ],
  [
    "systemd and pm2 at once",
    "supervision",
    up(machine({ unit, pm2 })),
    ["fail", /both run/, "pm2 delete openclaw-gateway && pm2 save --force"],
  ],
  [
    "systemd beside the pm2 that runs it",
    "supervision",
    up({ ...info({ supervisor: "pm2", unit: "0" }), machine: { unit } }),
    ["fail", /both run/, "sudo systemctl disable --now openclaw-gateway"],
  ],
  [
    "systemd and pm2 at the next boot",
    "supervision",
    down(machine({ unit: { active: "inactive", enabled: true }, pm2: { ...pm2, alive: false } })),
    ["warn", /both start/, "pm2 delete openclaw-gateway && pm2 save --force"],
  ],
  [
    "a disabled unit beside pm2",
    "supervision",
    up(machine({ unit: { active: "inactive", enabled: false }, pm2 })),
    ["ok", /At most one/],
  ],
  [
    "few files for the running gateway",
    "open-files",
    up({ ...info({ pid: 77 }), machine: { openFiles: { soft: 1024, hard: 4096 } } }),
    ["warn", /Only 1024 .*4096.*16000/, "prlimit --pid 77 --nofile=20000:20000"],
  ],
  [
    "few files for the unit",
    "open-files",
    up({ ...info({ supervisor: "systemd" }), machine: { openFiles: { soft: 1024, hard: 1024 } } }),
    ["warn", /LimitNOFILE=20000/, "sudo systemctl edit openclaw-gateway"],
  ],
  [
    "few files for the next gateway",
    "open-files",
    down(machine({ openFiles: { soft: 4096, hard: 4096 }, uid: OWNER })),
    ["warn", /Only 4096/, "sudo prlimit --pid $$ --nofile=20000:20000"],
  ],
  [
    "another openclaw on the path",
    "other.command",
    up(machine({ others: { defaultPort: false, binary: "/usr/bin/openclaw" } })),
    ["warn", /\/usr\/bin\/openclaw/, "export OPENCLAW_COMMAND='node /srv/index.js'"],
  ],
  [
    "another OpenClaw's state and port",
    "other.gateway",
    up(machine({ others: { defaultPort: true, home: "/root/.openclaw" } })),
    [
      "note",
      /\.openclaw, a listener on its port 18789.*left alone/,
      "openclaw config get gateway.port",
    ],
  ],
];
