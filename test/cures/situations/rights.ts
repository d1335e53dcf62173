import { expect } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { capabilitiesCode, invokeParams, operator, pairNode } from "../../nodes/support.ts";
import { approver, ask, verb } from "../approvers.ts";
import type { Machine } from "../machine.ts";
import { asks, comesIn, gatewayOf, secretIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const ADMIN = "operator.admin";
const token = { token: TEST_TOKEN };

/** Connects once more with the shared token; resolves with the scopes that it has then. */
async function scopesOf(m: Machine, device: ReturnType<typeof makeDevice>, scopes: string[]) {
  const client = await RawClient.open(gatewayOf(m).url);
  const hello = await client.connect({ device, auth: token, scopes });
  client.close();
  return hello.payload?.auth.scopes;
}

const clients: readonly Situation[] = [
  situation("an operator approves more than it has itself", async (m) => {
    const gateway = await m.start();
    const pairing = await operator(gateway, ["operator.read", "operator.pairing"]);
    const device = makeDevice();
    const { code } = await asks(m, { device, scopes: [ADMIN] });
    const refused = await m.tells(() =>
      pairing.request("device.pair.approve", { requestId: code }),
    );
    await m.types(refused, `openclaw devices approve ${code}`);
    expect(await scopesOf(m, device, [ADMIN])).toEqual([ADMIN]);
    const { nodeId } = await pairNode(gateway, ["system.run"]);
    const requestId = await capabilitiesCode(gateway, nodeId);
    const more = await m.tells(() => pairing.request("node.pair.approve", { requestId }));
    await m.types(more, `openclaw nodes approve ${requestId}`);
    expect((await m.says("nodes pending")).text).toContain("No node waits");
  }),
  situation("a link with scopes that its maker has not", async (m) => {
    await m.start();
    const { client } = await comesIn(m, [ADMIN]);
    const scopes = ["acme.chat", "acme.read"];
    const told = await m.tells(() => client.request("device.pair.invite", { scopes }));
    const { text } = await m.types(told, "openclaw devices invite --scopes acme.chat,acme.read");
    const bootstrapToken = secretIn(text);
    const phone = await RawClient.open(gatewayOf(m).url);
    const hello = await phone.connect({ device: makeDevice(), auth: { bootstrapToken }, scopes });
    expect(hello.payload.auth.scopes).toEqual(scopes);
  }),
  situation("a join address without TLS", async (m) => {
    m.config({ gateway: { publicUrl: "http://192.168.7.7:18789" } });
    await m.start();
    const { client } = await comesIn(m, [ADMIN]);
    const told = await m.tells(() => client.request("device.pair.setupCode", { joinUrl: true }));
    await m.types(told, "openclaw devices invite --setup-code --access node");
    expect((await m.says("devices invite list")).text).toContain("setup code");
  }),
  situation("a device that has as many scopes as fit", async (m) => {
    await m.start();
    const device = makeDevice();
    const named = (from: number) => Array.from({ length: 32 }, (_, i) => `acme.s${from + i}`);
    for (const from of [10, 50]) {
      const { code } = await asks(m, { device, scopes: named(from) });
      await m.says(`devices approve ${code}`);
    }
    const { code } = await asks(m, { device, scopes: ["acme.more"] });
    const told = await m.says(`devices approve ${code}`);
    expect(told.errors).toContain("no more than 64 scopes");
    const cure = `openclaw devices rotate ${device.deviceId} --scope SCOPES`;
    await m.types(told, cure, { fill: { SCOPES: "acme.s10" } });
    expect((await m.says(`devices approve ${code}`)).exit).toBe(0);
    // It is still the same device, and has what was left to it.
    const all = await scopesOf(m, device, ["acme.s10", "acme.more"]);
    expect(all).toEqual(expect.arrayContaining(["acme.more", "acme.s10"]));
  }),
];

const nodes: readonly Situation[] = [
  situation("a node whose commands wait, for who may not know the code", async (m) => {
    const gateway = await m.start();
    const { nodeId } = await pairNode(gateway, ["system.which"]);
    const code = await capabilitiesCode(gateway, nodeId);
    const { client } = await comesIn(m, ["operator.read", "operator.write", "operator.nodes"]);
    const invoke = () => client.request("node.invoke", invokeParams(nodeId, "system.which"));
    const told = await m.tells(invoke);
    expect((await m.types(told, "openclaw nodes pending")).text).toContain(code);
  }),
  situation("a node whose request was rejected asks again once somebody needs it", async (m) => {
    const gateway = await m.start();
    const { nodeId } = await pairNode(gateway, ["system.which"]);
    await m.says(`nodes reject ${await capabilitiesCode(gateway, nodeId)}`);
    const told = await m.says(`nodes invoke ${nodeId} system.which`);
    await capabilitiesCode(gateway, nodeId);
    const listed = await m.types(told, "openclaw nodes pending");
    await m.types(listed, /^openclaw nodes approve ....-....$/);
  }),
  situation("a node whose request was rejected, and that is away", async (m) => {
    const gateway = await m.start();
    const node = await pairNode(gateway, ["system.which"]);
    await m.says(`nodes reject ${await capabilitiesCode(gateway, node.nodeId)}`);
    node.client.close();
    await node.client.end();
    const told = await m.says(`nodes invoke ${node.nodeId} system.which`);
    const { text } = await m.types(told, `openclaw nodes describe ${node.nodeId}`);
    expect(text).toContain("attic");
  }),
  situation("a command for a node that there is not", async (m) => {
    const gateway = await m.start();
    const node = await pairNode(gateway, ["system.which"]);
    const params = JSON.stringify(invokeParams("f".repeat(64), "system.which"));
    const told = await m.says(["gateway", "call", "node.invoke", "--params", params]);
    const { text } = await m.types(told, "openclaw nodes list");
    expect(text).toContain(node.nodeId.slice(0, 12));
  }),
  situation("a node that offers more, seen from elsewhere by who may only look", async (m) => {
    const gateway = await m.start();
    const { nodeId } = await pairNode(gateway, ["system.which"]);
    const code = await capabilitiesCode(gateway, nodeId);
    const describe = `nodes describe ${nodeId} --url ${gateway.url}`;
    const asked = await m.says(`${describe} --token -`, { input: TEST_TOKEN });
    await m.types(asked, /^openclaw devices approve ....-....$/);
    await m.says(`${describe} --token -`, { input: TEST_TOKEN });
    const described = await m.says(describe);
    expect(described.errors).toBe("");
    expect((await m.types(described, "openclaw nodes pending")).text).toContain(code);
  }),
];

const approvers: readonly Situation[] = [
  situation("ssh: a device that asks for something else by now", async (m) => {
    await m.start();
    const key = await approver(m);
    const device = makeDevice();
    const { code } = await asks(m, { device });
    const next = await asks(m, { device, scopes: ["operator.read", "operator.pairing"] });
    const told = await m.tells(() => ask(m, key, "approve", { requestId: code }));
    expect(await verb(m, told, /^show /, key)).toContain(next.code);
  }),
  situation("ssh: what can't be left out is approved with it, or rejected", async (m) => {
    await m.start();
    const key = await approver(m);
    for (const wanted of [/^approve ....-....$/, /^reject /]) {
      const { code, deviceId } = await asks(m, { scopes: [ADMIN] });
      const whole = () => ask(m, key, "approveWithout", { requestId: code });
      await verb(m, await m.tells(whole), wanted, key);
      const { text } = await m.says("devices list");
      expect(text).not.toContain(code);
      expect(text.includes(deviceId.slice(0, 12))).toBe(wanted.source.startsWith("^approve"));
    }
  }),
  situation("ssh: the last device with full control is revoked", async (m) => {
    await m.start();
    const key = await approver(m);
    const { device } = await comesIn(m, [ADMIN]);
    const { deviceId } = device;
    const told = await m.tells(() => ask(m, key, "revoke", { deviceId }));
    await m.types(told, `openclaw devices revoke ${deviceId} --role operator --force`);
    expect((await ask(m, key, "revoke", { deviceId })).payload.lines[0]).toContain("Out already");
  }),
];

export const rightSituations = [...clients, ...nodes, ...approvers];
