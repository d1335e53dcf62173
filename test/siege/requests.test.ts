import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { Limits } from "../../src/limits/table.ts";
import { ownerScopes } from "../../src/protocol/access.ts";
import { each } from "../fault/support/attackers.ts";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway, unpaced } from "../kit/gateway.ts";
import {
  askOnce,
  gatherHonest,
  HonestDevice,
  keepUp,
  pendingCodes,
  readSlowly,
} from "./support/requests.ts";

/** Strangers ask for approval from one address and from three hundred, while others wait, listen and work. */

const MiB = 1024 * 1024;
let gateway: TestGateway;

afterEach(() => gateway?.close());

/** Addresses of strangers: every one in a /24 of its own, or all in one. */
const apart = (n: number) => `127.${10 + Math.floor(n / 200)}.${1 + (n % 200)}.1`;
const together = (n: number) => `127.8.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;

/** As long as the longest request may be, so that each costs its listeners most. */
const fat = (n: number) =>
  Array.from({ length: 32 }, (_, i) => `x.${n}.${i}.`.padEnd(128, "abcdefgh"));

async function stillWaits(honest: readonly HonestDevice[]): Promise<void> {
  const pending = await pendingCodes(gateway);
  for (const { code, client } of honest) {
    expect(client.closed).toBeUndefined();
    expect([...pending]).toContain(code);
  }
}

test.each([
  ["each in a /24 of its own", apart],
  ["in two /24s", together],
])(
  "300 addresses ask once each, %s: who waits keeps the code, and comes in by it",
  async (_, from) => {
    gateway = await startTestGateway();
    const { url } = gateway;
    const honest = [
      await HonestDevice.ask({ url, address: "127.0.0.7" }),
      await HonestDevice.ask({ url, address: "127.0.0.7" }),
      await HonestDevice.ask({ url, address: "127.0.1.7" }),
    ];
    await each(Array.from({ length: 300 }), 8, async (_one, n) => {
      await askOnce({ url, address: from(n) }).catch(() => undefined);
    });
    await stillWaits(honest);
    for (const one of honest) await one.letIn(gateway);
  },
);

test("100 requests from the very address at which a device waits: it keeps its code", async () => {
  gateway = await startTestGateway();
  const from = { url: gateway.url, address: "127.0.0.7" };
  const honest = await HonestDevice.ask(from);
  await each(Array.from({ length: 100 }), 8, async () => {
    await askOnce(from);
  });
  await stillWaits([honest]);
  await honest.letIn(gateway);
});

test("300 addresses ask and wait: who waited before is not closed", async () => {
  gateway = await startTestGateway({ limits: { waitingSockets: 48 } });
  const { url } = gateway;
  const honest = [
    await HonestDevice.ask({ url, address: "127.0.0.7" }),
    await HonestDevice.ask({ url, address: "127.0.1.7" }),
  ];
  const crowd: HonestDevice[] = [];
  await each(Array.from({ length: 300 }), 8, async (_one, n) => {
    const asked = await HonestDevice.ask({ url, address: apart(n) }).catch(() => undefined);
    if (asked) crowd.push(asked);
  });
  await stillWaits(honest);
  for (const { client } of crowd) client.ws.terminate();
  for (const one of honest) await one.letIn(gateway);
});

/** A paired phone with full control that reads 2 Mbit/s and asks for something now and then. */
async function phone() {
  const { client } = await pairAndConnect(gateway, {
    device: makeDevice(),
    auth: { token: TEST_TOKEN },
    scopes: ownerScopes,
  });
  const stop = readSlowly(client, 250_000);
  return { client, stop };
}

/** Strangers are paced, and apart from that events have a budget: each alone keeps the phone connected. */
const unpacedStrangers = { ...unpaced, pendingPerAddress: 16, requestGraceMs: 1 };
const guards: [string, Partial<Limits>][] = [
  ["as it is", {}],
  ["by the budget of events alone", unpacedStrangers],
];

/** More than the kernel holds for the phone, its share of the gateway, and what it reads meanwhile. */
const ASKS = 2500;

/** It is answered, missed no event, and was told where the list has more than its events say. */
async function staysTold(client: RawClient, limits: Partial<Limits>): Promise<void> {
  expect(client.closed).toBeUndefined();
  expect((await client.request("health")).ok).toBe(true);
  const more = (f: Frame) => f.event === "device.pair.changed" && f.payload.more > 0;
  if (limits.requestBurst !== undefined) await client.next(more);
  const seqs = client.frames.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  expect(seqs).toEqual(seqs.map((_, at) => at + 1));
}

test.each(guards)(
  "one address asks as fast as it can: a paired phone that reads 2 Mbit/s stays, %s",
  async (_, limits) => {
    gateway = await startTestGateway({ limits: { bufferedBytes: MiB, ...limits } });
    const { client, stop } = await phone();
    const from = { url: gateway.url, address: "127.0.0.9" };
    await each(Array.from({ length: ASKS }), 8, async (_one, n) => {
      if (!client.closed) await askOnce(from, { scopes: fat(n), displayName: "n".repeat(250) });
    });
    await staysTold(client, limits);
    stop();
  },
);

test.each(guards)(
  "a paired device asks for ever more scopes: a phone that reads 2 Mbit/s stays, and others may ask, %s",
  async (_, limits) => {
    gateway = await startTestGateway({ limits: { bufferedBytes: MiB, ...limits } });
    const { client, stop } = await phone();
    const hostile = await pairAndConnect(gateway, {
      device: makeDevice(),
      auth: { token: TEST_TOKEN },
      scopes: ["operator.read"],
    });
    await each(Array.from({ length: ASKS }), 8, async (_one, n) => {
      if (client.closed) return;
      const scopes = fat(n).slice(0, 8);
      await hostile.client.request("device.scopes.requestUpgrade", { scopes });
    });
    await staysTold(client, limits);
    stop();
    const honest = await HonestDevice.ask({ url: gateway.url, address: "127.0.0.7" });
    await honest.letIn(gateway);
  },
);

test("300 addresses keep asking: devices that come meanwhile get a code too, and keep it", async () => {
  gateway = await startTestGateway();
  const { url } = gateway;
  const attack = keepUp((n) => askOnce({ url, address: apart(n % 300) }), 150);
  await pause(1000);
  const addresses = ["127.0.0.7", "127.0.1.7", "127.0.2.7"];
  const honest = await gatherHonest(url, addresses);
  await pause(3000);
  await stillWaits(honest);
  await attack.stop();
  for (const one of honest) await one.letIn(gateway);
});
