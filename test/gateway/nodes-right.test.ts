import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NODES } from "../../src/protocol/access.ts";
import { type ConnectOptions, type Frame, makeDevice, type TestDevice } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { approvedNode, eventOf, invokeParams } from "../nodes/support.ts";

const auth = { token: TEST_TOKEN };
const READ = "operator.read";
const WRITE = "operator.write";
const PAIRING = "operator.pairing";
const ADMIN = "operator.admin";
const LACKS_IT = {
  code: "FORBIDDEN",
  message: `missing scope: ${NODES}`,
  details: {
    code: "MISSING_SCOPE",
    missingScope: NODES,
    requiredScopes: [NODES],
    cure: expect.stringContaining("openclaw devices approve CODE"),
    next: expect.any(Array),
  },
};

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

interface Phone extends ConnectOptions {
  readonly device: TestDevice;
}

const phone = (scopes: readonly string[] = [READ, WRITE]): Phone => ({
  device: makeDevice(),
  auth,
  scopes,
});

/** The code under which a phone asks. */
async function asks(options: ConnectOptions): Promise<string> {
  return (await refusedConnect(gateway, options)).error.details.requestId;
}

const approve = (requestId: string, more: object = {}) =>
  gateway.host<Frame>("device.pair.approve", { requestId, ...more });
const without = { without: [NODES] };

async function paired(options: Phone, more: object = {}) {
  await approve(await asks(options), more);
  return admittedConnect(gateway, options);
}

describe("a phone that asks for operator.write", () => {
  test("is shown with both rights, the one that it did not ask for as such", async () => {
    const options = phone();
    const { error } = await refusedConnect(gateway, options);
    expect(error.details).toMatchObject({ requestedScopes: [READ, WRITE], offeredScopes: [NODES] });
    const { requestId } = error.details;
    const row = await gateway.host<Frame>("device.pair.show", { requestId });
    expect(row).toMatchObject({ scopes: [NODES, READ, WRITE], offered: [NODES] });
    expect(await asks(options)).toBe(requestId);
  });

  test("runs commands on nodes where both were granted, as before", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { client, hello } = await paired(phone());
    expect(hello.auth.scopes).toEqual([READ, WRITE, NODES]);
    const answer = client.request("node.invoke", invokeParams(node.nodeId, "system.which"));
    const { id, nodeId } = await eventOf(node.client, "node.invoke.request");
    await node.client.request("node.invoke.result", { id, nodeId, ok: true });
    expect(await answer).toMatchObject({ ok: true });
  });

  test("approved without it, chats and dispatches nothing to a node", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { client, hello } = await paired(phone(), without);
    expect(hello.auth.scopes).toEqual([READ, WRITE]);
    const invoke = invokeParams(node.nodeId, "system.which");
    expect((await client.request("node.invoke", invoke)).error).toMatchObject(LACKS_IT);
    const work = { nodeId: node.nodeId, type: "status.request" };
    expect((await client.request("node.pending.enqueue", work)).error).toMatchObject(LACKS_IT);
    const chat = { sessionKey: "main", message: "hi", idempotencyKey: "k" };
    expect((await client.request("chat.send", chat)).error.details.code).toBe("NO_AGENT");
    expect((await client.request("node.list", {})).ok).toBe(true);
  });

  test("approved without it, is not sent to pairing again, by its token or by the secret", async () => {
    const options = phone();
    const { hello } = await paired(options, without);
    const { deviceToken } = hello.auth;
    for (const shows of [auth, { deviceToken }]) {
      const again = await admittedConnect(gateway, { ...options, auth: shows });
      expect(again.hello.auth.scopes).toEqual([READ, WRITE]);
    }
    const more = { ...options, scopes: [READ, WRITE, NODES] };
    expect((await refusedConnect(gateway, more)).error.details.reason).toBe("scope-upgrade");
  });

  test("has it only on connections that ask for operator.write, or for it", async () => {
    const options = phone();
    await paired(options);
    const read = await admittedConnect(gateway, { ...options, scopes: [READ] });
    expect(read.hello.auth.scopes).toEqual([READ]);
    const own = await admittedConnect(gateway, { ...options, scopes: [NODES] });
    expect(own.hello.auth.scopes).toEqual([NODES]);
  });

  test("that is narrowed later keeps the rest, and gets it back by its owner", async () => {
    const options = phone();
    await paired(options);
    const token = { deviceId: options.device.deviceId, role: "operator" };
    await gateway.host("device.token.rotate", { ...token, scopes: [READ, WRITE] });
    const less = await admittedConnect(gateway, options);
    expect(less.hello.auth.scopes).toEqual([READ, WRITE]);
    await gateway.host("device.token.rotate", { ...token, scopes: [READ, WRITE, NODES] });
    const back = await admittedConnect(gateway, options);
    expect(back.hello.auth.scopes).toEqual([READ, WRITE, NODES]);
  });
});

describe("an upgrade", () => {
  test("that asks for operator.write newly offers it too", async () => {
    const options = phone([READ]);
    const { client } = await paired(options);
    const { payload } = await client.request("device.scopes.requestUpgrade", { scopes: [WRITE] });
    const { requestId } = payload;
    const row = await gateway.host<Frame>("device.pair.show", { requestId });
    expect(row).toMatchObject({ scopes: [NODES, WRITE], offered: [NODES] });
    const waiting = client.request("device.scopes.waitUpgrade", { requestId });
    await approve(requestId, without);
    expect((await waiting).payload).toMatchObject({ status: "approved", scopes: [READ, WRITE] });
  });

  test("of a device that has operator.write without it offers nothing", async () => {
    const options = phone();
    await paired(options, without);
    const requestId = await asks({ ...options, scopes: [READ, WRITE, PAIRING] });
    const row = await gateway.host<Frame>("device.pair.show", { requestId });
    expect(row.scopes).toEqual([PAIRING, READ, WRITE]);
    expect(row).not.toHaveProperty("offered");
    await approve(requestId);
    expect(gateway.core.pairing.device(options.device.deviceId)?.scopes).not.toContain(NODES);
  });
});

describe("an approval without it is refused", () => {
  test("where full control holds it, and for what a node offers", async () => {
    const all = await asks(phone([ADMIN, WRITE]));
    await expect(approve(all, without)).rejects.toMatchObject({
      details: { code: "NOT_SEPARABLE" },
    });
    const options = phone();
    await paired(options);
    const more = await asks({ ...options, scopes: [READ, WRITE, PAIRING] });
    await expect(approve(more, without)).rejects.toMatchObject({
      details: { code: "NOT_SEPARABLE", cure: expect.stringContaining("devices rotate") },
    });
    expect(gateway.core.pairing.device(options.device.deviceId)?.scopes).toContain(NODES);
  });

  test("for who lacks it, unless it is left out", async () => {
    const helper = await paired(phone([PAIRING, READ, WRITE]), without);
    const requestId = await asks(phone());
    const { client } = helper;
    const { error } = await client.request("device.pair.approve", { requestId });
    expect(error.code).toBe("FORBIDDEN");
    expect(error.details.missingScope).toBe(NODES);
    const done = await client.request("device.pair.approve", { requestId, ...without });
    expect(done.payload.device.scopes).toEqual([READ, WRITE]);
  });
});

test("the audit says what was granted and what was left out", async () => {
  await paired(phone(), without);
  const { lines } = await gateway.host<Frame>("host.audit.list", {});
  expect(lines.at(-1)).toMatchObject({
    event: "device.approved",
    what: { scopes: [READ, WRITE], without: [NODES] },
  });
});

test("the owner's shared secret without a device holds both", async () => {
  const cli = { auth, client: { id: "cli", mode: "cli" }, scopes: [READ, WRITE] };
  const { hello } = await admittedConnect(gateway, cli);
  expect(hello.auth.scopes).toEqual([READ, WRITE, NODES]);
});

test("a link grants exactly its scopes, and its device asks for no more", async () => {
  const auth = { bootstrapToken: await gateway.invite({ scopes: [READ, WRITE] }) };
  const options = { device: makeDevice(), auth, scopes: [READ, WRITE] };
  const { hello } = await admittedConnect(gateway, options);
  expect(hello.auth.scopes).toEqual([READ, WRITE]);
  const both = { bootstrapToken: await gateway.invite({ scopes: [READ, WRITE, NODES] }) };
  const other = await admittedConnect(gateway, { ...options, device: makeDevice(), auth: both });
  expect(other.hello.auth.scopes).toEqual([READ, WRITE, NODES]);
});
