import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { FindingRow } from "../../src/cli/commands/doctor/verdict.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import {
  GatewayProcess,
  type GatewayRun,
  PROCESS_TOKEN,
  type ProcessOptions,
} from "../kit/process.ts";
import { Tmux } from "../kit/tmux.ts";
import { until } from "../kit/until.ts";

/** The program as the image runs it, but for the engine, which test/container has. */

const all: GatewayProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const gateway of all.splice(0)) await gateway.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const EXEC = "docker compose exec openclaw-gateway node dist/index.js";
const isRoot = process.getuid?.() === 0;

/** A container without `openclaw` on its path. */
async function box(options: ProcessOptions = {}): Promise<GatewayProcess> {
  const env = { OPENCLAW_CONTAINER: "1", OPENCLAW_GATEWAY_BIND: "lan", PATH: "/usr/bin:/bin" };
  const gateway = await GatewayProcess.prepare({ ...options, env: { ...env, ...options.env } });
  all.push(gateway);
  return gateway;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "container-"));
  folders.push(folder);
  return folder;
}

const lines = ({ run }: GatewayProcess) => run.log.map(({ msg }) => msg);

/** What the log says of a first start comes right behind the line that it is ready. */
async function said(gateway: GatewayProcess, what: string): Promise<string[]> {
  const found = () => lines(gateway).filter((line) => line.includes(what));
  await until(() => found().length > 0, `${what} in: ${gateway.output}`);
  return found();
}

const PAIRS = "this prints the link that pairs the first one";

/** The last line of a gateway that could not start. */
const last = ({ log }: GatewayRun) => {
  const { msg, next }: { msg?: string; next?: unknown } = log.at(-1) ?? {};
  return { msg: String(msg), next: String(next) };
};

async function findings(gateway: GatewayProcess): Promise<FindingRow[]> {
  return JSON.parse((await gateway.cli(["doctor", "--json"])).stdout);
}

describe("a container's log", () => {
  test("names the one line that pairs the first browser, and no secret", async () => {
    const gateway = await box();
    await gateway.start();
    const line = `no browser is paired yet; ${PAIRS}: ${EXEC} devices invite`;
    await said(gateway, PAIRS);
    expect(gateway.run.log).toContainEqual(
      expect.objectContaining({ msg: line, next: `${EXEC} devices invite` }),
    );
    expect(gateway.output).not.toMatch(/#invite=|Gateway token/);
    const { token } = (await gateway.json<{ secrets: { token: boolean } }>(["gateway", "status"]))
      .secrets;
    expect(token).toBe(false);
    const link = (await gateway.ok(["devices", "invite"])).trim();
    expect(link).toMatch(new RegExp(`^http://localhost:${gateway.port}/#invite=[\\w-]{43}$`));
  });

  test("has no secret where its engine gives it a terminal", async () => {
    const gateway = await box();
    const terminal = await Tmux.open({ columns: 200, rows: 50, env: gateway.env });
    try {
      await terminal.type(
        `${process.execPath} ${gateway.program} gateway run --port ${gateway.port}`,
      );
      const shown = await terminal.shows(/no browser is paired yet/);
      expect(shown).toContain(EXEC);
      expect(shown).not.toMatch(/#invite=|Gateway token/);
    } finally {
      await terminal.close();
    }
  });

  test("says once that a published port reaches no loopback, and how it does", async () => {
    const cure =
      "set OPENCLAW_GATEWAY_BIND=lan for the container (in .env beside compose.yaml, or under environment: in compose.override.yaml), then: docker compose up -d";
    const gateway = await box({ env: { OPENCLAW_GATEWAY_BIND: "loopback" } });
    await gateway.start();
    expect(await said(gateway, "no port that this container")).toEqual([
      expect.stringContaining(cure),
    ]);
    expect((await gateway.cli(["gateway", "status"])).stdout).toContain(
      "OPENCLAW_GATEWAY_BIND=lan",
    );
    await gateway.stop();
    await gateway.start({ OPENCLAW_GATEWAY_BIND: "lan" });
    await said(gateway, "no shared token is set");
    expect(lines(gateway).join()).not.toContain("no port that this container");
  });
});

describe("what a container's environment says", () => {
  test("is in force, wins over the file, and is named as where it comes from", async () => {
    const gateway = await box({
      env: {
        OPENCLAW_GATEWAY_PUBLIC_URL: "https://g.example.com",
        OPENCLAW_GATEWAY_TRUSTED_PROXIES: "10.0.0.1, 172.18.0.0/16",
      },
    });
    await writeFile(
      join(gateway.stateDir, "openclaw.json"),
      '{"gateway":{"publicUrl":"https://file.example.com"}}',
    );
    await gateway.start();
    expect(await gateway.ok(["devices", "invite"])).toMatch(/^https:\/\/g\.example\.com\/#invite=/);
    const { stdout, stderr } = await gateway.cli(["config", "get", "gateway.trustedProxies"]);
    expect(JSON.parse(stdout)).toEqual(["10.0.0.1", "172.18.0.0/16"]);
    expect(stderr).toContain(
      "gateway.trustedProxies comes from the variable OPENCLAW_GATEWAY_TRUSTED_PROXIES.",
    );
    const file = (await findings(gateway)).find(({ id }) => id === "config.file");
    expect(file?.message).toContain("gateway.publicUrl (OPENCLAW_GATEWAY_PUBLIC_URL)");
    await said(gateway, "does not count: the variable OPENCLAW_GATEWAY_PUBLIC_URL sets it");
    const set = await gateway.cli(["config", "set", "gateway.publicUrl", "https://b.example.com"]);
    expect(set.stdout + set.stderr).toContain("OPENCLAW_GATEWAY_PUBLIC_URL, which wins");
  });

  test.each([
    ["OPENCLAW_GATEWAY_BIND", "everywhere"],
    ["OPENCLAW_GATEWAY_PORT", "many"],
    ["OPENCLAW_GATEWAY_PUBLIC_URL", "g.example.com"],
    ["OPENCLAW_GATEWAY_TRUSTED_PROXIES", "10.0.0.1, traefik"],
  ])("is an exact error where it is wrong: %s=%s", async (name, value) => {
    const gateway = await box({ env: { [name]: value } });
    const run = gateway.launch();
    expect(await run.end(), run.output).toBe(78);
    const { msg, next } = last(run);
    expect(msg).toContain(name);
    expect(msg).toContain(value.split(", ").at(-1));
    const own = "under environment: in compose.override.yaml";
    const place = name.endsWith("_PORT") ? own : `in .env beside compose.yaml, or ${own}`;
    expect(next).toBe(
      `mend ${name} where the container gets it (${place}), or take it out there, then: docker compose up -d`,
    );
    const validated = await gateway.cli(["config", "validate"]);
    expect([validated.code, validated.stdout + validated.stderr]).toEqual([
      78,
      expect.stringContaining(name),
    ]);
  });

  test("takes the shared password from a file, which is no more than its hash then", async () => {
    const folder = await newFolder();
    const file = join(folder, "password");
    await writeFile(file, "correct-horse-battery\n");
    const gateway = await box({ env: { OPENCLAW_GATEWAY_PASSWORD_FILE: file } });
    await writeFile(
      join(gateway.stateDir, "openclaw.json"),
      '{"gateway":{"auth":{"mode":"password"}}}',
    );
    await gateway.start();
    const client = await RawClient.open(gateway.url);
    const { error } = await client.connect({
      auth: { password: "correct-horse-battery" },
      device: makeDevice(),
      scopes: ["operator.read"],
    });
    // The password was right: what is left is the owner's approval.
    expect(error.details.code).toBe("PAIRING_REQUIRED");
    expect(error.details.approveCommand).toBe(`${EXEC} devices approve ${error.details.requestId}`);
    client.close();
    await gateway.stop();
    await writeFile(file, "another-one\n");
    await gateway.start();
    await said(
      gateway,
      "OPENCLAW_GATEWAY_PASSWORD_FILE differs from the configured password, which stays in force",
    );
  });
});

describe("in a container", () => {
  test("hints are typed as the command was typed there, and the page says how from outside", async () => {
    const gateway = await box();
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    const client = await RawClient.open(gateway.url);
    const { error } = await client.connect({
      auth: { token: PROCESS_TOKEN },
      device: makeDevice(),
      scopes: ["operator.read"],
    });
    client.close();
    const { requestId } = error.details;
    expect(error.details.cure).toBe(`on the gateway host: ${EXEC} devices approve ${requestId}`);
    await said(gateway, `${EXEC} devices approve ${requestId}`);
    const page = await fetch(`http://127.0.0.1:${gateway.port}/gateway.json`);
    expect(await page.json()).toMatchObject({ command: EXEC });
    const { stdout } = await gateway.cli(["devices", "list"]);
    expect(stdout).toContain(`node ${gateway.program} devices approve ${requestId}`);
    expect(stdout).not.toContain("docker");
  });

  test("it restarts in place, and is stopped by its engine alone", async () => {
    const gateway = await box();
    await gateway.start();
    const { pid } = gateway.run;
    await gateway.ok(["gateway", "restart"]);
    const info = await gateway.json<{ pid: number }>(["gateway", "status"]);
    expect(info.pid).toBe(pid);
    const stop = await gateway.cli(["gateway", "stop"]);
    expect([stop.code, stop.stderr]).toEqual([
      1,
      expect.stringContaining("next: docker compose stop openclaw-gateway"),
    ]);
    expect((await gateway.cli(["gateway", "install"])).stderr).toContain(
      "next: docker compose up -d\n",
    );
    expect((await gateway.cli(["health"])).code).toBe(0);
  });

  test("a proxy that is not trusted is named in the log once, in status and by the doctor", async () => {
    const gateway = await box();
    await gateway.start();
    const ask = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${gateway.port}/healthz`, { headers });
    for (let i = 0; i < 9; i += 1) await ask({ "x-forwarded-for": "203.0.113.9" });
    const cure =
      `if that is your proxy, and the port is published at 127.0.0.1 or not at all: ${EXEC} config set gateway.trustedProxies '["127.0.0.1"]' ` +
      "(or set OPENCLAW_GATEWAY_TRUSTED_PROXIES=127.0.0.1 for the container";
    expect(await said(gateway, "names other visitors")).toEqual([expect.stringContaining(cure)]);
    const { stdout } = await gateway.cli(["gateway", "status"]);
    expect(stdout).toContain("OPENCLAW_GATEWAY_TRUSTED_PROXIES=127.0.0.1");
    const warned = (await findings(gateway)).find(({ id }) => id === "gateway.warnings");
    expect(warned).toMatchObject({
      level: "warn",
      next: expect.stringContaining("OPENCLAW_GATEWAY_TRUSTED_PROXIES=127.0.0.1"),
    });
  });

  test("a broken configuration is mended from outside, in a container of its own", async () => {
    const gateway = await box();
    await writeFile(join(gateway.stateDir, "openclaw.json"), '{"gateway":{"bind":"all"}}');
    const run = gateway.launch({ OPENCLAW_GATEWAY_BIND: "" });
    expect(await run.end()).toBe(78);
    const { msg, next } = last(run);
    const typed = "docker compose run --rm openclaw-gateway node dist/index.js";
    expect(next).toBe(`${typed} config validate`);
    expect(msg).toContain(`next: ${typed} config set gateway.bind loopback`);
  });
});

describe.runIf(isRoot)("what is mounted and belongs to another user", () => {
  const as = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const foreign = async (uid: number, mode = 0o755) => {
    const stateDir = await newFolder();
    await chown(stateDir, uid, uid);
    await chmod(stateDir, mode);
    const gateway = await box({ stateDir, runner: as(1000) });
    await readable(gateway.program);
    return gateway;
  };

  /** Of a program that is built anew for each run no other user may see the folder. */
  async function readable(program: string): Promise<void> {
    for (let folder = dirname(program); folder.startsWith(tmpdir()); folder = dirname(folder)) {
      if (folder !== tmpdir()) await chmod(folder, 0o755);
    }
  }

  test.each([
    ["root's bind mount", 0, 0o755, 6],
    ["root's, closed", 0, 0o700, 78],
    ["the image's volume, under another user", 1234, 0o700, 78],
  ])("%s: the exact chown", async (_what, uid, mode, exit) => {
    const gateway = await foreign(uid, mode);
    const run = gateway.launch();
    expect(await run.end(), run.output).toBe(exit);
    const { msg, next } = last(run);
    expect(msg).toContain(
      `${gateway.stateDir} belongs to user ${uid}, and the gateway runs as user 1000`,
    );
    expect(next).toContain(
      `on the host: sudo chown -R 1000:1000 FOLDER (FOLDER: what compose.yaml mounts at ${gateway.stateDir};`,
    );
    await chown(gateway.stateDir, 1000, 1000);
    await gateway.start();
  });

  test("a secret of another user: the exact chown", async () => {
    const gateway = await foreign(1000, 0o700);
    const folder = await newFolder();
    await chmod(folder, 0o755);
    const file = join(folder, "openclaw_token");
    await writeFile(file, `${PROCESS_TOKEN}\n`, { mode: 0o600 });
    const env = { OPENCLAW_GATEWAY_TOKEN_FILE: file };
    const run = gateway.launch(env);
    expect(await run.end(), run.output).toBe(78);
    const { msg, next } = last(run);
    expect(msg).toBe(
      `OPENCLAW_GATEWAY_TOKEN_FILE can't be read: ${file} belongs to user 0, and the gateway runs as user 1000, which may not read it`,
    );
    expect(next).toBe(`on the host: sudo chown 1000:1000 FILE (FILE: what is mounted at ${file})`);
    await chown(file, 1000, 1000);
    await gateway.start(env);
  });
});
