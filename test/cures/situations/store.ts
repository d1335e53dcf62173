import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { auditFull } from "../../../src/audit/decisions.ts";
import { durabilityNote } from "../../../src/cli/commands/devices/durability.ts";
import { failureLines } from "../../../src/cli/kit/failures.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { explain, StoreError, type StoreErrorCode } from "../../../src/store/errors.ts";
import { FakeIo } from "../../cli/support/io.ts";
import type { Machine } from "../machine.ts";
import { asks, comesIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

/** What a command prints of an error that the system made by hand here stands for. */
const printed = (m: Machine, error: unknown) =>
  m.tells(() => {
    for (const line of failureLines(error, false)) plainText(line);
  });

const system = (code: string, more: object = {}) =>
  Object.assign(new Error(code), { code, ...more });

/** A failure of the disk, which says where to look: looking shows it. */
function looks(code: StoreErrorCode, cure: (m: Machine) => string, shows: RegExp): Situation {
  return situation(`the store: ${code}`, async (m) => {
    const told = await printed(m, new StoreError(code, { folder: m.stateDir, file: m.stateDir }));
    expect((await m.types(told, cure(m))).text).toMatch(shows);
  });
}

const made: readonly Situation[] = [
  looks("STORE_DISK_FULL", (m) => `df -h ${m.stateDir}`, /%/),
  looks("STORE_READ_ONLY", (m) => `findmnt -T ${m.stateDir}`, /rw|ro/),
  looks("STORE_DENIED", (m) => `stat -c %U ${m.stateDir}`, /\w/),
  looks("STORE_DESCRIPTORS", () => "ulimit -n", /\d/),
  looks("STORE_NOT_A_FOLDER", (m) => `ls -ld ${m.stateDir}`, /^d/),
  looks("STORE_NOT_A_FILE", (m) => `ls -ld ${m.stateDir}`, /^d/),
  situation("the store: a system's code is told by what it means", async (m) => {
    const error = explain(system("ENOSPC"), { folder: m.stateDir });
    await m.types(await printed(m, error), `df -h ${m.stateDir}`);
  }),
  situation("the store: what was lost, once the disk is well again", async (m) => {
    await m.start();
    const { code } = await asks(m);
    const told = await printed(m, new StoreError("STORE_LOST", { folder: m.stateDir }));
    expect((await m.types(told, "openclaw devices list")).text).toContain(code);
  }),
  situation("the disk is full for the audit, and for a change in force", async (m) => {
    const full = await m.tells(() => auditFull());
    expect((await m.types(full, "df -h")).text).toContain("%");
    const note = await m.tells(() =>
      durabilityNote({ io: new FakeIo(), options: {} }, { durable: false, reason: "x" }),
    );
    await m.types(note, "df -h");
  }),
  situation("what the system refuses this program", async (m) => {
    const refused = { syscall: "open", path: m.configFile };
    m.config("{}");
    const denied = await printed(m, system("EACCES", refused));
    expect((await m.types(denied, `ls -ld ${m.configFile}`)).text).toContain("openclaw.json");
    await m.types(await printed(m, system("ENOSPC", refused)), "df -h");
    const reset = await printed(m, system("ECONNRESET", { syscall: "read" }));
    await m.types(reset, "openclaw doctor");
  }),
];

const real: readonly Situation[] = [
  situation("the state folder is a file", async (m) => {
    rmSync(m.stateDir, { recursive: true });
    writeFileSync(m.stateDir, "");
    const told = await m.says("config set gateway.name Haus");
    expect((await m.types(told, `ls -ld ${m.stateDir}`)).text).toContain("-rw");
  }),
  situation("another program holds the state", async (m) => {
    const gateway = await m.start();
    m.env["OPENCLAW_ADMIN_SOCKET"] = join(m.folder, "no.sock");
    const told = await m.says("devices list");
    expect(told.exit).toBe(6);
    delete m.env["OPENCLAW_ADMIN_SOCKET"];
    await m.types(told, "openclaw status");
    expect(gateway.asked).toEqual([]);
    await m.stop();
    await m.runs(["gateway", "run"]);
    m.env["OPENCLAW_ADMIN_SOCKET"] = join(m.folder, "no.sock");
    const again = await m.says("devices list");
    delete m.env["OPENCLAW_ADMIN_SOCKET"];
    await m.types(again, "openclaw gateway stop");
    expect((await m.says("devices list")).exit).toBe(0);
  }),
  situation("something else is where the admin socket is made", async (m) => {
    mkdirSync(join(m.stateDir, "admin.sock"));
    const told = await m.runs(["gateway", "run"]);
    expect(told.exit).toBe(1);
    const look = await m.types(told, /^ls -ld \S+admin.sock$/);
    expect(look.text).toMatch(/^d/);
  }),
  situation("another gateway answers on the admin socket", async (m) => {
    await m.start();
    const other = { ...m.env, OPENCLAW_STATE_DIR: join(m.folder, "other") };
    const told = await m.runs(["gateway", "run"], {
      OPENCLAW_STATE_DIR: other.OPENCLAW_STATE_DIR,
      OPENCLAW_ADMIN_SOCKET: join(m.stateDir, "admin.sock"),
    });
    expect(told.exit).toBe(1);
    expect((await m.types(told, "openclaw gateway status")).text).toContain("running");
  }),
  situation("the port, or the public socket, can't be had", async (m) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const told = await m.runs(["gateway", "run", "--port", String(port)]);
    expect((await m.types(told, `ss -ltnp 'sport = :${port}'`)).text).toContain(String(port));
    await m.types(told, `openclaw config set gateway.port ${port + 1}`);
    expect((await m.says("config get gateway.port")).text).toBe(String(port + 1));
    taken.close();
    m.config({ gateway: { bind: "none", socket: "/nonexistent/gw.sock" } });
    const socket = await m.runs(["gateway", "run"]);
    expect((await m.types(socket, "openclaw config get gateway.socket")).text).toContain(
      "/nonexistent",
    );
    await m.types(socket, "ls -ld");
  }),
  situation("the folder that must not be served", async (m) => {
    m.config({ gateway: { name: "Haus" }, dashboard: { root: m.stateDir } });
    const told = await m.runs(["gateway", "run"]);
    expect(told.exit).toBe(78);
    await m.types(told, "openclaw config unset dashboard.root");
    expect((await m.runs(["gateway", "run"])).exit).toBe(0);
    expect(m.config()).toContain("Haus");
  }),
  situation(
    "a start with an error in the configuration, and with a token's file that is none",
    async (m) => {
      m.config('{"gateway":{"bind":"all"}}');
      const told = await m.runs(["gateway", "run"]);
      expect(told.exit).toBe(78);
      const checked = await m.types(told, "openclaw config validate", { exit: 78 });
      await m.types(checked, "openclaw config set gateway.bind loopback");
      const none = await m.runs(["gateway", "run"], { OPENCLAW_GATEWAY_TOKEN_FILE: m.folder });
      await m.types(none, `ls -l ${m.folder}`);
    },
  ),
  situation("files of the state that belong to somebody else", async (m) => {
    await m.says("token new");
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(join(m.stateDir, "gateway.journal"), 65_534, 65_534);
    const { exit } = await m.says("devices list");
    const told = await printed(m, new StoreError("STORE_OWNER", { folder: m.stateDir }));
    await m.types(told, `chown -R --reference=${m.stateDir} ${m.stateDir}/.`);
    expect([exit, (await m.says("devices list")).exit]).toEqual([expect.any(Number), 0]);
  }),
  situation("who came in is not lost by any of it", async (m) => {
    await m.start();
    const { device } = await comesIn(m, ["operator.admin"]);
    expect((await m.says("devices list")).text).toContain(device.deviceId.slice(0, 12));
  }),
];

export const storeSituations = [...made, ...real];
