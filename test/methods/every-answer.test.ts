import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentContract } from "../../src/agent/contract.ts";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { allMethods } from "../../src/methods/index.ts";
import { type Method, method } from "../../src/methods/method.ts";
import { RawJson } from "../../src/protocol/frames.ts";
import * as t from "../../src/protocol/typed-schema.ts";
import { answeredMethods, answerProblem, checkedMethod, takeWrong } from "../kit/answers.ts";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { Receiver } from "../kit/receiver.ts";
import { sshKey } from "../kit/ssh-key.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import {
  approvedNode,
  capabilitiesCode,
  eventOf,
  invokeParams,
  type PairedNode,
  pairNode,
} from "../nodes/support.ts";

/**
 * Every method answers here once at least, so that its answer is held against its result schema; those
 * of the agent's side are in answers.test.ts, with the few that are refused without an agent.
 */

const auth = { token: TEST_TOKEN };
const COMMAND = "system.which";

let receiver: Receiver;
let gateway: TestGateway;
let owner: AdminLink;
let admin: { id: string; client: RawClient };
let node: PairedNode;

beforeAll(async () => {
  receiver = await Receiver.open();
  gateway = await startTestGateway({
    flags: { "notify.webhook.url": receiver.origin, "gateway.egress": ["127.0.0.1"] },
  });
  owner = await AdminLink.open(gateway.core.adminSocket);
  const device = makeDevice();
  const scopes = ["operator.admin"];
  const { client } = await pairAndConnect(gateway, { device, auth, scopes });
  admin = { id: device.deviceId, client };
  node = await approvedNode(gateway, [COMMAND]);
});
afterAll(async () => {
  await owner.close();
  await gateway.close();
  await receiver.close();
});

/** The payload of what must be an answer. */
async function asked(client: RawClient, name: string, params: object = {}): Promise<Frame> {
  const { payload, error } = await client.request(name, params);
  expect(error, name).toBeUndefined();
  return payload;
}
const byAdmin = (name: string, params?: object) => asked(admin.client, name, params);
const byNode = (name: string, params?: object) => asked(node.client, name, params);
const byOwner = (name: string, params?: object): Promise<Frame> => owner.request(name, params);

async function code(scopes: readonly string[] = ["operator.read"]): Promise<string> {
  const refused = await refusedConnect(gateway, { device: makeDevice(), auth, scopes });
  return refused.error.details.requestId;
}

describe("every method answers within its schema:", () => {
  test("what anybody may look at", async () => {
    for (const name of ["health", "system-presence", "status", "diagnostics.stability"]) {
      await byAdmin(name);
    }
    await byAdmin("health", { probe: true });
    await byAdmin("status", { includeCliProjection: true });
    for (const name of ["gateway.identity.get", "system.info", "update.status", "logs.tail"]) {
      await byAdmin(name);
    }
    await byAdmin("system-event", { text: "hello" });
  });

  test("devices and their tokens", async () => {
    const [first, second] = [await code(), await code()];
    await byAdmin("device.pair.list");
    expect((await byAdmin("device.pair.list", { limit: 1 })).nextCursor).toBeDefined();
    await byAdmin("device.pair.show", { requestId: first });
    const { device } = await byAdmin("device.pair.approve", { requestId: first });
    await byAdmin("device.pair.reject", { requestId: second });
    const { deviceId } = device;
    await byAdmin("device.pair.rename", { deviceId, label: "kitchen" });
    await byAdmin("device.token.rotate", { deviceId, role: "operator" });
    await byAdmin("device.token.revoke", { deviceId, role: "operator" });
    await byAdmin("device.pair.remove", { deviceId });
    // To a device's own connection, which ends with it, the token is given.
    const own = makeDevice();
    const scopes = ["operator.pairing"];
    const { deviceToken } = await pairAndConnect(gateway, { device: own, auth, scopes });
    const options = { device: own, auth: { deviceToken }, scopes };
    const { client } = await admittedConnect(gateway, options);
    const role = "operator";
    const rotated = await asked(client, "device.token.rotate", { deviceId: own.deviceId, role });
    expect(rotated.tokenDelivery).toBe("in-band");
  });

  test("links and setup codes", async () => {
    const { inviteId } = await byOwner("device.pair.invite", { role: "node", name: "attic" });
    await byOwner("device.pair.inviteList");
    await byOwner("device.pair.inviteRevoke", { inviteId });
    const publicUrl = "wss://gateway.example.com";
    const { setupId } = await byOwner("device.pair.setupCode", { publicUrl, joinUrl: true });
    await byOwner("device.pair.setupStatus", { setupId });
  });

  test("more scopes", async () => {
    const device = makeDevice();
    const { client } = await pairAndConnect(gateway, { device, auth, scopes: ["operator.read"] });
    const wider = { scopes: ["operator.write"] };
    for (const decision of ["reject", "approve"]) {
      const { requestId } = await asked(client, "device.scopes.requestUpgrade", wider);
      const decided = asked(client, "device.scopes.waitUpgrade", { requestId });
      await byOwner(`device.pair.${decision}`, { requestId });
      expect((await decided).status).toBe(decision === "reject" ? "rejected" : "approved");
    }
  });

  test("nodes and what they offer", async () => {
    const { nodeId } = node;
    const [one, other] = [await pairNode(gateway, [COMMAND]), await pairNode(gateway, [COMMAND])];
    const requestId = await capabilitiesCode(gateway, one.nodeId);
    await byOwner("device.pair.show", { requestId });
    await byOwner("node.list");
    await byOwner("node.describe", { nodeId: one.nodeId });
    await byOwner("node.pair.approve", { requestId });
    await byOwner("node.pair.reject", { requestId: await capabilitiesCode(gateway, other.nodeId) });
    await byOwner("node.pair.list");
    await byOwner("device.pair.list");
    await byOwner("node.pair.remove", { nodeId: one.nodeId });
    await byOwner("node.rename", { nodeId, displayName: "attic" });
    const third = await pairNode(gateway, [COMMAND]);
    const theirs = await capabilitiesCode(gateway, third.nodeId);
    expect((await byOwner("device.pair.approve", { requestId: theirs })).node).toBeDefined();
  });

  test("what nodes do", async () => {
    const { nodeId } = node;
    const answer = admin.client.request("node.invoke", invokeParams(nodeId, COMMAND));
    const { id } = await eventOf(node.client, "node.invoke.request");
    await byNode("node.invoke.progress", { invokeId: id, nodeId, seq: 0, chunk: "…" });
    await byNode("node.invoke.result", { id, nodeId, ok: true, payloadJSON: "{}" });
    expect((await answer).payload).toMatchObject({ ok: true, payload: {} });
    expect(await byNode("node.invoke.result", { id, nodeId, ok: true })).toEqual({
      ok: true,
      ignored: true,
    });
    await byNode("node.skills.update", { skills: [] });
    await byNode("node.pluginTools.update", { tools: [] });
    await byNode("node.runnerInventory.update");
    await byNode("skills.bins");
    const stats = { cpuCount: 2, memoryTotalBytes: 2, memoryFreeBytes: 1 };
    await byNode("node.event", { event: "node.host.stats", payload: stats });
    await byNode("node.event", { event: "node.presence.activity", payload: { idleSeconds: 1 } });
    expect((await byOwner("node.describe", { nodeId })).hostStats).toMatchObject(stats);
  });

  test("what waits for nodes", async () => {
    const { nodeId } = node;
    await byAdmin("node.pending.enqueue", { nodeId, type: "status.request" });
    await byNode("node.pending.drain");
    const { id } = await gateway.core.nodes.work.queueAction(nodeId, {
      command: COMMAND,
      paramsJSON: null,
    });
    expect((await byNode("node.pending.pull")).actions).toMatchObject([{ id }]);
    await byNode("node.pending.ack", { ids: [id] });
  });

  test("the configuration and the shared secret", async () => {
    await byAdmin("config.schema");
    await byAdmin("config.schema.lookup", { path: "gateway" });
    await byAdmin("config.schema.lookup", { path: "gateway.name" });
    for (const name of ["config.set", "config.patch", "config.apply"]) {
      const { hash: baseHash } = await byAdmin("config.get");
      await byAdmin(name, { raw: JSON.stringify({ gateway: { name } }), baseHash });
    }
    await byOwner("host.config.set", { path: "gateway.name", value: "home" });
    await byOwner("host.config.migrate");
    await byOwner("host.token.new");
    await byOwner("host.secret.set", { kind: "token", secret: TEST_TOKEN });
  });

  test("what only the owner on the host may do", async () => {
    await byOwner("host.info");
    await byOwner("host.events", { events: ["tick"] });
    await byOwner("host.audit.list");
    await byOwner("host.audit.list", { cursor: "" });
    await byOwner("host.audit.verify");
    const { key } = await byOwner("host.ssh.add", { publicKey: sshKey(1), from: ["10.0.0.0/8"] });
    await byOwner("host.ssh.list");
    await byOwner("host.ssh.publish");
    await byOwner("host.ssh.remove", { key: key.fingerprint });
    await byOwner("host.notify.test");
    expect((await byOwner("status")).gateway.notify.last).toMatchObject({ ok: true });
    for (const name of ["host.restart.expect", "host.restart", "host.stop"]) await byOwner(name);
    expect(gateway.asked).toEqual(["expect restart", "restart", "stop"]);
  });

  test("everybody's end", async () => {
    await code();
    await byOwner("device.pair.revokeAll", { exceptDeviceIds: [admin.id], dryRun: true });
    await byOwner("device.pair.revokeAll", { exceptDeviceIds: [admin.id] });
  });

  test("and none is left out", () => {
    const here = allMethods
      .map(({ name }): string => name)
      .filter((name) => !Object.hasOwn(agentContract, name));
    expect(here.filter((name) => !answeredMethods().has(name))).toEqual([]);
  });
});

describe("an answer outside its schema", () => {
  const row = t.object({ id: t.string() }, { name: t.string() });
  const result = () => t.object({ rows: t.array(row) });
  const named = { name: "rows.list", result };

  test.each([
    ["of another type", { rows: [{ id: 7 }] }, /at \/rows\/0\/id: must be string .*: 7$/],
    ["without a property", { rows: [{}] }, /at \/rows\/0: must have required .*id.*: \{\}$/],
    ["with one more", { rows: [{ id: "a", x: 1 }] }, /at \/rows\/0.*x.*: \{"id":"a","x":1\}$/],
    ["that is nothing", undefined, /at \/: .*undefined$/],
    ["that is text already", new RawJson('{"rows":[{"id":null}]}'), /at \/rows\/0\/id.*: null$/],
  ])("%s is named with method, place and value", (_words, answer, words) => {
    const problem = answerProblem(named, answer);
    expect(problem).toMatch(/^rows\.list gave an answer outside its result schema:\n/);
    expect(problem).toMatch(words);
  });

  test("is none where only `undefined` was left out, as JSON does", () => {
    expect(answerProblem(named, { rows: [{ id: "a", name: undefined }] })).toBeUndefined();
  });

  test("is held against the protocol's own schema too", () => {
    const file = { file: "", cursor: 0, size: 0, lines: [], truncated: false, reset: false };
    const tail = allMethods.find(({ name }) => name === "logs.tail") as Method;
    expect(answerProblem(tail, { ...file, file: "standard output" })).toBeUndefined();
    expect(answerProblem(tail, file)).toMatch(/at \/file: must not have fewer than 1 char/);
  });

  test.each(["at once", "later"])("fails the test that caused it, given %s", async (when) => {
    const wrong = new RawJson('{"rows":0}');
    const lying = checkedMethod(
      method({
        ...named,
        summary: "",
        access: { roles: ["operator"] },
        run: () => (when === "later" ? Promise.resolve(wrong) : wrong),
      }),
    );
    expect(await lying.run({}, {} as never)).toBe(wrong);
    expect(takeWrong()).toEqual([expect.stringMatching(/^rows\.list .*\n {2}at \/rows: .*: 0$/)]);
  });
});
