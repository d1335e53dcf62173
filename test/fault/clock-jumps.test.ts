import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { ask, auth, connectAs, host, pair, scopes } from "./support/owner.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const jumps: readonly [string, number][] = [
  ["five hours forward", 5 * HOUR],
  ["five hours back", -5 * HOUR],
  ["three years forward", 3 * YEAR],
  ["a year back", -YEAR],
];

const preload = fileURLToPath(new URL("support/clock.mjs", import.meta.url));

let gateway: GatewayProcess;
let clockFile: string;
let off = 0;
afterEach(() => gateway?.close());

async function start(): Promise<void> {
  off = 0;
  const env: Record<string, string> = { NODE_OPTIONS: `--import ${preload}` };
  gateway = await GatewayProcess.prepare({ env });
  clockFile = join(gateway.stateDir, "clock-offset");
  env["CLOCK_FILE"] = clockFile;
  await writeFile(clockFile, "0");
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
}

/** Sets the clock of the gateway, as NTP or an operator does. */
async function jump(ms: number): Promise<void> {
  off += ms;
  await writeFile(clockFile, String(off));
  gateway.run.signal("SIGUSR2");
  await until(
    () => gateway.run.log.findLast(({ msg }) => msg === "clock set")?.["off"] === off,
    "it",
  );
}

const now = () => Date.now() + off;

async function pendingRow(requestId: string): Promise<Frame> {
  const { pending } = await host(gateway, "device.pair.list");
  return pending.find((row: Frame) => row.requestId === requestId);
}

async function connectWith(more: Parameters<RawClient["connect"]>[0]): Promise<Frame> {
  const client = await RawClient.open(gateway.url);
  const answer = await client.connect({ device: makeDevice(), scopes, ...more });
  client.close();
  return answer;
}

describe.each(jumps)("a clock that is set %s", (_name, ms) => {
  test("keeps requests: their code, their life, and not a moment more", async () => {
    await start();
    const device = makeDevice();
    const requestId = await ask(gateway, device);
    await jump(ms);
    const row = await pendingRow(requestId);
    expect(row.expiresAtMs).toBeGreaterThan(now());
    expect(row.expiresAtMs).toBeLessThanOrEqual(now() + limitTable.pendingMs.value);
    expect(Math.abs(now() - row.ts)).toBeLessThan(60_000);
    // A retry keeps its code, and the code that was shown still approves.
    expect(await ask(gateway, device)).toBe(requestId);
    await host(gateway, "device.pair.approve", { requestId });
    (await connectAs(gateway, device)).client.close();
    const said = gateway.run.log.find(({ msg }) => msg.startsWith("the clock was set"));
    expect(said?.msg).toContain(ms > 0 ? "forward" : "back");
  });

  test("keeps devices, their tokens and connections, and open handshakes", async () => {
    await start();
    const { device, client, deviceToken } = await pair(gateway);
    const slow = await RawClient.open(gateway.url);
    await slow.challenge();
    await jump(ms);
    // Longer than the sweep that ends handshakes takes to come round.
    await pause(2_200);
    expect(slow.closed).toBeUndefined();
    expect((await client.request("health")).ok).toBe(true);
    client.close();
    const back = await connectAs(gateway, device, { auth: { deviceToken } });
    back.client.close();
    slow.close();
    const { uptimeMs } = await host(gateway, "host.info");
    expect(uptimeMs).toBeGreaterThanOrEqual(0);
    expect(uptimeMs).toBeLessThan(HOUR);
  });

  test("locks nobody out for longer, nor lets in whom it locked", async () => {
    await start();
    const wrong = { auth: { token: "wrong-token-0123456789" } };
    const guess = async () => (await connectWith(wrong)).error;
    await until(async () => (await guess()).details?.code === "AUTH_RATE_LIMITED", "the lock");
    await jump(ms);
    const { details, retryAfterMs } = await guess();
    expect(details.code).toBe("AUTH_RATE_LIMITED");
    expect(retryAfterMs ?? details.retryAfterMs).toBeLessThanOrEqual(limitTable.authLockMs.value);
  });

  test("keeps links: open ones open, used ones used, expired ones expired", async () => {
    await start();
    const invite = (expiresInMs: number) =>
      host(gateway, "device.pair.invite", { role: "operator", scopes, expiresInMs });
    const [open, used, late] = await Promise.all([invite(HOUR), invite(HOUR), invite(1_000)]);
    const first = makeDevice();
    const redeem = (secret: string, device = makeDevice()) =>
      connectWith({ device, auth: { bootstrapToken: secret } });
    expect((await redeem(used.secret, first)).ok).toBe(true);
    await pause(Math.max(0, late.expiresAtMs - Date.now() + 10));
    await jump(ms);
    expect((await redeem(late.secret)).error.details.reason).toContain("expired");
    expect((await redeem(used.secret)).error.details.reason).toContain("used");
    expect((await redeem(used.secret, first)).ok).toBe(true);
    expect((await redeem(open.secret)).ok).toBe(true);
  });

  test("tells devices whose own clock is right now that clocks differ", async () => {
    await start();
    await jump(ms);
    const { error } = await connectWith({ auth, signedAt: Date.now() });
    expect(error.details).toMatchObject({
      code: "DEVICE_AUTH_SIGNATURE_EXPIRED",
      cure: expect.stringContaining("clock"),
    });
  });

  test("is named by doctor", async () => {
    await start();
    await jump(ms);
    const { stdout, stderr } = await gateway.cli(["doctor"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/The clock says [^:]+:\d+:\d+Z: it was set (forward|back) by|long past/);
    expect(stdout).toContain("timedatectl set-ntp true");
  });

  test("is no harm when the gateway starts again by it", async () => {
    await start();
    const requestId = await ask(gateway);
    const { device, client } = await pair(gateway);
    client.close();
    await jump(ms);
    await gateway.stop();
    await gateway.start();
    // What a clock wrote that was ahead has its whole life before it.
    if (ms < 0) expect(await pendingRow(requestId)).toBeDefined();
    await expectBounded(requestId);
    // What was moved may be lost with a crash: then the state has times of the other clock.
    await gateway.kill();
    await jumpBack(-ms);
    await gateway.start();
    (await connectAs(gateway, device)).client.close();
    await expectBounded(requestId);
  });
});

async function expectBounded(requestId: string): Promise<void> {
  const row = await pendingRow(requestId);
  if (!row) return;
  expect(row.expiresAtMs).toBeGreaterThan(now());
  expect(row.expiresAtMs).toBeLessThanOrEqual(now() + limitTable.pendingMs.value);
}

/** The same while no gateway runs. */
async function jumpBack(ms: number): Promise<void> {
  off += ms;
  await writeFile(clockFile, String(off));
}
