import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Frame } from "../kit/client.ts";
import { GatewayProcess } from "../kit/process.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { until } from "../kit/until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PM2 = join(root, "node_modules/.bin/pm2");

interface Listed {
  readonly pid: number;
  readonly status: string;
  readonly restarts: number;
  readonly exit: number | undefined;
}

/** A pm2 of its own with the project's ecosystem file, beside a state folder of its own. */
class UnderPm2 {
  private constructor(
    readonly home: string,
    readonly gateway: GatewayProcess,
  ) {}

  static async prepare(): Promise<UnderPm2> {
    const home = await mkdtemp(join(tmpdir(), "gateway-pm2-"));
    const gateway = await GatewayProcess.prepare({ env: { PM2_HOME: join(home, ".pm2") } });
    await mkdir(join(home, "deploy"));
    await cp(join(root, "deploy/ecosystem.config.cjs"), join(home, "deploy/ecosystem.config.cjs"));
    await symlink(dirname(gateway.program), join(home, "dist"));
    return new UnderPm2(home, gateway);
  }

  async pm2(...args: string[]): Promise<string> {
    const env = { ...this.gateway.env, OPENCLAW_GATEWAY_PORT: String(this.gateway.port) };
    const { stdout } = await promisify(execFile)(PM2, args, { cwd: this.home, env });
    return stdout;
  }

  async start(): Promise<void> {
    await this.pm2("start", join(this.home, "deploy/ecosystem.config.cjs"));
  }

  async listed(): Promise<Listed> {
    const printed = await this.pm2("jlist");
    const [app] = JSON.parse(printed.slice(printed.indexOf("[{")));
    const { pid, pm2_env: facts } = app;
    return { pid, status: facts.status, restarts: facts.restart_time, exit: facts.exit_code };
  }

  async accepts(): Promise<boolean> {
    const url = `http://127.0.0.1:${this.gateway.port}/readyz`;
    return (await fetch(url).catch(() => undefined))?.status === 200;
  }

  /** Process ids of everything that was started with this pm2's folder in its environment. */
  async processes(): Promise<number[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const mine = pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.includes(`PM2_HOME=${join(this.home, ".pm2")}`) ? [pid] : [];
    });
    return (await Promise.all(mine)).flat();
  }

  /** Ends pm2 and all it started, by force if need be. */
  async close(): Promise<void> {
    await this.pm2("kill").catch(() => undefined);
    for (const pid of await this.processes()) process.kill(pid, "SIGKILL");
    await this.gateway.close();
    await rm(this.home, { recursive: true, force: true });
  }
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0).map((it) => ({ close: () => it.close() }))) await close();
});

async function prepare(): Promise<UnderPm2> {
  const made = await UnderPm2.prepare();
  open.push(made);
  return made;
}

test("under pm2 it is ready when start returns; restart and stop go through pm2", async () => {
  const under = await prepare();
  const { gateway } = under;
  await under.start();
  expect(await under.accepts()).toBe(true);
  const first = await under.listed();
  expect(first).toMatchObject({ status: "online", restarts: 0 });
  expect(await gateway.json(["gateway", "status"])).toMatchObject({
    supervisor: "pm2",
    pid: first.pid,
  });

  const token = (await gateway.ok(["token", "new"])).trim();
  const client = Reference.start(gateway.url, { device: new ReferenceDevice(), token });
  open.unshift({ close: () => client.stop() });
  await gateway.ok(["devices", "approve", (await client.refusal()).details.requestId]);
  await client.hello();

  const said = await gateway.ok(["gateway", "restart"]);
  expect(await under.accepts()).toBe(true);
  const [, time] = /^The gateway accepts connections again after (.+), on http/.exec(said) ?? [];
  expect(time).toMatch(/^(\d+ ms|\d\.\d s)$/);
  const second = await under.listed();
  expect(second).toMatchObject({ status: "online", restarts: 1 });
  expect(second.pid).not.toBe(first.pid);
  await client.hello(2);
  expect(client.closes).toContainEqual(
    expect.objectContaining({ code: 1012, reason: "service restart" }),
  );
  const { paired } = await gateway.json<Frame>(["devices", "list"]);
  expect(paired).toHaveLength(1);
  console.log(`restart through pm2: ${time} until connects were accepted`);

  // A shell with another PM2_HOME asks another pm2, which knows nothing; the person's own knows it.
  const env = { ...gateway.env, PM2_HOME: join(under.home, "other") };
  const words = [gateway.program, "gateway", "restart"];
  const asked = promisify(execFile)(process.execPath, words, { env });
  const { stderr } = await asked.catch((error: { stderr: string }) => error);
  await promisify(execFile)(PM2, ["kill"], { env });
  const [, told = ""] = /next: pm2 (restart \S+)$/m.exec(stderr) ?? [];
  await under.pm2(...told.split(" "));
  expect(await under.accepts()).toBe(true);
  expect((await under.listed()).pid).not.toBe(second.pid);
  const running = await under.listed();

  // pm2 brings back what was killed.
  process.kill(running.pid, "SIGKILL");
  const third = await until(async () => {
    const now = await under.listed();
    return now.pid !== running.pid && now.status === "online" && (await under.accepts()) && now;
  }, "another process, accepting");

  expect(await gateway.ok(["gateway", "stop"])).toMatch(/^The gateway stopped after /);
  expect(await under.listed()).toMatchObject({ pid: 0, status: "stopped" });
  expect(await under.accepts()).toBe(false);
  expect(() => process.kill(third.pid, 0)).toThrow("ESRCH");
  const { paired: kept } = await gateway.json<Frame>(["devices", "list"]);
  expect(kept.map((row: Frame) => row.deviceId)).toEqual([paired[0].deviceId]);

  await under.pm2("restart", "openclaw-gateway");
  expect(await under.accepts()).toBe(true);
  expect(await under.processes()).not.toEqual([]);
  await under.pm2("kill");
  await until(async () => (await under.processes()).length === 0, "everything to be gone");
  expect(await under.accepts()).toBe(false);
});

test("pm2 does not start it again and again with a bad configuration", async () => {
  const under = await prepare();
  await writeFile(join(under.gateway.stateDir, "openclaw.json"), '{ "gateway": { "port": "x" } }');
  await under.start();
  const ended = await until(async () => {
    const now = await under.listed();
    return now.pid === 0 && now;
  }, "pm2 to give it up");
  expect(ended).toMatchObject({ exit: 78, restarts: 0 });
  const { code, stderr } = await under.gateway.cli(["config", "validate"]);
  expect(code).toBe(78);
  expect(stderr).toContain("openclaw.json:1:");
  await writeFile(join(under.gateway.stateDir, "openclaw.json"), "{}");
  await under.pm2("restart", "openclaw-gateway");
  expect(await under.accepts()).toBe(true);
  const log = await readFile(join(under.home, ".pm2/pm2.log"), "utf8");
  expect(log.match(/exited with code \[78\]/g)).toHaveLength(1);
  expect(log.match(/starting in -fork mode-/g)).toHaveLength(2);
});
