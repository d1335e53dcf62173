import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hasher } from "../../src/auth/hasher.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { closes } from "../../src/protocol/close.ts";
import { connectParams, type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { instantHasher, startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

/** What happens between two steps of one connect. Nothing here waits on a clock. */

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read"];

/** Checks secrets like the instant hasher, but each check waits until it is let go. */
class HeldHasher implements Hasher {
  held = false;
  readonly #waiting: (() => void)[] = [];
  readonly hash = instantHasher.hash;

  async verify(hash: string, secret: string): Promise<boolean> {
    if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return instantHasher.verify(hash, secret);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  letGo(): void {
    this.held = false;
    for (const go of this.#waiting.splice(0)) go();
  }
}

let gateway: TestGateway;
let hasher: HeldHasher;
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);

beforeEach(async () => {
  process.on("unhandledRejection", note);
  hasher = new HeldHasher();
  gateway = await startTestGateway({ hasher });
});
afterEach(async () => {
  hasher.letGo();
  const errors = gateway.log.filter(({ level }) => level === "error");
  await gateway.close();
  process.off("unhandledRejection", note);
  expect({ unhandled, errors }).toEqual({ unhandled: [], errors: [] });
});

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await new Promise((resolve) => setImmediate(resolve));
}

/** Sends a connect whose secret is being checked when this resolves. */
async function hashing(options: Parameters<RawClient["connect"]>[0]) {
  hasher.held = true;
  const client = await RawClient.open(gateway.url);
  const answer = client.connect(options);
  answer.catch(() => {});
  await until(() => hasher.waiting > 0);
  return { client, answer };
}

/** A paired device whose secret is not remembered: the next connect has to be hashed. */
async function pairedDevice() {
  const device = makeDevice();
  const { client, deviceToken } = await pairAndConnect(gateway, { device, auth, scopes });
  client.close();
  await gateway.core.secretStore.setSecret("token", TEST_TOKEN, "cli");
  await gateway.core.secretStore.setSecret("token", "another-token", "cli");
  return { device, deviceToken, secret: { token: "another-token" } };
}

describe("while a connect's secret is being checked", () => {
  test("an approval counts", async () => {
    const device = makeDevice();
    const { error } = await refusedConnect(gateway, { device, auth, scopes });
    await gateway.core.secretStore.setSecret("token", "another-token", "cli");
    const { answer } = await hashing({ device, auth: { token: "another-token" }, scopes });
    await gateway.host("device.pair.approve", { requestId: error.details.requestId });
    hasher.letGo();
    expect((await answer).ok).toBe(true);
  });

  test.each([
    ["revocation", "device.token.revoke", "role-upgrade"],
    ["removal", "device.pair.remove", "not-paired"],
  ])("a %s counts", async (_name, method, reason) => {
    const { device, secret } = await pairedDevice();
    const { answer } = await hashing({ device, auth: secret, scopes });
    await gateway.host(method, { deviceId: device.deviceId, role: "operator" });
    hasher.letGo();
    expect((await answer).error.details.reason).toBe(reason);
  });

  test("a rotation counts: the token that comes with hello-ok is the new one", async () => {
    const { device, deviceToken, secret } = await pairedDevice();
    const { answer } = await hashing({ device, auth: secret, scopes });
    await gateway.host("device.token.rotate", { deviceId: device.deviceId, role: "operator" });
    hasher.letGo();
    const { payload } = await answer;
    expect(payload.auth.deviceToken).not.toBe(deviceToken);
    const { deviceToken: token } = payload.auth;
    await admittedConnect(gateway, { device, auth: { deviceToken: token }, scopes });
  });

  test("a new secret counts: the old one opens nothing any more", async () => {
    await gateway.core.secretStore.setSecret("token", "another-token", "cli");
    const { client, answer } = await hashing({ auth: { token: "another-token" } });
    await gateway.host("host.secret.set", { kind: "token", secret: "third-token" });
    hasher.letGo();
    expect((await answer).error.details.code).toBe("AUTH_TOKEN_MISMATCH");
    await client.end();
    await admittedConnect(gateway, { auth: { token: "third-token" } });
  });

  test("a client that goes away leaves nothing behind", async () => {
    const { device, secret } = await pairedDevice();
    const { client } = await hashing({ device, auth: secret, scopes });
    client.close();
    await client.end();
    await until(() => gateway.server.gateway.admission.total === 0);
    hasher.letGo();
    await admittedConnect(gateway, { device, auth: secret, scopes });
    expect(gateway.server.gateway.registry.size).toBe(1);
  });

  test("another device on its own token is not held up", async () => {
    const { device, deviceToken } = await pairedDevice();
    await hashing({ auth: { token: "guess" } });
    const { hello } = await admittedConnect(gateway, { device, auth: { deviceToken }, scopes });
    expect(hello.auth.method).toBe("device-token");
  });

  test("a thousand connects behind the first are closed by name, and one is decided", async () => {
    const { client } = await hashing({ device: makeDevice(), auth: { token: "guess" } });
    for (let i = 0; i < 1000; i += 1) {
      const params = connectParams({ nonce: "n", ts: 1 }, { auth });
      client.send({ type: "req", id: `x${i}`, method: "connect", params });
    }
    expect(await client.end()).toEqual({ code: 1008, reason: "too many pending handshake frames" });
    hasher.letGo();
    await admittedConnect(gateway, { auth });
    expect(client.frames).toHaveLength(1);
  });
});

describe("one-time links", () => {
  const redeem = async (device: ReturnType<typeof makeDevice>, secret: string) => {
    const client = await RawClient.open(gateway.url);
    return { client, answer: client.connect({ device, auth: { bootstrapToken: secret }, scopes }) };
  };

  test("opened by two devices at once pair exactly one", async () => {
    for (let round = 0; round < 10; round += 1) {
      const secret = await gateway.invite();
      const opened = await Promise.all([
        redeem(makeDevice(), secret),
        redeem(makeDevice(), secret),
        redeem(makeDevice(), secret),
      ]);
      const answers: Frame[] = await Promise.all(opened.map(({ answer }) => answer));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      const refused = answers.filter(({ ok }) => !ok).map(({ error }) => error.details.reason);
      expect(refused).toEqual(["used-by-another-device", "used-by-another-device"]);
    }
    expect(gateway.core.pairing.counts().devices).toBe(10);
  });

  test("opened twice at once by one device give the same token twice, both durable", async () => {
    const device = makeDevice();
    const secret = await gateway.invite();
    const opened = await Promise.all([redeem(device, secret), redeem(device, secret)]);
    const answers: Frame[] = await Promise.all(opened.map(({ answer }) => answer));
    const tokens = answers.map(({ payload }) => payload.auth.deviceToken);
    expect(tokens[0]).toMatch(/^[\w-]{43}$/);
    expect(tokens[1]).toBe(tokens[0]);
  });

  test("of a device that is removed while it redeems one let nobody in", async () => {
    const device = makeDevice();
    const { client, answer } = await redeem(device, await gateway.invite());
    const { working } = gateway.core.documents.pairing;
    await until(() => working.devices.has(device.deviceId));
    await gateway.core.pairing.remove(device.deviceId, hostOwner, true);
    const frame: Frame = await answer;
    if (frame.ok) expect(await client.end()).toEqual({ code: 4001, reason: "device removed" });
    else expect(frame.error.details.reason).toBe("revoked");
    expect(gateway.server.gateway.registry.of(device.deviceId)).toEqual([]);
  });
});

describe("two decisions about one request at once", () => {
  test("exactly one is made", async () => {
    const { error } = await refusedConnect(gateway, { device: makeDevice(), auth, scopes });
    const { requestId } = error.details;
    const both = await Promise.allSettled([
      gateway.host("device.pair.approve", { requestId }),
      gateway.host("device.pair.reject", { requestId }),
      gateway.host("device.pair.approve", { requestId }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(gateway.core.pairing.counts()).toMatchObject({ pending: 0, devices: 1 });
  });

  test.each([
    ["waits", ["pairing-wait"]],
    ["does not wait", []],
  ])(
    "a device that %s and comes while its approval is being written is let in by it",
    async (_n, caps) => {
      const device = makeDevice();
      const { error } = await refusedConnect(gateway, { device, auth, scopes });
      const { requestId } = error.details;
      await gateway.core.secretStore.setSecret("token", "another-token", "cli");
      const { answer } = await hashing({ device, auth: { token: "another-token" }, scopes, caps });
      const { working, durable } = gateway.core.documents.pairing;
      const approving = gateway.host("device.pair.approve", { requestId });
      // Both go on in this same turn: the check ends before the approval is on the disk.
      hasher.letGo();
      expect([working.devices.size, durable.devices.size]).toEqual([1, 0]);
      expect((await answer).ok).toBe(true);
      await approving;
      expect(gateway.core.pairing.counts().pending).toBe(0);
    },
  );
});

test("a hundred clients that come and go leave no memory of themselves", async () => {
  const { registry, admission } = gateway.server.gateway;
  for (let i = 0; i < 25; i += 1) {
    const device = makeDevice();
    const waiting = await RawClient.open(gateway.url);
    await waiting.connect({ device, caps: ["pairing-wait"] });
    const quiet = await RawClient.open(gateway.url);
    const { client } = await admittedConnect(gateway, { auth });
    for (const c of [waiting, quiet, client]) c.close();
    await Promise.all([waiting.end(), quiet.end(), client.end()]);
  }
  await until(() => admission.total === 0);
  expect(registry.size + registry.allWaiting.length).toBe(0);
  expect(admission.unauthenticated + admission.waiting).toBe(0);
});

test("a connection that is dropped while it is made ready leaves nothing behind", async () => {
  const { places, registry, state } = gateway.server.gateway;
  const device = makeDevice();
  const paired = await pairAndConnect(gateway, { device, auth, scopes });
  paired.client.close();
  await until(() => places.connections === 0);
  const know = places.know.bind(places);
  // As the account of memory does, where others are told of who came.
  places.know = (source) => {
    know(source);
    for (const connection of registry.ready) connection.close(closes.memoryEvicted);
  };
  const client = await RawClient.open(gateway.url);
  client.connect({ device, auth, scopes }).catch(() => undefined);
  await client.end();
  places.know = know;
  expect([registry.size, registry.of(device.deviceId), registry.byRole()]).toEqual([
    0,
    [],
    { operator: 0, node: 0 },
  ]);
  expect([state.shares.sockets(device.deviceId), places.connections]).toEqual([0, 0]);
});
