import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Frame } from "../kit/client.ts";
import {
  GatewayProcess,
  type GatewayRun,
  PROCESS_TOKEN,
  type ProcessOptions,
} from "../kit/process.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { until } from "../kit/until.ts";

const gateways: GatewayProcess[] = [];
const clients: Reference[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

async function prepare(options: ProcessOptions = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.prepare(options);
  gateways.push(gateway);
  return gateway;
}

async function start(options: ProcessOptions = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(options);
  gateways.push(gateway);
  return gateway;
}

function client(gateway: GatewayProcess, options: Parameters<typeof Reference.start>[1]) {
  const made = Reference.start(gateway.url, { scopes: ["operator.read"], ...options });
  clients.push(made);
  return made;
}

/** A connected client whose device was approved; it keeps the shared token as well. */
async function paired(gateway: GatewayProcess, token = PROCESS_TOKEN) {
  const device = new ReferenceDevice();
  const first = client(gateway, { device, token });
  const { requestId } = (await first.refusal()).details;
  await first.stop();
  await gateway.ok(["devices", "approve", requestId]);
  const connected = client(gateway, { device, token });
  await connected.hello();
  return { device, client: connected };
}

/** The first warning of a run; warnings follow the line that says it is ready. */
async function warningOf(run: GatewayRun): Promise<string> {
  return (await until(() => run.log.find(({ level }) => level === 40), "a warning")).msg;
}

describe("a restart in the same process", () => {
  test("tells everyone, keeps pid and state, and everyone is back", async () => {
    const gateway = await start();
    const all = await Promise.all([paired(gateway), paired(gateway), paired(gateway)]);
    const before = await gateway.json<Frame>(["devices", "list"]);
    const { pid } = gateway.run;
    const said = await gateway.ok(["gateway", "restart"]);
    expect(said).toMatch(/accepts connections again after .+, on http:\/\/127\.0\.0\.1:\d+/);
    const ready = await gateway.run.logged("gateway ready", 2);
    expect(ready["pid"]).toBe(pid);
    expect(ready["listening"]).toEqual([`http://127.0.0.1:${gateway.port}`]);
    for (const { client: c, device } of all) {
      await c.hello(2);
      expect(c.events.find(({ event }) => event === "shutdown")?.payload).toEqual({
        reason: "gateway restarting",
        restartExpectedMs: 1500,
      });
      expect(c.closes).toEqual([{ code: 1012, reason: "service restart" }]);
      expect(c.hellos[1].auth.deviceToken).toBe(c.hellos[0].auth.deviceToken);
      expect(c.hellos[1].server.bootId).not.toBe(c.hellos[0].server.bootId);
      expect(device.token()).toBe(c.hellos[1].auth.deviceToken);
      expect(await c.request("health")).toMatchObject({ ok: true });
      expect(c.gaps).toEqual([]);
    }
    const after = await gateway.json<Frame>(["devices", "list"]);
    const ids = (rows: Frame[]) => rows.map(({ deviceId }) => deviceId).sort();
    expect(ids(after.paired)).toEqual(ids(before.paired));
    expect(gateway.run.exited).toBeUndefined();
  });

  test("can be done again and again", async () => {
    const gateway = await start();
    for (let round = 2; round <= 6; round += 1) {
      await gateway.ok(["gateway", "restart"]);
      await gateway.run.logged("gateway ready", round);
    }
    const { paired: rows } = await gateway.json<Frame>(["devices", "list"]);
    expect(rows).toEqual([]);
    expect(gateway.run.log.filter(({ level }) => level >= 50)).toEqual([]);
  });
});

describe("a stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s tells everyone and exits with 0",
    async (name) => {
      const gateway = await start();
      const { client: connected } = await paired(gateway);
      gateway.run.signal(name);
      expect(await gateway.run.end()).toBe(0);
      expect(await connected.close()).toEqual({ code: 1012, reason: "service stopped" });
      const told = connected.events.find(({ event }) => event === "shutdown");
      expect(told?.payload).toEqual({ reason: "gateway stopping" });
    },
  );

  test("by command exits with 0, and the next start finds everything", async () => {
    const gateway = await start();
    const { device } = await paired(gateway);
    await gateway.ok(["gateway", "stop"]);
    expect(await gateway.run.end()).toBe(0);
    // With the gateway stopped, the same command reads the state itself.
    const stopped = await gateway.json<Frame>(["devices", "list"]);
    await gateway.start();
    const started = await gateway.json<Frame>(["devices", "list"]);
    for (const { paired: rows } of [stopped, started]) {
      expect(rows.map((row: Frame) => row.deviceId)).toEqual([device.deviceId]);
    }
  });
});

describe("what cannot start", () => {
  test("a second gateway on the same state names the first and leaves it alone", async () => {
    const gateway = await start();
    const { pid } = gateway.run;
    const second = gateway.launch();
    expect(await second.end()).toBe(6);
    const refusal = second.log.at(-1);
    expect(refusal).toMatchObject({ level: 60, code: "STORE_LOCKED" });
    expect(refusal?.msg).toContain(`held by process ${pid}, version`);
    expect(refusal?.msg).toContain(gateway.adminSocket);
    expect(refusal?.["next"]).toContain("openclaw status");
    expect(await gateway.ok(["health"])).not.toBe("");
  });

  test("a taken port is named, with how to see who has it, and nothing stays locked", async () => {
    const first = await start();
    const second = await prepare();
    const taken = await second.cli(["gateway", "run", "--port", String(first.port)]);
    expect(taken.code).toBe(1);
    const refusal = JSON.parse(taken.stdout.trim().split("\n").at(-1) ?? "");
    expect(refusal).toMatchObject({ level: 60, code: "LISTEN_FAILED" });
    expect(refusal.msg).toBe(
      `cannot listen on 127.0.0.1 port ${first.port}: it is taken, or not an address of this machine`,
    );
    expect(refusal.next).toContain(`ss -ltnp 'sport = :${first.port}'`);
    await second.start();
  });

  test("what is wrong with a flag is not looked for in the file", async () => {
    const gateway = await prepare();
    const said = await gateway.cli(["gateway", "run", "--bind", "bogus"]);
    expect(said.code).toBe(78);
    const refusal = JSON.parse(said.stdout.trim().split("\n").at(-1) ?? "") as { next?: string };
    expect(refusal.next).toBe("openclaw gateway run --help");
  });

  test("a bad configuration is refused with file, line and column before anything is made", async () => {
    const gateway = await prepare();
    const file = join(gateway.stateDir, "openclaw.json");
    await writeFile(file, '{\n  // ports are numbers\n  "gateway": { "port": "many" }\n}\n');
    const run = gateway.launch();
    expect(await run.end()).toBe(78);
    const refusal = run.log.at(-1);
    expect(refusal?.["code"]).toBe("CONFIG_VALUE");
    expect(refusal?.msg).toContain(`${file}:3:24: `);
    expect(refusal?.["next"]).toBe("openclaw config validate");
    const checked = await gateway.cli(["config", "validate"]);
    expect(checked.code).toBe(78);
    expect(checked.stdout + checked.stderr).toContain(`${file}:3:24: `);
    await writeFile(file, '{ "gateway": { "name": "mended" } }\n');
    await gateway.start();
  });
});

describe("the token from the environment", () => {
  test("is taken on a first start, and a later other value is named but changes nothing", async () => {
    const gateway = await start();
    const { client: connected } = await paired(gateway);
    await gateway.stop();
    const again = await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    await gateway.stop();
    expect(again.log.filter(({ level }) => level >= 40)).toEqual([]);
    const other = "another-token-fedcba9876543210";
    const differs = await gateway.start({ OPENCLAW_GATEWAY_TOKEN: other });
    expect(await warningOf(differs)).toContain(
      "OPENCLAW_GATEWAY_TOKEN differs from the configured token",
    );
    expect(await gateway.ok(["status"])).toContain("OPENCLAW_GATEWAY_TOKEN differs");
    await connected.stop();
    const wrong = client(gateway, { device: new ReferenceDevice(), token: other });
    expect((await wrong.refusal()).details.code).toBe("AUTH_TOKEN_MISMATCH");
    const right = client(gateway, { device: new ReferenceDevice(), token: PROCESS_TOKEN });
    expect((await right.refusal()).details.code).toBe("PAIRING_REQUIRED");
    expect(gateway.output).not.toContain(other);
    expect(gateway.output).not.toContain(PROCESS_TOKEN);
  });

  test("can come from a file", async () => {
    const gateway = await prepare();
    const file = join(gateway.stateDir, "token");
    await writeFile(file, `${PROCESS_TOKEN}\n`, { mode: 0o600 });
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN_FILE: file });
    const right = client(gateway, { device: new ReferenceDevice(), token: PROCESS_TOKEN });
    expect((await right.refusal()).details.code).toBe("PAIRING_REQUIRED");
  });

  test("is not inherited by the programs that the gateway starts", async () => {
    const gateway = await prepare();
    const folder = join(gateway.stateDir, "bin");
    const seen = join(gateway.stateDir, "seen-environment");
    await mkdir(folder);
    await writeFile(join(folder, "systemd-notify"), `#!/bin/sh\nenv >> ${seen}\n`);
    await chmod(join(folder, "systemd-notify"), 0o755);
    await gateway.start({
      OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN,
      NOTIFY_SOCKET: "/nowhere",
      PATH: `${folder}:${process.env["PATH"]}`,
    });
    await gateway.stop();
    const environment = await readFile(seen, "utf8");
    expect(environment).toContain("NOTIFY_SOCKET=/nowhere");
    expect(environment).not.toContain("OPENCLAW_GATEWAY_TOKEN");
    expect(environment).not.toContain(PROCESS_TOKEN);
  });
});

describe("secrets", () => {
  test("none is made or printed where no person watches; the log says what to type", async () => {
    const gateway = await start({ token: null });
    expect(await warningOf(gateway.run)).toBe(
      "no shared token is set; clients that need one are refused until: openclaw token new",
    );
    const ready = gateway.run.log.find((line) => line["fingerprint"] !== undefined);
    const fingerprint = String(ready?.["fingerprint"]);
    const rest = gateway.output.replaceAll(fingerprint, "");
    expect(rest).not.toMatch(/#invite=|[\w-]{32,}/);
    const state = await readFile(join(gateway.stateDir, "gateway.journal"), "utf8");
    expect(state).not.toContain("argon2id");
    const refused = client(gateway, { device: new ReferenceDevice(), token: "some-token" });
    const { cure } = (await refused.refusal()).details;
    expect(cure).toBe("on the gateway host: openclaw token new");
    const token = (await gateway.ok(["token", "new"])).trim();
    const { client: connected } = await paired(gateway, token);
    expect(await connected.request("health")).toMatchObject({ ok: true });
  });

  test("are stored as hashes and never logged, whatever happens to them", async () => {
    const gateway = await start();
    const { device } = await paired(gateway);
    const invite = (await gateway.json<Frame>(["devices", "invite"])).secret;
    const redeemed = client(gateway, { device: new ReferenceDevice(), bootstrapToken: invite });
    const { deviceToken } = (await redeemed.hello()).auth;
    const typed = "typed-secret-0123456789";
    await gateway.ok(["config", "set", "gateway.token", "-"], { input: `${typed}\n` });
    const renewed = (await gateway.ok(["token", "new"])).trim();
    const wrong = client(gateway, { device: new ReferenceDevice(), token: "wrong-secret-9876" });
    await wrong.refusal();
    await gateway.ok(["devices", "rotate", device.deviceId]);
    await gateway.ok(["gateway", "restart"]);
    await gateway.run.logged("gateway ready", 2);
    await gateway.stop();
    const names = ["gateway.journal", "gateway.json"];
    const files = names.map((name) =>
      readFile(join(gateway.stateDir, name), "utf8").catch(() => ""),
    );
    const state = (await Promise.all(files)).join("");
    expect(state).toContain("argon2id");
    const secrets = { shared: PROCESS_TOKEN, invite, deviceToken, typed, renewed };
    const all = { ...secrets, own: device.token() ?? "", wrong: "wrong-secret-9876" };
    for (const [name, secret] of Object.entries(all)) {
      expect([name, secret.length > 8]).toEqual([name, true]);
      expect([name, gateway.output.includes(secret)]).toEqual([name, false]);
      expect([name, state.includes(secret)]).toEqual([name, false]);
    }
  });
});
