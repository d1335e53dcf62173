import { afterAll, beforeAll, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { worstCase } from "../../src/limits/worst-case.ts";
import { makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { Attack, addresses } from "./support/attack.ts";

const MiB = 1024 * 1024;
/** As on a small machine, so that all of it can be taken here. */
const small = {
  unauthenticatedSockets: 10,
  waitingSockets: 4,
  deviceSockets: 12,
  heldBytes: 4 * MiB,
  connections: 200,
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ limits: small });
});
afterAll(() => gateway.close());

test("strangers and one device together take what the page of limits says, and no more", async () => {
  const parts = worstCase(limitValues(small));
  const most = (what: RegExp) =>
    parts.filter((part) => what.test(part.what)).reduce((sum, { bytes }) => sum + bytes, 0);
  const frames = most(/^frames/);
  const held = most(/held for all clients/);
  const device = makeDevice();
  const auth = { token: TEST_TOKEN };
  (await pairAndConnect(gateway, { device, auth, scopes: [] })).client.close();
  const before = process.memoryUsage.rss();
  const to = { port: gateway.port };
  const sources = addresses(20);
  const token = TEST_TOKEN;
  const inside = { to, sources: ["127.90.0.1"], device, token };
  const attacks = [
    Attack.start({ attack: "partialFrames", ...inside, count: small.deviceSockets - 3 }),
    Attack.start({ attack: "insidePings", ...inside, count: 3 }),
    Attack.start({ attack: "partialFrames", to, sources, count: small.unauthenticatedSockets }),
  ];
  let [peak, mostHeld] = [0, 0];
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss() - before);
    mostHeld = Math.max(mostHeld, gateway.server.gateway.memory.total);
  };
  const enough = frames * 0.6;
  await until(
    () => {
      look();
      return peak > enough && mostHeld > small.heldBytes / 2;
    },
    () => `the memory to be taken: ${Math.round(peak / MiB)} of ${Math.round(frames / MiB)} MiB`,
  );
  const until_ = performance.now() + 3_000;
  await until(() => {
    look();
    return performance.now() > until_;
  }, "a moment more");
  for (const attack of attacks) await attack.stop();
  console.log(`at worst ${Math.round(peak / MiB)} MiB of ${Math.round((frames + held) / MiB)} MiB`);
  expect(mostHeld).toBeLessThanOrEqual(small.heldBytes);
  // What this process itself takes meanwhile, tests and all.
  expect(peak).toBeLessThan(frames + held + 64 * MiB);
  await until(() => gateway.server.gateway.memory.total === 0, "what was held");
});
