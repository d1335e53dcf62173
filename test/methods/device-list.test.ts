import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limitTable, limitValues } from "../../src/limits/table.ts";
import { DeviceList } from "../../src/pairing/device-list.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import type { Device } from "../../src/pairing/records.ts";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { HandWorld } from "../kit/world.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway({ limits: { listRows: 300, listBytes: 200_000 } });
});
afterEach(() => gateway.close());

const idOf = (index: number) => createHash("sha256").update(String(index)).digest("hex");

/** A paired device; `index` is its age in the list: the highest was approved last. */
function deviceOf(index: number, more: Partial<Device> = {}): Device {
  return {
    deviceId: idOf(index),
    publicKey: "key",
    clientId: "cli",
    clientMode: "cli",
    roles: ["operator"],
    scopes: ["operator.read"],
    approvedVia: "owner",
    createdAtMs: 1000,
    approvedAtMs: 1000 + index,
    tokens: { operator: { generation: 1, scopes: ["operator.read"], createdAtMs: 1000 } },
    ...more,
  };
}

async function pair(devices: readonly Device[]): Promise<void> {
  const changes = devices.map((device) => ({ op: "device" as const, device }));
  await gateway.core.documents.pairing.commit(changes);
}

const pairMany = (count: number) => pair(Array.from({ length: count }, (_, i) => deviceOf(i)));

const list = (params?: object) => gateway.host<Frame>("device.pair.list", params);
const ids = (answer: Frame): string[] => answer.paired.map((row: Frame) => row.deviceId);

/** All pages, with `between` run after each. */
async function pages(params: object, between: (page: number) => Promise<void> = async () => {}) {
  const all: Frame[] = [];
  let cursor: string | undefined;
  do {
    const answer = await list({ ...params, ...(cursor !== undefined && { cursor }) });
    all.push(answer);
    cursor = answer.nextCursor;
    await between(all.length);
  } while (cursor !== undefined);
  return all;
}

describe("without params", () => {
  test("the answer is the two lists and nothing else, newest first", async () => {
    await pairMany(3);
    const answer = await list();
    expect(Object.keys(answer)).toEqual(["pending", "paired"]);
    expect(ids(answer)).toEqual([idOf(2), idOf(1), idOf(0)]);
    expect(answer.paired[0]).toEqual({
      deviceId: idOf(2),
      publicKey: "key",
      clientId: "cli",
      clientMode: "cli",
      role: "operator",
      roles: ["operator"],
      scopes: ["operator.read"],
      approvedVia: "owner",
      createdAtMs: 1000,
      approvedAtMs: 1002,
      tokens: [{ role: "operator", scopes: ["operator.read"], createdAtMs: 1000 }],
      connected: false,
    });
    expect(await list({ somethingNew: true })).toEqual(answer);
  });

  test("past the limit the newest are listed, and it says so and where to go on", async () => {
    await pairMany(300);
    expect(await list()).not.toHaveProperty("truncated");
    await pair([deviceOf(300)]);
    const cut = await list();
    expect(cut).toMatchObject({ truncated: true, total: 301 });
    expect(ids(cut)).toHaveLength(300);
    expect(ids(cut)[0]).toBe(idOf(300));
    const rest = await list({ cursor: cut.nextCursor });
    expect(ids(rest)).toEqual([idOf(0)]);
    expect(rest).not.toHaveProperty("nextCursor");
  });

  test("an answer stays below its bytes however much the rows hold", async () => {
    const scopes = Array.from({ length: 32 }, (_, i) => `scope-${i}-`.padEnd(300, "é"));
    await pair(Array.from({ length: 40 }, (_, i) => deviceOf(i, { scopes })));
    const cut = await list();
    expect(Buffer.byteLength(JSON.stringify(cut.paired))).toBeLessThanOrEqual(200_000);
    expect(cut).toMatchObject({ truncated: true, total: 40 });
    const all = await pages({ limit: 1000 });
    expect(all.length).toBeGreaterThan(1);
    expect(new Set(all.flatMap(ids)).size).toBe(40);
  });
});

describe("pages", () => {
  test("together are the whole list, each with the total", async () => {
    await pairMany(10);
    const all = await pages({ limit: 4 });
    expect(all.map((page) => page.paired.length)).toEqual([4, 4, 2]);
    expect(all.map(({ total }) => total)).toEqual([10, 10, 10]);
    expect(all.flatMap(ids)).toEqual(ids(await list()));
    expect(all[0].paired).toEqual((await list()).paired.slice(0, 4));
  });

  test("a last page that is full promises no other", async () => {
    await pairMany(8);
    expect(await pages({ limit: 4 })).toHaveLength(2);
  });

  test("who is paired throughout is listed once, whoever comes and goes meanwhile", async () => {
    await pairMany(400);
    const gone = new Set<string>();
    const all = await pages({ limit: 37 }, async (page) => {
      // Gone: one already seen, one still to come, the very end of this page. Then a newcomer, and
      // one that is approved anew.
      for (const index of [399 - page, page, 399 - page * 37 + 1]) {
        gone.add(idOf(index));
        await gateway.host("device.pair.remove", { deviceId: idOf(index) }).catch(() => {});
      }
      await pair([deviceOf(1000 + page), deviceOf(200 + page, { approvedAtMs: 9000 + page })]);
    });
    const seen = all.flatMap(ids);
    expect(new Set(seen).size).toBe(seen.length);
    const moved = new Set(all.map((_, page) => idOf(201 + page)));
    for (let index = 0; index < 400; index += 1) {
      const id = idOf(index);
      if (!gone.has(id) && !moved.has(id)) expect(seen).toContain(id);
    }
  });

  test("devices approved in the same millisecond are told apart", async () => {
    await pair(Array.from({ length: 600 }, (_, i) => deviceOf(i, { approvedAtMs: 5 })));
    const all = await pages({ limit: 100 });
    expect(new Set(all.flatMap(ids)).size).toBe(600);
  });

  test("requests are on the first page", async () => {
    await pairMany(4);
    const client = await RawClient.open(gateway.url);
    await client.connect({ device: makeDevice(), auth: { token: TEST_TOKEN } });
    const all = await pages({ limit: 2 });
    expect(all.map((page) => page.pending.length)).toEqual([1, 0]);
  });

  test("a device on its own token pages through itself alone", async () => {
    await pairMany(5);
    const scopes = ["operator.pairing", "operator.read"];
    const device = makeDevice();
    const auth = { token: TEST_TOKEN };
    const { client, deviceToken } = await pairAndConnect(gateway, { device, auth, scopes });
    client.close();
    const own = await RawClient.open(gateway.url);
    await own.connect({ device, auth: { deviceToken }, scopes });
    const { payload } = await own.request("device.pair.list", { limit: 1 });
    expect(ids(payload)).toEqual([device.deviceId]);
    expect(payload).toMatchObject({ total: 1 });
    expect(payload).not.toHaveProperty("nextCursor");
  });

  const most = limitTable.listPageRows.value;
  test.each<[object]>([
    [{ limit: 0 }],
    [{ limit: most + 1 }],
    [{ limit: 1.5 }],
    [{ cursor: "" }],
    [{ cursor: "nonsense" }],
    [{ cursor: "x".repeat(257) }],
    [{ query: "x".repeat(257) }],
    [{ role: "admin" }],
    [{ staleBeforeMs: -1 }],
  ])("%j is refused", async (params) => {
    const refusal = {
      code: "INVALID_REQUEST",
      message: expect.stringContaining("device.pair.list"),
    };
    await expect(list(params)).rejects.toMatchObject(refusal);
  });
});

describe("what narrows the list", () => {
  test("a query finds text in label, name, id, platform and client, in any case", async () => {
    await pair([
      deviceOf(0, { label: "Küche" }),
      deviceOf(1, { displayName: "Anna's PHONE" }),
      deviceOf(2, { platform: "Android 16" }),
      deviceOf(3, { clientId: "openclaw-ios" }),
    ]);
    const found = async (query: string) => ids(await list({ query }));
    expect(await found("KÜCHE")).toEqual([idOf(0)]);
    expect(await found("phone")).toEqual([idOf(1)]);
    expect(await found("android")).toEqual([idOf(2)]);
    expect(await found("iOS")).toEqual([idOf(3)]);
    expect(await found(idOf(1).slice(3, 20).toUpperCase())).toEqual([idOf(1)]);
    expect(await found("nobody")).toEqual([]);
  });

  test("hostile characters hide nothing and find nothing", async () => {
    await pair([deviceOf(0, { displayName: "pay\u202epal\u200b" }), deviceOf(1)]);
    expect(ids(await list({ query: "pay\u200bpal" }))).toEqual([idOf(0)]);
    expect(ids(await list({ query: "\u202e" }))).toEqual([]);
  });

  test("requests are narrowed as well", async () => {
    const client = await RawClient.open(gateway.url);
    const named = { id: "test", version: "1", platform: "plan9", mode: "test" };
    await client.connect({ device: makeDevice(), auth: { token: TEST_TOKEN }, client: named });
    expect((await list({ query: "Plan9" })).pending).toHaveLength(1);
    expect((await list({ query: "beos" })).pending).toHaveLength(0);
    expect((await list({ role: "node" })).pending).toHaveLength(0);
    expect((await list({ staleBeforeMs: 1e15 })).pending).toHaveLength(0);
  });

  test("stale is who was not seen since, or never, and is not connected", async () => {
    await pair([
      deviceOf(0),
      deviceOf(1, { lastSeenAtMs: 9000 }),
      deviceOf(2, { roles: ["node"] }),
    ]);
    const device = makeDevice();
    await pairAndConnect(gateway, { device, auth: { token: TEST_TOKEN } });
    expect(ids(await list({ staleBeforeMs: 5000 }))).toEqual([idOf(2), idOf(0)]);
    expect(ids(await list({ staleBeforeMs: 1e15 }))).not.toContain(device.deviceId);
    expect(ids(await list({ role: "node", staleBeforeMs: 5000 }))).toEqual([idOf(2)]);
  });

  test("its pages carry on with the same filter and the first page's total", async () => {
    await pair(Array.from({ length: 1000 }, (_, i) => deviceOf(i, { platform: `p${i % 3}` })));
    const all = await pages({ query: "P1", limit: 50 }, async (page) => {
      await pair([deviceOf(5000 + page, { platform: "p1" })]);
    });
    expect(all.map(({ total }) => total)).toEqual(all.map(() => 333));
    expect(all.flatMap(ids)).toHaveLength(333);
  });
});

test("listsAtOnce: many long answers at once queue, and each is right", async () => {
  await pairMany(1000);
  const asked = Array.from({ length: 40 }, (_, i) => list({ query: "CLI", limit: 300 + i }));
  for (const [index, answer] of (await Promise.all(asked)).entries()) {
    expect(answer).toMatchObject({ total: 1000, nextCursor: expect.any(String) });
    expect(answer.paired).toHaveLength(300 + index);
  }
});

test("listsAtOnce: never more are in the making", async () => {
  await pairMany(300);
  const world = new HandWorld();
  // A slow machine: its time is over at each look at the clock.
  let time = 0;
  world.monotonic = () => {
    time += 10;
    return time;
  };
  const lists = new DeviceList({
    state: () => gateway.core.documents.pairing.durable,
    requests: () => [],
    world,
    now: () => world.now(),
    limits: limitValues(),
    isConnected: () => false,
  });
  const making = new Set<number>();
  let most = 0;
  const ask = (index: number) => {
    let rows = 0;
    const write = () => {
      rows += 1;
      if (rows < 300) making.add(index);
      else making.delete(index);
      most = Math.max(most, making.size);
      return "{}";
    };
    return lists.page({ actor: hostOwner, limit: 300, write });
  };
  await Promise.all(Array.from({ length: 10 }, (_, index) => ask(index)));
  expect(most).toBe(limitTable.listsAtOnce.value);
});

test("the order survives a restart, and clocks that jump back", async () => {
  await pair([3, 1, 2, 0].map((index) => deviceOf(index)));
  await pair([deviceOf(1, { approvedAtMs: 9999 })]);
  await gateway.host("device.pair.remove", { deviceId: idOf(2) });
  const before = ids(await list({ limit: 10 }));
  expect(before).toEqual([idOf(1), idOf(3), idOf(0)]);
  const { stateDir } = gateway;
  await gateway.server.close("restart");
  await gateway.core.close();
  const again = await startTestGateway({ stateDir });
  try {
    const answer = await again.host<Frame>("device.pair.list", { limit: 10 });
    expect(ids(answer)).toEqual(before);
  } finally {
    await again.close();
  }
});
