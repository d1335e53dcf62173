import { expect } from "vitest";
import { NOW } from "../io.ts";
import { type Case, damage, down, files, folder, inspection, status, up } from "./cases.ts";
import { entry, OWNER, running, STATE } from "./facts.ts";

export const state: Case[] = [
  [
    "no state",
    "state.folder",
    down({ state: { found: undefined, entries: undefined } }),
    ["note", /no gateway ran here/, "openclaw gateway run"],
  ],
  [
    "no state here, but an installed gateway's elsewhere",
    "state.folder",
    down({
      state: { folder: "/root/.og", found: undefined, entries: undefined, installed: STATE },
    }),
    ["warn", /keeps its own in/, `env OPENCLAW_STATE_DIR=${STATE} openclaw doctor`],
  ],
  [
    "a file in its place",
    "state.folder",
    down(folder({ isFolder: false })),
    ["fail", /is not a folder/, `ls -ld ${STATE}`],
  ],
  [
    "a folder that others can read",
    "state.folder",
    down(folder({ mode: 0o755 })),
    ["warn", /look into .*mode 0755/, `chmod 700 ${STATE}`],
  ],
  [
    "a folder that others can write",
    "state.folder",
    down(folder({ mode: 0o770 })),
    ["fail", /write into .*mode 0770/, `chmod 700 ${STATE}`],
  ],
  [
    "a folder that may not be read while the gateway runs",
    "state.folder",
    up({ state: { entries: undefined }, machine: { uid: 1000 } }),
    [
      "note",
      /can't be read by user 1000/,
      "sudo env OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway openclaw doctor",
    ],
  ],
  [
    "a folder that may not be read",
    "state.folder",
    down({ state: { entries: undefined }, machine: { uid: 1000 } }),
    [
      "fail",
      /can't be read by user 1000/,
      "sudo env OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway openclaw doctor",
    ],
  ],
  [
    "a loose file in a closed folder",
    "state.modes",
    up(files(entry("gateway.json", { mode: 0o644 }), entry("a", { mode: 0o640 }))),
    ["warn", /gateway\.json has mode 0644 and 1 more/, `chmod -R go= ${STATE}`],
  ],
  [
    "a loose file in a loose folder",
    "state.modes",
    up({
      state: {
        found: { ...running().state.found, mode: 0o755 },
        entries: [entry("gateway.json", { mode: 0o644 })],
      },
    }),
    ["fail", /gateway\.json has mode 0644, 0600/, `chmod -R go= ${STATE}`],
  ],
  [
    "a lock, which is a link",
    "state.modes",
    up(files(entry("writer.sock", { kind: "link", mode: 0o777 }))),
    ["ok", /No file/],
  ],
  [
    "a file of root's",
    "state.owners",
    up({ ...files(entry("gateway.json", { uid: 0 })), machine: { uid: OWNER } }),
    ["fail", /belongs to user 0/, `sudo chown -R --reference=${STATE} ${STATE}/.`],
  ],
  [
    "a disk that refuses",
    "state.store",
    up(status({ store: { ok: false, lastError: "STORE_DISK_FULL: disk full" } })),
    ["fail", /can't write its state: STORE_DISK_FULL/, `df -h ${STATE}`],
  ],
  [
    "a damaged file",
    "state.store",
    down(inspection({ problems: [damage] })),
    [
      "fail",
      /gateway\.json is damaged .*: line 2: bad\.$/,
      expect.stringMatching(/^mkdir .* && mv .* && cp -a BACKUP/),
    ],
  ],
  [
    "a damaged file with a copy",
    "state.store",
    down({
      state: {
        inspection: { problems: [damage], torn: 0 },
        entries: [entry("gateway.json.damaged-20260901T110000Z")],
      },
    }),
    [
      "fail",
      /a copy is kept as \S+gateway\.json\.damaged-20260901T110000Z/,
      expect.stringContaining(
        `mv ${STATE}/gateway.* ${STATE}/aside/ && cp -a BACKUP/. ${STATE}/ (without a backup`,
      ),
    ],
  ],
  [
    "a state of a newer version",
    "state.store",
    down(
      inspection({
        problems: [{ code: "STORE_NEWER", file: "f", message: "it is newer", next: "install it" }],
      }),
    ),
    ["fail", /it is newer/, "install it"],
  ],
  [
    "a torn last write",
    "state.store",
    down(inspection({ torn: 17 })),
    ["note", /17 bytes/, "openclaw gateway run"],
  ],
  ["whole files", "state.store", down(), ["ok", /are whole/]],
  [
    "copies of damaged files",
    "state.damaged-copies",
    up(files(entry("gateway.json.damaged-20260901T110000Z"))),
    ["note", /^1 copy of damaged/, `mv ${STATE}/*.damaged-* /var/tmp/`],
  ],
  [
    "an unfinished file",
    "state.leftovers",
    up(files(entry("gateway.json.abc.tmp"))),
    ["note", /An unfinished file/, `rm ${STATE}/gateway.json.abc.tmp`],
  ],
  [
    "unfinished files",
    "state.leftovers",
    up(files(entry("a.tmp"), entry("b.tmp"))),
    ["note", /2 unfinished files/, `rm ${STATE}/*.tmp`],
  ],
  [
    "a file that is being written",
    "state.leftovers",
    up(files(entry("a.tmp", { mtimeMs: NOW - 1000 }))),
    ["ok", /No unfinished/],
  ],
];
