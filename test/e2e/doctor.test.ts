import { execSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { FindingRow } from "../../src/cli/commands/doctor/verdict.ts";
import { freePort } from "../kit/free-port.mjs";
import { GatewayProcess } from "../kit/process.ts";

const gateways: GatewayProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A home of its own, so that nothing of this machine's own is found in it. */
function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "doctor-home-"));
  folders.push(home);
  return home;
}

async function prepare(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.prepare({ env: { HOME: newHome(), ...env } });
  gateways.push(gateway);
  writeConfig(gateway, `{ "gateway": { "port": ${gateway.port} } }`);
  return gateway;
}

/** A gateway that ran, and ended in order. */
async function stopped(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await prepare(env);
  await gateway.start();
  await gateway.ok(["token", "new"]);
  await gateway.ok(["devices", "invite"]);
  await gateway.stop();
  return gateway;
}

const configOf = (gateway: GatewayProcess) => join(gateway.stateDir, "openclaw.json");

function writeConfig(gateway: GatewayProcess, text: string): void {
  writeFileSync(configOf(gateway), text, { mode: 0o600 });
}

/** Every name, mode, owner and byte below a folder. */
function pictureOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .concat("")
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const { mode, uid, gid, ino, size, mtimeMs } = stat;
      const content = stat.isFile()
        ? createHash("sha256").update(readFileSync(path)).digest("hex")
        : stat.isSymbolicLink()
          ? readlinkSync(path)
          : "";
      return JSON.stringify({ name, mode, uid, gid, ino, size, mtimeMs, content });
    });
}

type Wrong = FindingRow;

/** Asks the doctor, makes sure that nothing changed, and returns what is not ok by its id. */
async function ask(
  gateway: GatewayProcess,
): Promise<{ code: number; ids: string[]; wrong: Map<string, Wrong> }> {
  const run = gateway.runs.at(-1);
  if (run && !run.exited) await gateway.atRest();
  const before = pictureOf(gateway.stateDir);
  const { code, stdout, stderr } = await gateway.cli(["doctor", "--json"]);
  expect(stderr).toBe("");
  expect(pictureOf(gateway.stateDir)).toEqual(before);
  const findings: FindingRow[] = JSON.parse(stdout);
  const wrong = findings.filter((finding): finding is Wrong => finding.level !== "ok");
  for (const finding of wrong) expect(finding).toHaveProperty("next");
  expect(code).toBe(wrong.some(({ level }) => level === "fail") ? 1 : 0);
  return {
    code,
    ids: findings.map(({ id }) => id),
    wrong: new Map(wrong.map((finding) => [finding.id, finding])),
  };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

describe("doctor on a gateway that runs", () => {
  test("finds it, and nothing that fails", async () => {
    const gateway = await prepare();
    await gateway.start();
    const { code, ids, wrong } = await ask(gateway);
    expect(code).toBe(0);
    expect(ids).toContain("state.store");
    for (const id of ["gateway.running", "gateway.version", "state.folder", "state.modes"]) {
      expect(ids).toContain(id);
      expect([...wrong.keys()]).not.toContain(id);
    }
    expect(wrong.get("auth.secret")?.level).toBe("note");
    await gateway.ok(["token", "new"]);
    expect([...(await ask(gateway)).wrong.keys()]).not.toContain("auth.secret");
  });

  test("names a file that others can read", async () => {
    const gateway = await prepare();
    await gateway.start();
    chmodSync(join(gateway.stateDir, "gateway.journal"), 0o644);
    const { code, wrong } = await ask(gateway);
    expect(code).toBe(0);
    expect(wrong.get("state.modes")).toMatchObject({
      level: "warn",
      message: expect.stringContaining("gateway.journal has mode 0644"),
      next: `chmod -R go= ${gateway.stateDir}`,
    });
    chmodSync(gateway.stateDir, 0o777);
    const open = await ask(gateway);
    expect(open.wrong.get("state.folder")?.level).toBe("fail");
    expect(open.wrong.get("state.modes")?.level).toBe("fail");
  });

  test("is found by its lock where its admin socket is another one", async () => {
    const gateway = await prepare({ OPENCLAW_ADMIN_SOCKET: "/nonexistent/a.sock" });
    const own = join(gateway.stateDir, "admin.sock");
    await gateway.start({ OPENCLAW_ADMIN_SOCKET: own });
    const { ids, wrong } = await ask(gateway);
    expect(wrong.get("gateway.running")).toMatchObject({
      message: expect.stringContaining(`Process ${gateway.run.pid} uses this state`),
      next: `env OPENCLAW_ADMIN_SOCKET=${own} openclaw doctor`,
    });
    expect(ids).not.toContain("state.store");
  });
});

describe("doctor on a gateway that is stopped", () => {
  test("reads its state and fails nothing", async () => {
    const gateway = await stopped();
    const { code, ids, wrong } = await ask(gateway);
    expect(code).toBe(0);
    expect(wrong.get("gateway.running")?.level).toBe("warn");
    expect(ids).toEqual(expect.arrayContaining(["state.store", "auth.secret", "port"]));
    expect([...wrong.keys()]).not.toContain("auth.secret");
    expect(wrong.get("pairing.devices")?.next).toBe("openclaw devices invite");
    expect(wrong.get("pairing.invites")?.message).toContain("1 one-time link");
  });

  test("after kill -9 as well", async () => {
    const gateway = await prepare();
    await gateway.start();
    await gateway.kill();
    const { code, ids } = await ask(gateway);
    expect(code).toBe(0);
    expect(ids).toContain("state.store");
  });

  test("finds a flipped byte in a snapshot, and the copy that a start made of it", async () => {
    const gateway = await stopped();
    // A snapshot is only written once a journal has grown: this one is written by hand.
    const snapshot = join(gateway.stateDir, "gateway.json");
    writeSnapshot(snapshot);
    expect((await ask(gateway)).code).toBe(0);
    flip(snapshot, 100);
    const first = await ask(gateway);
    expect(first.code).toBe(1);
    expect(first.wrong.get("state.store")).toMatchObject({
      level: "fail",
      message: expect.stringMatching(/gateway\.json is damaged and .*checksum/),
      next: expect.stringContaining(`cp -a BACKUP/. ${gateway.stateDir}/`),
    });
    expect(await gateway.launch().end()).toBe(6);
    const second = await ask(gateway);
    expect(second.wrong.get("state.store")?.message).toMatch(/a copy is kept as \S+\.damaged-/);
    expect(second.wrong.get("state.damaged-copies")?.level).toBe("note");
  });

  test("finds a flipped byte in a journal, and its way out leads to a start", async () => {
    const gateway = await stopped();
    flip(join(gateway.stateDir, "gateway.journal"), 60);
    const { code, wrong } = await ask(gateway);
    expect(code).toBe(1);
    const found = wrong.get("state.store");
    expect(found?.message).toContain("gateway.journal is damaged");
    const [, aside = ""] = /^(mkdir .*aside\/) && cp -a BACKUP/.exec(found?.next ?? "") ?? [];
    execSync(aside, { stdio: "ignore" });
    expect((await ask(gateway)).code).toBe(0);
    await gateway.start();
  });

  test("finds a secret in clear, and that others can read it", async () => {
    const gateway = await prepare();
    const text = `{ "gateway": { "port": ${gateway.port}, "auth": { "token": "secret-0123456789" } } }`;
    writeConfig(gateway, text);
    const closed = await ask(gateway);
    expect(closed.code).toBe(0);
    expect(closed.wrong.get("config.secrets")).toMatchObject({
      level: "warn",
      next: "openclaw config migrate-secrets",
    });
    chmodSync(configOf(gateway), 0o644);
    const open = await ask(gateway);
    expect(open.wrong.get("config.access")).toMatchObject({
      level: "fail",
      next: `chmod 600 ${configOf(gateway)}`,
    });
    const { stdout } = await gateway.cli(["doctor"]);
    expect(stdout).not.toContain("secret-0123456789");
  });

  test("finds values that are wrong and keys that are mistyped, by their line", async () => {
    const gateway = await prepare();
    writeConfig(gateway, '{\n  "gateway": {\n    "port": "many",\n    "bnid": "lan" } }');
    const { code, wrong } = await ask(gateway);
    expect(code).toBe(1);
    expect(wrong.get("config.file")?.message).toContain("line 3");
    expect(wrong.get("config.keys")?.message).toContain("did you mean gateway.bind?");
  });

  test("finds who has the port", async () => {
    const gateway = await stopped();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(gateway.port, "127.0.0.1", resolve));
    const { code, wrong } = await ask(gateway);
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    expect(wrong.get("port")?.message).toContain(`taken by process ${process.pid}`);
  });

  test("finds what is left over, and a clock that is behind", async () => {
    const gateway = await stopped();
    const left = join(gateway.stateDir, "gateway.json.0123456789ab.tmp");
    copyFileSync(join(gateway.stateDir, "gateway.journal"), left);
    utimesSync(left, 1_700_000_000, 1_700_000_000);
    const later = Date.now() / 1000 + 7300;
    utimesSync(join(gateway.stateDir, "gateway.journal"), later, later);
    const { wrong } = await ask(gateway);
    expect(wrong.get("state.leftovers")).toMatchObject({ next: `rm ${left}` });
    expect(wrong.get("clock")?.message).toContain("2 hours before the newest file");
  });
});

describe("doctor on the machine around", () => {
  test("says that no gateway ran here yet, and makes nothing", async () => {
    // The usual port may be somebody's on the machine that runs this.
    const OPENCLAW_GATEWAY_PORT = String(await freePort());
    const gateway = await prepare({ OPENCLAW_GATEWAY_PORT });
    rmSync(gateway.stateDir, { recursive: true });
    const { stdout, code } = await gateway.cli(["doctor", "--json"]);
    const findings: FindingRow[] = JSON.parse(stdout);
    expect(findings.find(({ id }) => id === "state.folder")?.message).toMatch(/There is no state/);
    expect(code).toBe(0);
    expect(() => lstatSync(gateway.stateDir)).toThrow("ENOENT");
  });

  test("names another OpenClaw and leaves it alone", async () => {
    const home = newHome();
    mkdirSync(join(home, ".openclaw"));
    mkdirSync(join(home, "bin"));
    const ran = join(home, "ran");
    const other = join(home, "bin/openclaw");
    writeFileSync(other, `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
    const PATH = `${join(home, "bin")}:${process.env["PATH"]}`;
    const gateway = await prepare({ HOME: home, PATH });
    const { wrong } = await ask(gateway);
    expect(wrong.get("other.gateway")?.message).toContain(join(home, ".openclaw"));
    expect(wrong.get("other.command")?.message).toContain(other);
    expect(readdirSync(home).sort()).toEqual([".openclaw", "bin"]);

    rmSync(other);
    symlinkSync(gateway.program, other);
    expect([...(await ask(gateway)).wrong.keys()]).not.toContain("other.command");
  });

  test("names pm2 beside systemd without asking pm2", async () => {
    const home = newHome();
    mkdirSync(join(home, ".pm2/pids"), { recursive: true });
    writeFileSync(join(home, ".pm2/pids/openclaw-gateway-0.pid"), String(process.pid));
    writeFileSync(join(home, ".pm2/dump.pm2"), '[{"name":"openclaw-gateway"}]');
    mkdirSync(join(home, "bin"));
    const says = "LoadState=loaded\\nActiveState=activating\\nUnitFileState=enabled\\n";
    writeFileSync(join(home, "bin/systemctl"), `#!/bin/sh\nprintf '${says}'\n`, { mode: 0o755 });
    const PATH = `${join(home, "bin")}:${process.env["PATH"]}`;
    const gateway = await prepare({ HOME: home, PATH });
    const { wrong } = await ask(gateway);
    expect(wrong.get("supervision")?.level).toBe("fail");
    expect(wrong.get("gateway.running")?.message).toContain("systemd calls it activating");
  });

  test("prints for people the worst first, with commands as they are typed here", async () => {
    const gateway = await stopped();
    flip(join(gateway.stateDir, "gateway.journal"), 60);
    const { stdout, code } = await gateway.cli(["doctor"]);
    expect(code).toBe(1);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^fail {2}.*gateway\.journal is damaged.*\[state\.store\]$/);
    expect(lines[1]).toMatch(/^ {6}next: mkdir .*aside/);
    expect(stdout).toMatch(/next: node \S+index\.js gateway run/);
    expect(stdout).toMatch(/\n1 check fails; \d+ warnings?, \d+ notes?, \d+ well\.\n$/);
  });

  test("is about this machine only", async () => {
    const gateway = await prepare();
    const { code, stderr } = await gateway.cli(["doctor", "--url", gateway.url]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--url does not apply")]);
  });
});

/** A whole and empty snapshot, as the store would write one. */
function writeSnapshot(path: string): void {
  const header = '"format":"openclaw-document/1","name":"gateway","version":3,"seq":0';
  const body = `",${header},"records":[\n]}\n`;
  const digest = createHash("sha256").update(body).digest("hex");
  writeFileSync(path, `{"sha256":"${digest}${body}`, { mode: 0o600 });
}
