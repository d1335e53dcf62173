import type { DoctorFacts } from "../../../../src/cli/commands/doctor/facts.ts";
import { NOW } from "../io.ts";
import {
  type Case,
  configFile,
  down,
  folder,
  info,
  type More,
  machine,
  settings,
  up,
} from "./cases.ts";
import { CONFIG, entry, OWNER, STATE } from "./facts.ts";

const self = { uid: OWNER, gid: OWNER, isContainer: true };

/** The same in the gateway's container, as its user. */
const inside = ({ machine: around, ssh, config, ...facts }: DoctorFacts): DoctorFacts => ({
  ...facts,
  machine: { ...around, ...self },
  ssh: { ...ssh, account: undefined, keys: [] },
  config: {
    ...config,
    ...(config.gateway && {
      gateway: { ...config.gateway, ssh: { ...config.gateway.ssh, account: undefined } },
    }),
  },
});
const here = (more: More = {}) => inside(up(more));
/** A gateway that listens on all addresses of its container. */
export const box = (more: object = {}) =>
  here({ ...info({ listening: ["http://0.0.0.0:18789"] }), ...settings({ bind: "lan", ...more }) });

const UP = "docker compose up -d";
const CHOWN = `on the host: sudo chown -R ${OWNER}:${OWNER} FOLDER (FOLDER: what compose.yaml mounts at ${STATE}; of a named volume the Mountpoint that docker volume inspect VOLUME shows; or take user: out of compose.yaml)`;
const CHOWN_FILE = `on the host: sudo chown ${OWNER}:${OWNER} FILE (FILE: what is mounted at`;

const takenPort = (what: string, number: number, cure: string): Case => [
  what,
  "port",
  inside(down(machine({ port: { number, takenBy: "process 7 (x)" } }))),
  [
    "fail",
    /is taken/,
    `publish port ${cure} for the container (under environment: in compose.override.yaml), then: ${UP}`,
  ],
];

export const container: Case[] = [
  [
    "a port that is published somewhere",
    "config.exposure",
    box(),
    ["note", /published on more than 127\.0\.0\.1/, "docker compose port openclaw-gateway 18789"],
  ],
  [
    "a public URL",
    "config.exposure",
    box({ publicUrl: "https://g.example.com" }),
    ["ok", /people reach it by https:/],
  ],
  [
    "a loopback bind",
    "config.exposure",
    here(info({ listening: ["http://127.0.0.1:18789"] })),
    ["ok", /in its container only/],
  ],
  [
    "a public URL in clear that the environment sets",
    "config.public-url",
    here({
      config: {
        ...(settings({ publicUrl: "http://g.example.com" }).config as object),
        overrides: [{ path: "gateway.publicUrl", by: "env", name: "OPENCLAW_GATEWAY_PUBLIC_URL" }],
      },
    }),
    [
      "warn",
      /not encrypted/,
      `set OPENCLAW_GATEWAY_PUBLIC_URL=https://gateway.example.com for the container (in .env beside compose.yaml, or under environment: in compose.override.yaml), then: ${UP}`,
    ],
  ],
  [
    "an old Node.js",
    "node.version",
    here({ program: { node: "18.1.0" } }),
    ["fail", /too old/, `take a newer image of the gateway, then: ${UP}`],
  ],
  [
    "a gateway that does not answer",
    "gateway.running",
    here({ gateway: { how: "unreachable", message: "no answer", denied: false } }),
    ["fail", /does not answer/, "docker compose restart openclaw-gateway"],
  ],
  [
    "another user's command",
    "gateway.running",
    here({ gateway: { how: "unreachable", message: "no", denied: true } }),
    ["warn", /may not ask/, "run the command as the container's own user, without -u or --user"],
  ],
  [
    "another version on disk",
    "gateway.version",
    here(info({ version: "0.1.0" })),
    ["warn", /is version 0\.1\.0/, "docker compose restart openclaw-gateway"],
  ],
  [
    "a stopped clock",
    "clock",
    here({ nowMs: 0 }),
    ["fail", /1970/, "on the host: sudo timedatectl set-ntp true"],
  ],
  [
    "few open files",
    "open-files",
    here(machine({ openFiles: { soft: 1024, hard: 4096 } })),
    ["warn", /Only 1024/, `raise ulimits: nofile: of the service in compose.yaml, then: ${UP}`],
  ],
  takenPort("a taken port", 18_789, "18790 in place of 18789, and set OPENCLAW_GATEWAY_PORT=18790"),
  takenPort(
    "a taken port that is the one proposed of others",
    18_790,
    "18791 in place of 18790, and set OPENCLAW_GATEWAY_PORT=18791",
  ),
  [
    "a state of another user",
    "state.folder",
    here({
      ...folder({ uid: 0, gid: 0 }),
      state: { ...(folder({ uid: 0, gid: 0 }).state as object), entries: undefined },
    }),
    ["note", /can't be read by user 990/, CHOWN],
  ],
  [
    "a file of another user",
    "state.owners",
    here({ state: { entries: [entry("gateway.json", { uid: 0 })] } }),
    ["fail", /belongs to user 0/, CHOWN],
  ],
  [
    "a configuration of another user",
    "config.access",
    here(configFile({ uid: 7, mode: 0o600 })),
    ["fail", /belongs to user 7/, `${CHOWN_FILE} ${CONFIG})`],
  ],
  [
    "a webhook's file of another user",
    "notify.files",
    here({
      config: {
        webhook: {
          egress: [],
          files: [
            {
              key: "notify.webhook.urlFile",
              path: "/run/secrets/url",
              found: { mode: 0o600, uid: 0, gid: 0, mtimeMs: NOW, isFile: true },
            },
          ],
        },
      },
    }),
    ["warn", /may not read/, `${CHOWN_FILE} /run/secrets/url)`],
  ],
  [
    "an account for approval over SSH",
    "ssh.setup",
    {
      ...box(),
      config: {
        ...box().config,
        gateway: { ...box().config.gateway, ssh: { account: "openclaw", port: 22 } },
      },
    } as DoctorFacts,
    ["warn", /no sshd of a container/, "openclaw config unset gateway.ssh.account"],
  ],
];
