import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { systemWorld } from "../../src/lib/world.ts";
import { limitTable } from "../../src/limits/table.ts";
import { openState, statePartsOf } from "../../src/main/state.ts";
import type { Device } from "../../src/pairing/records.ts";
import { connectParams, makeDevice, RawClient } from "../kit/client.ts";
import {
  GatewayProcess,
  type GatewayRun,
  PROCESS_TOKEN,
  type ProcessOptions,
} from "../kit/process.ts";
import { HANG_MS, until } from "../kit/until.ts";
import { Ledger } from "./support/kill/ledger.ts";
import { Life, type Work } from "./support/kill/life.ts";
import { ask, auth, connectAs, host, listed, pair, scopes } from "./support/owner.ts";

const preload = fileURLToPath(new URL("support/kill/preload.mjs", import.meta.url));
const stopped = { code: 1012, reason: "service stopped" };
/** What is done while it stops may take as long as the drain; the rest is for a stop that hangs. */
const STOP_MS = limitTable.drainMs.value + HANG_MS;

let gateway: GatewayProcess;
afterEach(() => gateway?.close());

async function start(options: ProcessOptions = {}): Promise<GatewayProcess> {
  gateway = await GatewayProcess.start(options);
  return gateway;
}

async function expectStop(run: GatewayRun): Promise<void> {
  expect(await run.end(STOP_MS), run.output).toBe(0);
  expect(run.log.filter(({ level }) => level >= 50)).toEqual([]);
}

/** The environment in which the gateway gets SIGTERM at a step of its own. */
function signalAt(step: string, nth = 1): Record<string, string> {
  return { KILL_AT: JSON.stringify({ step, nth, when: "after", signal: "SIGTERM" }) };
}

const early = [
  "mkdir .",
  "symlink writer-*.new",
  "rename writer-*.new > writer.sock",
  "sync gateway.journal",
  "sync gateway.journal",
];

test.each(early)(
  "during a start, after %s: ends with 0, and the next start is whole",
  async (step) => {
    await start({ nodeArgs: ["--import", preload] });
    const { client, device } = await pair(gateway);
    client.close();
    const requestId = await ask(gateway);
    await gateway.kill();
    const run = gateway.launch(signalAt(step));
    await expectStop(run);
    expect(run.log.some(({ msg }) => msg === "stopping before the start was over")).toBe(true);
    expect(run.log.some(({ msg }) => msg === "gateway ready")).toBe(false);
    await gateway.start();
    const { paired, pending } = await listed(gateway);
    expect(paired).toEqual(new Set([device.deviceId]));
    expect([...pending.values()]).toEqual([requestId]);
  },
);

test("during a first start: ends with 0, and the next one has its secret", async () => {
  gateway = await GatewayProcess.prepare({ nodeArgs: ["--import", preload] });
  const token = { OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN };
  await expectStop(gateway.launch({ ...token, ...signalAt("write gateway.journal.tmp") }));
  await gateway.start(token);
  (await pair(gateway)).client.close();
});

test("at any moment of a start: nothing but the exit code is different", async () => {
  await start();
  await gateway.stop();
  const codes: unknown[] = [];
  for (let round = 0; round < 12; round += 1) {
    const run = gateway.launch();
    await pause(round * 30);
    run.signal("SIGTERM");
    await run.end(STOP_MS);
    // Node itself was still loading: the system ended it, which a service manager calls clean too.
    const bySystem = run.exited?.signal === "SIGTERM" && run.output === "";
    codes.push(bySystem ? 0 : run.exited?.code);
  }
  expect(codes).toEqual(codes.map(() => 0));
  await gateway.start();
  (await pair(gateway)).client.close();
});

test("while a big state is read", async () => {
  await start({ nodeArgs: ["--import", preload] });
  const { device, client } = await pair(gateway);
  client.close();
  expect(await gateway.stop()).toBe(0);
  const many = 30_000;
  const open = { folder: gateway.stateDir, world: systemWorld, limits: { groupBytes: 2 ** 30 } };
  const state = await openState(open);
  const document = statePartsOf(state).pairing;
  const like = document.durable.devices.get(device.deviceId) as Device;
  for (let from = 0; from < many; from += 1_000) {
    const some = Array.from({ length: 1_000 }, (_, i) => (from + i).toString(16).padStart(64, "0"));
    await document.commit(
      some.map((deviceId) => ({ op: "device", device: { ...like, deviceId } })),
    );
  }
  await state.close();
  const run = gateway.launch(signalAt("sync gateway.journal"));
  await expectStop(run);
  await gateway.start();
  expect(await gateway.json(["status"])).toMatchObject({
    gateway: { pairing: { devices: many + 1 } },
  });
});

test("during handshakes, passwords being checked, and waits for the owner", async () => {
  await start();
  const open = () => RawClient.open(gateway.url);
  const silent = await Promise.all(Array.from({ length: 8 }, open));
  await Promise.all(silent.map((client) => client.challenge()));
  const waiting = await Promise.all(Array.from({ length: 4 }, open));
  for (const client of waiting) {
    const more = { device: makeDevice(), scopes, caps: ["pairing-wait"] };
    expect((await client.connect(more)).error.details.code).toBe("PAIRING_REQUIRED");
  }
  const { client: upgrading } = await pair(gateway);
  const wider = { scopes: ["operator.write"] };
  const { payload } = await upgrading.request("device.scopes.requestUpgrade", wider);
  upgrading.request("device.scopes.waitUpgrade", payload).catch(() => undefined);
  const proving = await Promise.all(Array.from({ length: 4 }, open));
  for (const client of proving) {
    const params = connectParams(await client.challenge(), { auth: { token: "wrong-token-0123" } });
    client.send({ type: "req", id: "1", method: "connect", params });
  }
  const { run } = gateway;
  run.signal("SIGTERM");
  await expectStop(run);
  for (const client of [...silent, ...waiting, upgrading])
    expect(await client.end()).toEqual(stopped);
  for (const client of proving) expect([1008, 1012, 1013]).toContain((await client.end()).code);
  expect(upgrading.frames.filter(({ event }) => event === "shutdown")).toHaveLength(1);
});

test.each([
  ["unlink writer.sock", 1],
  ["symlink writer.sock", 2],
  ["sync gateway.journal", 1],
  ["sync gateway.journal", 1],
] as const)("during a restart in place, at %s (%i): it does not start again", async (step, nth) => {
  gateway = await GatewayProcess.prepare({ nodeArgs: ["--import", preload] });
  const run = await gateway.start({
    OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN,
    ...signalAt(step, nth),
  });
  const { client } = await pair(gateway);
  await host(gateway, "host.restart");
  expect((await client.end()).code).toBe(1012);
  await expectStop(run);
  expect(run.log.filter(({ msg }) => msg === "gateway ready")).toHaveLength(1);
});

/** Clients and owner at work, a watcher who listens, and SIGTERM in the midst of it. */
async function stopAtWork(
  work: Work,
  signal: (run: GatewayRun) => void | Promise<void>,
): Promise<void> {
  const ledger = new Ledger();
  await start({ nodeArgs: ["--import", preload] });
  const { device, client } = await pair(gateway);
  ledger.labelled = { device, sure: "paired", maybe: undefined };
  ledger.entries.set(device.deviceId, ledger.labelled);
  const { run } = gateway;
  await new Life(gateway, ledger, work).live(run, () => signal(run));
  await expectStop(run);
  expect(await client.end()).toEqual(stopped);
  expect(client.frames.filter(({ event }) => event === "shutdown")).toHaveLength(1);
  await gateway.start();
  await ledger.compare(gateway);
  expect(ledger.acknowledged).toBeGreaterThan(2);
}

test("during a burst of approvals: what was acknowledged is there", () =>
  stopAtWork({}, async (run) => {
    await pause(Math.random() * 200);
    run.signal("SIGTERM");
  }));

test("while a snapshot is written", () =>
  stopAtWork({ labels: true }, async (run) => {
    await until(() => run.log.some(({ step }) => step === "open gateway.json.tmp"), "a snapshot");
    run.signal("SIGTERM");
  }));

test("while the configuration is changed and read", () =>
  stopAtWork({ config: true }, async (run) => {
    const path = join(gateway.stateDir, "openclaw.json");
    await until(
      () => run.log.some(({ step }) => String(step).includes("openclaw.json")),
      "a change",
    );
    await writeFile(`${path}.other`, "{}");
    run.signal("SIGTERM");
  }));

test("again and again: the first one counts, and nobody is cut off", () =>
  stopAtWork({}, async (run) => {
    for (const name of ["SIGTERM", "SIGTERM", "SIGINT", "SIGHUP", "SIGTERM"] as const) {
      run.signal(name);
      await pause(5);
    }
  }));

test("with readers that do not read, on the network and on the admin socket", async () => {
  await start();
  const { device, client: good } = await pair(gateway);
  const { client: stuck } = await connectAs(gateway, device);
  stuck.ws.pause();
  for (let id = 0; id < 250; id += 1) {
    stuck.send({ type: "req", id: `s${id}`, method: "health", params: {} });
  }
  const admin = connect(gateway.adminSocket);
  admin.pause();
  admin.on("error", () => undefined);
  const list = JSON.stringify({ type: "req", id: "1", method: "status", params: {} });
  for (let i = 0; i < 2_000; i += 1) admin.write(`${list}\n`);
  await host(gateway, "host.info");
  const { run } = gateway;
  run.signal("SIGTERM");
  await expectStop(run);
  expect(await good.end()).toEqual(stopped);
  stuck.ws.terminate();
  admin.destroy();
});

test("SIGHUP without a terminal reads the configuration and stops nothing", async () => {
  await start();
  const { run } = gateway;
  run.signal("SIGHUP");
  await run.logged("SIGHUP: the configuration is read again");
  const { client } = await pair(gateway);
  expect((await client.request("health")).ok).toBe(true);
  client.close();
  expect(await gateway.stop()).toBe(0);
  expect(auth.token).toBe(PROCESS_TOKEN);
});
