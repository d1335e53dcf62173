import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ConfigWatcher } from "../../src/config/watch.ts";
import { limitTable } from "../../src/limits/table.ts";
import { makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";

let gateway: TestGateway | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await gateway?.close();
});

test("the file of the configuration is looked at with each tick, while a client is connected", async () => {
  const world = new HandWorld();
  gateway = await startTestGateway({ world });
  const look = vi.spyOn(ConfigWatcher.prototype, "look");
  world.advance(3 * limitTable.tickMs.value);
  expect(look).not.toHaveBeenCalled();
  const { client } = await pairAndConnect(gateway, {
    device: makeDevice(),
    auth: { token: TEST_TOKEN },
  });
  // Once as the first one comes.
  expect(look).toHaveBeenCalled();
  look.mockClear();
  for (let ticks = 1; ticks <= 2; ticks += 1) {
    world.advance(limitTable.tickMs.value);
    expect(look).toHaveBeenCalledTimes(ticks);
  }
  await client.close();
});

test("clients that come and go make it be looked at no more often than ticks do", async () => {
  const world = new HandWorld();
  gateway = await startTestGateway({ world });
  const { registry } = gateway.server.gateway;
  const look = vi.spyOn(ConfigWatcher.prototype, "look");
  const comesAndGoes = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      const auth = { token: TEST_TOKEN };
      const asked = { device: makeDevice(), auth };
      const { client } = await pairAndConnect(gateway as TestGateway, asked);
      client.close();
      await until(async () => registry.size === 0, "the last one to be gone");
    }
  };
  await comesAndGoes(4);
  expect(look).toHaveBeenCalledTimes(1);
  world.advance(limitTable.tickMs.value);
  await comesAndGoes(4);
  expect(look).toHaveBeenCalledTimes(2);
});

test("what is answered about the configuration follows an edit that was not told", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "config-look-"));
  // No time passes for the watch: it tells of nothing.
  gateway = await startTestGateway({ stateDir, world: new HandWorld() });
  const file = join(stateDir, "openclaw.json");
  for (const [method, name] of [
    ["config.get", "one"],
    ["status", "two"],
    ["host.info", "three"],
  ] as const) {
    await writeFile(file, JSON.stringify({ gateway: { name } }), { mode: 0o600 });
    await gateway.host(method, {});
    expect(gateway.core.config.current.gateway.name).toBe(name);
  }
  await writeFile(file, '{"gateway": {"port": "many"}}');
  const { warnings, configMark } = await gateway.host<{ warnings: string[]; configMark: string }>(
    "host.info",
  );
  expect(warnings.join("\n")).toContain("what this file says is not in force");
  expect(configMark).toMatch(/^\d+-29-\d+$/);
  await gateway.close();
  gateway = undefined;
  await rm(stateDir, { recursive: true });
});
