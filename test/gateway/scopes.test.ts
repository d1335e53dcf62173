import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { at, openclaw } from "../../src/protocol/command.ts";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const auth = { token: TEST_TOKEN };
const READ = "operator.read";
const WRITE = "operator.write";
const PAIRING = "operator.pairing";
const ADMIN = "operator.admin";
const cli = { id: "cli", mode: "cli" };

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

/** A paired device, connected on its own token. */
async function onDeviceToken(...scopes: string[]) {
  const device = makeDevice();
  const { deviceToken } = await pairAndConnect(gateway, { device, auth, scopes });
  const options = { device, auth: { deviceToken }, scopes };
  const { client } = await admittedConnect(gateway, options);
  return { client, device, deviceToken, options };
}

async function onSharedSecret(...scopes: string[]): Promise<RawClient> {
  return (await admittedConnect(gateway, { auth, client: cli, scopes })).client;
}

/** The code of a fresh request. */
async function asked(scopes: string[], role?: string): Promise<string> {
  const device = makeDevice();
  const connect = { device, auth, scopes, ...(role !== undefined && { role }) };
  return (await refusedConnect(gateway, connect)).error.details.requestId;
}

describe("asking for more on a live socket", () => {
  test("is approved, answered with the token, and in force at the next connect", async () => {
    const { client, device, options } = await onDeviceToken(READ);
    const { payload } = await client.request("device.scopes.requestUpgrade", { scopes: [ADMIN] });
    const { requestId } = payload;
    const waiting = client.request("device.scopes.waitUpgrade", { requestId });
    expect((await client.request("status")).ok).toBe(true);
    expect((await client.request("device.pair.list")).error.code).toBe("FORBIDDEN");
    const listed = await gateway.host<{ pending: Frame[] }>("device.pair.list");
    expect(listed.pending).toHaveLength(1);
    expect(listed.pending[0]).toMatchObject({ requestId, scopes: [ADMIN], isRepair: true });
    expect(Object.keys(listed.pending[0])).not.toContain("tokens");
    await gateway.host("device.pair.approve", { requestId });
    const { payload: answer } = await waiting;
    expect(answer).toEqual({
      status: "approved",
      requestId,
      deviceToken: expect.stringMatching(/^[\w-]{43}$/),
      scopes: [ADMIN, READ],
    });
    const wider = { ...options, auth: { deviceToken: answer.deviceToken }, scopes: [ADMIN] };
    const { hello } = await admittedConnect(gateway, wider);
    expect(hello.auth.scopes).toEqual([ADMIN]);
    expect(device.deviceId).toBe(listed.pending[0].deviceId);
  });

  test("keeps its code when it is asked again, and its ask", async () => {
    const { client } = await onDeviceToken(READ);
    const ask = () => client.request("device.scopes.requestUpgrade", { scopes: [ADMIN] });
    const first = (await ask()).payload.requestId;
    expect((await ask()).payload.requestId).toBe(first);
    const { device } = await gateway.host<Frame>("device.pair.approve", { requestId: first });
    expect(device.scopes).toEqual([ADMIN, READ]);
  });

  test.each([
    ["rejected", "rejected"],
    ["superseded", "expired"],
  ])("that is %s is answered as %s", async (how, status) => {
    const { client } = await onDeviceToken(READ);
    const ask = (scopes: string[]) => client.request("device.scopes.requestUpgrade", { scopes });
    const { requestId } = (await ask([WRITE])).payload;
    const waiting = client.request("device.scopes.waitUpgrade", { requestId });
    if (how === "rejected") await gateway.host("device.pair.reject", { requestId });
    else await ask([ADMIN]);
    expect((await waiting).payload).toEqual({ status, requestId });
  });

  test("waiting after the decision, or for what never was, is answered at once", async () => {
    const { client } = await onDeviceToken(READ);
    const { payload } = await client.request("device.scopes.requestUpgrade", { scopes: [WRITE] });
    const { requestId } = payload;
    await gateway.host("device.pair.approve", { requestId });
    const wait = async (id: string) =>
      (await client.request("device.scopes.waitUpgrade", { requestId: id })).payload;
    expect((await wait(requestId)).status).toBe("approved");
    expect(await wait("0000-0000")).toEqual({ status: "expired", requestId: "0000-0000" });
  });

  test.each(["approved", "rejected"])(
    "waiting tells nothing of another's request that was %s",
    async (how) => {
      const { client } = await onDeviceToken(READ);
      const requestId = await asked([READ]);
      await gateway.host(`device.pair.${how === "approved" ? "approve" : "reject"}`, { requestId });
      const { payload } = await client.request("device.scopes.waitUpgrade", { requestId });
      expect(payload).toEqual({ status: "expired", requestId });
    },
  );

  test("asking ever for something else is turned away after a while, and what was asked for stays", async () => {
    const { client } = await onDeviceToken(READ);
    const ask = (scope: string) =>
      client.request("device.scopes.requestUpgrade", { scopes: [scope] });
    const most = limitTable.requestBurstPerAddress.value - 1;
    let last: Frame;
    for (let n = 0; n < most; n += 1) last = await ask(`x.${n}`);
    const refused = [await ask("x.more"), await ask("x.even-more")].find(({ ok }) => !ok);
    expect(refused?.error).toMatchObject({
      code: "UNAVAILABLE",
      message: "too many pairing requests; retry later",
      retryable: true,
      details: { code: "PAIRING_BUSY", cure: "on the gateway host: openclaw devices invite" },
    });
    expect(refused?.error.retryAfterMs).toBeGreaterThan(0);
    expect(last?.ok).toBe(true);
    expect(gateway.server.gateway.closes).toMatchObject({ "requests-turned-away": 1 });
  });

  test("waiting while the approval is being written is answered when it is durable", async () => {
    const { client, device } = await onDeviceToken(READ);
    const { payload } = await client.request("device.scopes.requestUpgrade", { scopes: [WRITE] });
    const { requestId } = payload;
    const approving = gateway.core.pairing.approve(requestId, hostOwner);
    // In this same turn the decision stands in the working state only: a wait must not miss it.
    const answer = new Promise<Frame>((resolve) => {
      const send = (text: string) => resolve(JSON.parse(text));
      const from = { id: "c", inFlight: 0, onEnd: () => () => {}, send };
      const actor = { ...hostOwner, method: "device-token" as const, deviceId: device.deviceId };
      const frame = { type: "req" as const, id: "w", method: "device.scopes.waitUpgrade" };
      gateway.server.gateway.dispatcher.dispatch(from, actor, { ...frame, params: { requestId } });
    });
    await approving;
    expect((await answer).payload.status).toBe("approved");
  });

  test("with a scope too long to be one is a schema error", async () => {
    const { client } = await onDeviceToken(READ);
    const answer = client.request("device.scopes.requestUpgrade", { scopes: ["s".repeat(129)] });
    expect((await answer).error.message).toBe(
      "invalid device.scopes.requestUpgrade params: at /scopes/0: must not have more than 128 characters",
    );
  });

  test("needs a device", async () => {
    const client = await onSharedSecret(READ);
    const { error } = await client.request("device.scopes.requestUpgrade", { scopes: [ADMIN] });
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: "scope upgrade needs a paired device",
    });
  });

  test("leaves no listener behind when the client goes away", async () => {
    const { client } = await onDeviceToken(READ);
    const { payload } = await client.request("device.scopes.requestUpgrade", { scopes: [WRITE] });
    const { requestId } = payload;
    client.send({
      type: "req",
      id: "w",
      method: "device.scopes.waitUpgrade",
      params: { requestId },
    });
    await client.request("health");
    client.close();
    await client.end();
    await gateway.host("device.pair.approve", { requestId });
    expect(gateway.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("approval over the network", () => {
  const approve = (client: RawClient, requestId: string) =>
    client.request("device.pair.approve", { requestId });

  test("gives no more than the approver holds", async () => {
    const client = await onSharedSecret(PAIRING, READ);
    const code = await asked([WRITE]);
    const { error } = await approve(client, code);
    expect(error).toEqual({
      code: "FORBIDDEN",
      message: "missing scope: operator.write",
      details: {
        code: "MISSING_SCOPE",
        missingScope: WRITE,
        requiredScopes: [WRITE],
        cure: `on the gateway host: openclaw devices approve ${code}`,
        next: ["on the gateway host: ", at("gateway", openclaw`devices approve ${code}`)],
      },
    });
    expect((await approve(client, await asked([READ]))).ok).toBe(true);
  });

  test("checks what the device would hold afterwards as well", async () => {
    const { client: device } = await onDeviceToken(READ);
    const { payload } = await device.request("device.scopes.requestUpgrade", { scopes: [PAIRING] });
    const client = await onSharedSecret(PAIRING);
    const { error } = await approve(client, payload.requestId);
    expect(error.message).toBe("missing scope: operator.read");
  });

  test("of a node needs an admin, and says `denied` in the words that clients match", async () => {
    const requestId = await asked([], "node");
    const denied = await approve(await onSharedSecret(PAIRING, WRITE), requestId);
    expect(denied.error).toEqual({
      code: "INVALID_REQUEST",
      message: "device pairing approval denied",
      details: { code: "DENIED" },
    });
    expect((await approve(await onSharedSecret(ADMIN), requestId)).ok).toBe(true);
  });

  test("of an unknown code says `denied` to others and `unknown requestId` to an admin", async () => {
    const other = await approve(await onSharedSecret(PAIRING), "0000-0000");
    expect(other.error.message).toBe("device pairing approval denied");
    const admin = await approve(await onSharedSecret(ADMIN), "0000-0000");
    expect(admin.error.message).toMatch(/^unknown requestId: it expired, was decided already/);
  });
});

describe("callers on a device token without admin", () => {
  test("see and manage their own device alone", async () => {
    const { client, device } = await onDeviceToken(PAIRING, READ);
    const { device: other } = await onDeviceToken(READ);
    const requestId = await asked([READ]);
    const { payload } = await client.request("device.pair.list");
    expect(payload.paired.map(({ deviceId }: Frame) => deviceId)).toEqual([device.deviceId]);
    expect(payload.pending).toEqual([]);
    const deviceId = other.deviceId;
    const calls: [string, object, string][] = [
      ["device.pair.approve", { requestId }, "device pairing approval denied"],
      ["device.pair.reject", { requestId }, "device pairing rejection denied"],
      ["device.pair.remove", { deviceId }, "device pairing removal denied"],
      ["device.pair.rename", { deviceId, label: "x" }, "device pairing rename denied"],
      ["device.token.rotate", { deviceId, role: "operator" }, "device token rotation denied"],
      ["device.token.revoke", { deviceId, role: "operator" }, "device token revocation denied"],
    ];
    for (const [method, params, message] of calls) {
      const { error } = await client.request(method, params);
      const details = { code: "DENIED" };
      expect(error, method).toEqual({ code: "INVALID_REQUEST", message, details });
    }
  });

  test("rotate their own token in band, and are closed after the answer", async () => {
    const { client, device, options } = await onDeviceToken(PAIRING, READ);
    const { deviceId } = device;
    const { payload } = await client.request("device.token.rotate", { deviceId, role: "operator" });
    expect(payload).toEqual({
      deviceId,
      role: "operator",
      scopes: [PAIRING, READ],
      rotatedAtMs: expect.any(Number),
      token: expect.stringMatching(/^[\w-]{43}$/),
      tokenDelivery: "in-band",
    });
    expect(await client.end()).toEqual({ code: 4001, reason: "device removed" });
    const old = await refusedConnect(gateway, options);
    expect(old.error.details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    await admittedConnect(gateway, { ...options, auth: { deviceToken: payload.token } });
  });

  test("are told nothing of a token when somebody else rotates it", async () => {
    const { client, device } = await onDeviceToken(READ);
    const other = await onSharedSecret(PAIRING, READ);
    const { deviceId } = device;
    const { payload } = await other.request("device.token.rotate", { deviceId, role: "operator" });
    expect(payload.tokenDelivery).toBe("withheld-cross-device");
    expect(Object.keys(payload)).not.toContain("token");
    expect((await client.end()).code).toBe(4001);
  });
});

describe("a device that was narrowed from full control", () => {
  let device: ReturnType<typeof makeDevice>;
  const role = "operator";
  const rotate = (...scopes: string[]) =>
    gateway.host<Frame>("device.token.rotate", { deviceId: device.deviceId, role, scopes });

  beforeEach(async () => {
    await onDeviceToken(ADMIN);
    ({ device } = await onDeviceToken(ADMIN, READ));
    await rotate(READ);
  });

  test("gets no more by the shared secret, and asks like any other", async () => {
    const { error } = await refusedConnect(gateway, { device, auth, scopes: [ADMIN] });
    expect(error.details).toMatchObject({ reason: "scope-upgrade", approvedScopes: [READ] });
    const { hello } = await admittedConnect(gateway, { device, auth, scopes: [READ] });
    expect(hello.auth.scopes).toEqual([READ]);
    expect(hello.auth.deviceToken).toMatch(/^[\w-]{43}$/);
  });

  test("gets what a later request asks for, and nothing of what it had", async () => {
    const scopes = [READ, "plugin.x"];
    const { requestId } = (await refusedConnect(gateway, { device, auth, scopes })).error.details;
    const row = await gateway.host<Frame>("device.pair.show", { requestId });
    expect(row.approvedScopes).toEqual([READ]);
    // Whoever may let in readers may decide on that.
    const approver = await onSharedSecret(PAIRING, READ, "plugin.x");
    expect((await approver.request("device.pair.approve", { requestId })).ok).toBe(true);
    const { tokens, scopes: approved } = gateway.core.pairing.device(device.deviceId) ?? {};
    expect([tokens?.operator?.scopes, approved]).toEqual([["operator.read", "plugin.x"], scopes]);
    expect(gateway.core.pairing.remainingAdmins().devices).toBe(1);
  });

  test("gets it back by another rotation, up to what was approved", async () => {
    expect(gateway.core.pairing.remainingAdmins().devices).toBe(1);
    expect((await rotate(ADMIN)).scopes).toEqual([ADMIN]);
    await expect(rotate("plugin.x")).rejects.toThrow("device token rotation denied");
    const { hello } = await admittedConnect(gateway, { device, auth, scopes: [ADMIN] });
    expect(hello.auth.scopes).toEqual([ADMIN]);
    expect(gateway.core.pairing.remainingAdmins().devices).toBe(2);
  });
});

test("methods of the host are refused by name, whatever scopes a connection has", async () => {
  const client = await onSharedSecret(ADMIN);
  for (const method of ["host.info", "host.stop", "host.restart", "host.token.new"]) {
    const { error } = await client.request(method, {});
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: `${method} works only on the gateway host`,
      details: {
        code: "HOST_ONLY",
        cure: "run openclaw on the gateway host (for example over ssh)",
        next: ["run ", at("gateway", openclaw``), " on the gateway host (for example over ssh)"],
      },
    });
  }
  expect(gateway.asked).toEqual([]);
});

test("ending one role of a device leaves its other role's connection alone", async () => {
  const device = makeDevice();
  const operator = await pairAndConnect(gateway, { device, auth, scopes: [READ] });
  const node = await pairAndConnect(gateway, { device, auth, role: "node" });
  await gateway.host("device.token.revoke", { deviceId: device.deviceId, role: "node" });
  expect((await node.client.end()).code).toBe(4001);
  expect((await operator.client.request("status")).ok).toBe(true);
  await gateway.host("device.pair.remove", { deviceId: device.deviceId });
  expect(await operator.client.end()).toEqual({ code: 4001, reason: "device removed" });
});
