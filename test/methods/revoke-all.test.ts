import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { allMethods } from "../../src/methods/index.ts";
import {
  type Frame,
  makeDevice,
  pairAndConnect,
  RawClient,
  type TestDevice,
} from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const auth = { token: TEST_TOKEN };
const ADMIN = "operator.admin";
const METHOD = "device.pair.revokeAll";

interface Paired {
  readonly device: TestDevice;
  readonly id: string;
  readonly client: RawClient;
  readonly own: { device: TestDevice; auth: Record<string, string>; scopes: readonly string[] };
}

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

/** A device that is connected by its own token. */
async function paired(scopes: readonly string[] = ["operator.read"]): Promise<Paired> {
  const device = makeDevice();
  const by = await pairAndConnect(gateway, { device, auth, scopes });
  by.client.close();
  const own = { device, auth: { deviceToken: by.deviceToken }, scopes };
  return { device, id: device.deviceId, own, client: (await admittedConnect(gateway, own)).client };
}

/** A node that was let in and may run commands. */
async function pairedNode() {
  const { secret } = await gateway.host<{ secret: string }>("device.pair.invite", { role: "node" });
  const device = makeDevice();
  const options = { role: "node", client: { id: "node-host", mode: "node", platform: "linux" } };
  const params = { commands: ["system.run"] };
  const client = await RawClient.open(gateway.url);
  const hello = await client.connect({
    device,
    ...options,
    params,
    auth: { bootstrapToken: secret },
  });
  return { id: device.deviceId, client, device, token: hello.payload.auth.deviceToken };
}

const nodeIds = () => [...gateway.core.documents.nodes.durable.nodes.keys()];
const closed = { code: 4001, reason: "device removed" };

test("ends everybody but those who are named, at once, and says what remains", async () => {
  const phone = await paired([ADMIN]);
  const [reader, other] = [await paired(), await paired([ADMIN])];
  const node = await pairedNode();
  while (nodeIds().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const waiting = await RawClient.open(gateway.url);
  await waiting.connect({ device: makeDevice(), caps: ["pairing-wait"] });
  const secret = await gateway.invite();

  const planned = await gateway.host<Frame>(METHOD, { exceptDeviceIds: [phone.id], dryRun: true });
  expect(planned).toMatchObject({ revoked: 3, nodes: 1, rejected: 1, links: 1, dryRun: true });
  expect((await other.client.request("health")).ok).toBe(true);

  const done = await gateway.host<Frame>(METHOD, { exceptDeviceIds: [phone.id, phone.id] });
  expect(done).toMatchObject({
    revoked: 3,
    nodes: 1,
    rejected: 1,
    links: 1,
    kept: [{ deviceId: phone.id, scopes: [ADMIN] }],
    remains: {
      secrets: ["token"],
      devicelessCli: true,
      waysIn: { devices: 1, others: 0 },
      sshKeys: 0,
    },
  });
  expect(done.durable).toBeUndefined();
  for (const { client } of [reader, other, node]) expect(await client.end()).toEqual(closed);
  expect(await waiting.end()).toMatchObject({
    code: 1008,
    reason: "pairing required: the request was rejected",
  });
  expect((await phone.client.request("health")).ok).toBe(true);
  // None of them comes back: not by its token, not by the link, and the secret only lets it ask.
  expect((await refusedConnect(gateway, other.own)).error.details.code).toBe(
    "AUTH_DEVICE_TOKEN_MISMATCH",
  );
  const asked = await refusedConnect(gateway, { ...other.own, auth });
  expect(asked.error.details).toMatchObject({ code: "PAIRING_REQUIRED", reason: "role-upgrade" });
  const linked = { device: makeDevice(), auth: { bootstrapToken: secret }, scopes: [ADMIN] };
  expect((await refusedConnect(gateway, linked)).error.details.reason).toBe("revoked");
  while (nodeIds().length > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("from its first turn on nothing counts that the others send", async () => {
  const phone = await paired([ADMIN]);
  const evil = await paired([ADMIN]);
  const { pairing } = gateway.core.documents;
  // Held back: nothing is told to anybody before this is let go.
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { commit, decide } = pairing;
  pairing.decide = (async (...args: Parameters<typeof decide>) => {
    const outcome = await decide.apply(pairing, args);
    await held;
    return outcome;
  }) as typeof decide;
  pairing.commit = async (...args) => {
    const outcome = await commit.apply(pairing, args);
    await held;
    return outcome;
  };
  const running = gateway.host(METHOD, { exceptDeviceIds: [phone.id] });
  const frames = evil.client.frames.length;
  evil.client.send({ type: "req", id: "late", method: "device.pair.invite", params: {} });
  // A new connection on the token that is about to end, and one that does nothing wrong.
  const { error } = await refusedConnect(gateway, evil.own);
  expect(error.details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
  const { error: busy } = await phone.client.request("device.pair.invite", { scopes: [] });
  expect(busy).toMatchObject({ code: "UNAVAILABLE", retryable: true });
  letGo();
  await running;
  expect(await evil.client.end()).toEqual(closed);
  expect(evil.client.frames.slice(frames).filter(({ type }) => type === "res")).toEqual([]);
  expect(gateway.core.pairing.links.open()).toEqual([]);
});

describe("a device that calls it over the network", () => {
  test("has to name itself, and stays then", async () => {
    const laptop = await paired([ADMIN]);
    const other = await paired([ADMIN]);
    const { error } = await laptop.client.request(METHOD, { exceptDeviceIds: [other.id] });
    expect(error).toMatchObject({
      code: "INVALID_REQUEST",
      details: {
        code: "ENDS_CALLER",
        cure: `openclaw devices revoke-all --except ${other.id} --except ${laptop.id}`,
      },
    });
    const answer = await laptop.client.request(METHOD, { exceptDeviceIds: [laptop.id] });
    expect(answer.payload).toMatchObject({ revoked: 1, kept: [{ deviceId: laptop.id }] });
    expect(await other.client.end()).toEqual(closed);
    expect((await laptop.client.request("health")).ok).toBe(true);
  });

  test("by force ends itself too, after the answer", async () => {
    const laptop = await paired([ADMIN]);
    const other = await paired();
    const answer = await laptop.client.request(METHOD, { force: true });
    expect(answer.payload).toMatchObject({
      revoked: 2,
      kept: [],
      remains: { waysIn: { devices: 0 } },
    });
    for (const { client } of [laptop, other]) expect(await client.end()).toEqual(closed);
  });

  test("needs full control", async () => {
    const { client } = await paired(["operator.pairing"]);
    expect((await client.request(METHOD, { force: true })).error.message).toBe(
      "missing scope: operator.admin",
    );
  });
});

test("exceptDevices: so many may be named, and only such as are there", async () => {
  const { value } = limitTable.exceptDevices;
  const many = Array.from({ length: value + 1 }, (_, i) => `device-${i}`);
  await expect(gateway.host(METHOD, { exceptDeviceIds: many })).rejects.toThrow(
    "invalid device.pair.revokeAll params",
  );
  const few = { exceptDeviceIds: many.slice(0, value), force: true };
  await expect(gateway.host(METHOD, few)).rejects.toThrow("unknown deviceId");
});

test("it is one method, for full control", () => {
  const method = allMethods.find(({ name }) => name === METHOD);
  expect(method?.access).toEqual({ roles: ["operator"], scope: ADMIN });
});
