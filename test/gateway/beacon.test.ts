import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

/** `system-event`: how a client is, for the presence list. */

const auth = { token: TEST_TOKEN };
const cli = { id: "cli", mode: "cli" };
const admin = ["operator.admin"];

let world: HandWorld;
let gateway: TestGateway;
beforeEach(async () => {
  world = new HandWorld();
  gateway = await startTestGateway({ world });
});
afterEach(() => gateway.close());

const list = async (): Promise<Frame[]> =>
  (await gateway.host<Frame[] & Record<string, unknown>>("system-presence")).slice(1);

/** What OpenClaw's app for macOS sends. */
const beacon = {
  text: "Node: Anna's Mac (192.168.1.7) · app 2026.9.6 · last input 12s ago · mode local · reason launch",
  host: "Anna's Mac",
  ip: "192.168.1.7",
  mode: "local",
  version: "2026.9.6",
  platform: "macos 26.1",
  deviceFamily: "Mac",
  modelIdentifier: "Mac16,1",
  lastInputSeconds: 12,
  reason: "launch",
  tags: ["a"],
};

async function app(instanceId = "app-1"): Promise<{ client: RawClient; deviceId: string }> {
  const device = makeDevice();
  const { client } = await pairAndConnect(gateway, {
    device,
    client: { id: "openclaw-macos", mode: "ui", instanceId },
    auth,
    scopes: admin,
  });
  return { client, deviceId: device.deviceId };
}

describe("a client that speaks of itself", () => {
  test.each([{}, { instanceId: "app-1" }])(
    "has it in its own entry, and keeps what is known: %j",
    async (instance) => {
      const { client, deviceId } = await app();
      world.advance(1000);
      const claims = { roles: ["node"], scopes: ["operator.bogus"], deviceId };
      const answer = await client.request("system-event", { ...beacon, ...instance, ...claims });
      expect(answer).toMatchObject({ ok: true, payload: { ok: true } });
      expect(await list()).toEqual([
        {
          ...beacon,
          instanceId: "app-1",
          deviceId,
          roles: ["operator"],
          scopes: admin,
          ts: world.now(),
        },
      ]);
      client.close();
      await expect.poll(list).toEqual([]);
    },
  );

  test("what it leaves out stays", async () => {
    const { client } = await app();
    await client.request("system-event", beacon);
    await client.request("system-event", { text: "Node: again", reason: "periodic" });
    expect(await list()).toMatchObject([{ ...beacon, text: "Node: again", reason: "periodic" }]);
  });

  test("others hear of it as of any change", async () => {
    const { client } = await app();
    const heard = client.next((f) => f.event === "presence" && f.payload.presence.length > 1);
    await client.request("system-event", beacon);
    world.advance(limitTable.presenceCoalesceMs.value);
    expect((await heard).payload.presence.at(-1)).toMatchObject({ reason: "launch" });
  });
});

describe("a client that comes only to say it", () => {
  test("is in the list for a while after it has left, without what it can't know", async () => {
    const { client } = await admittedConnect(gateway, { client: cli, auth, scopes: admin });
    const other = { ...beacon, deviceId: "f".repeat(64), roles: ["node"] };
    await client.request("system-event", other);
    client.close();
    await client.end();
    expect(await list()).toEqual([{ ...beacon, ts: world.now() }]);
    world.advance(limitTable.presenceBeaconMs.value - 1);
    expect(await list()).toHaveLength(1);
    world.advance(1);
    expect(await list()).toEqual([]);
  });

  test("of another instance has an entry beside its own", async () => {
    const { client } = await app();
    await client.request("system-event", { ...beacon, instanceId: "other" });
    expect(await list()).toMatchObject([{ instanceId: "other" }, { instanceId: "app-1" }]);
  });
});

test.each([
  [{ text: "x".repeat(300) }, `${"x".repeat(255)}…`],
  [{ text: "a\u202eb\u0000c\nd" }, "abc d"],
])("its texts are cleaned and cut: %j", async (params, text) => {
  const { client } = await app();
  const { payload } = await client.request("system-event", params);
  expect(payload).toEqual({ ok: true });
  expect((await list())[0]?.["text"]).toBe(text);
});

test("beaconTags: tags beyond them are left out", async () => {
  const { client } = await app();
  const tags = Array.from({ length: limitTable.beaconTags.value + 1 }, (_, i) => `t${i}`);
  await client.request("system-event", { text: "x", tags });
  expect((await list())[0]?.["tags"]).toEqual(tags.slice(0, -1));
});

test.each([
  [{}, "invalid system-event params: must have required property 'text'"],
  [{ text: " " }, "text required"],
])("without a text it is refused: %j", async (params, message) => {
  const { client } = await app();
  expect((await client.request("system-event", params)).error).toMatchObject({
    code: "INVALID_REQUEST",
    message,
  });
});

test.each([{ wake: true }, { sessionKey: "main" }])(
  "what is for an agent is refused as that, for there is none: %j",
  async (more) => {
    const { client } = await app();
    const before = await list();
    const { error } = await client.request("system-event", { ...beacon, ...more });
    expect(error.details).toMatchObject({ code: "NO_AGENT", cure: expect.any(String) });
    expect(await list()).toEqual(before);
  },
);

test("it takes admin, as with OpenClaw's own gateway", async () => {
  const { client } = await admittedConnect(gateway, {
    client: cli,
    auth,
    scopes: ["operator.write"],
  });
  const { error } = await client.request("system-event", beacon);
  expect(error.details).toMatchObject({ code: "MISSING_SCOPE", missingScope: "operator.admin" });
});
