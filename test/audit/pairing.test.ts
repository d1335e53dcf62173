import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { auditEvents } from "../../src/audit/events.ts";
import { limitTable } from "../../src/limits/table.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read", "operator.pairing"];

async function linesOf(gateway: TestGateway) {
  return gateway.core.audit.read({ limit: 1000 });
}

async function asks(gateway: TestGateway, more: object = {}): Promise<string> {
  const options = { device: makeDevice(), auth, scopes, ...more };
  return (await refusedConnect(gateway, options)).error.details.requestId;
}

test("every decision is one line, by whom, about what, and the chain holds", async () => {
  const gateway = await startTestGateway();
  const device = makeDevice();
  const requestId = await asks(gateway, { device });
  await gateway.host("device.pair.approve", { requestId });
  await gateway.host("device.pair.reject", { requestId: await asks(gateway) });
  await gateway.host("device.pair.rename", { deviceId: device.deviceId, label: "Mine" });
  const { client } = await admittedConnect(gateway, { device, auth, scopes });
  const { deviceId } = device;
  await client.request("device.token.rotate", { deviceId, role: "operator" });
  await gateway.host("device.token.revoke", { deviceId, role: "operator" });
  await gateway.host("device.pair.remove", { deviceId });
  const link = await gateway.host<{ inviteId: string; secret: string }>("device.pair.invite", {
    role: "node",
    name: "kiosk",
    uses: 2,
  });
  const node = await RawClient.open(gateway.url);
  await node.connect({
    role: "node",
    client: { id: "node-host", mode: "node" },
    device: makeDevice(),
    auth: { bootstrapToken: link.secret },
  });
  await gateway.host("device.pair.inviteRevoke", { inviteId: link.inviteId });
  await gateway.host("host.config.set", { path: "gateway.name", value: "home" });
  await gateway.host("host.token.new", { revokeDerived: true });

  const lines = await linesOf(gateway);
  const told = lines.map(({ event, by }) => `${event} by ${by.kind}`);
  expect(told.slice(-11)).toEqual([
    "device.approved by host",
    "device.rejected by host",
    "device.renamed by host",
    "token.rotated by device",
    "token.revoked by host",
    "device.removed by host",
    "link.made by host",
    "device.linked by link",
    "link.revoked by host",
    "config.changed by host",
    "secret.set by host",
  ]);
  for (const { event } of lines) expect(Object.keys(auditEvents)).toContain(event);
  const approved = lines.find(({ event }) => event === "device.approved");
  expect(approved?.what).toMatchObject({ request: requestId, device: deviceId });
  expect(JSON.stringify(lines)).not.toContain(link.secret);
  expect(await gateway.core.audit.verify()).toMatchObject({ faults: [], to: lines.length });
  await gateway.close();
});

test.each([
  ["a command", { commands: ["system.run"] }, { commands: ["system.run"] }],
  ["a permission alone", { permissions: { "a.b": true, c: false } }, { permissions: ["a.b"] }],
])("what a link lets a node do is a line of its own: %s", async (_what, params, facts) => {
  const gateway = await startTestGateway();
  const made = { role: "node", uses: 2 };
  type Link = { secret: string; inviteId: string };
  const { secret, inviteId } = await gateway.host<Link>("device.pair.invite", made);
  await gateway.invite(made);
  const node = await RawClient.open(gateway.url);
  const device = makeDevice();
  await node.connect({
    role: "node",
    client: { id: "node-host", mode: "node", platform: "linux" },
    device,
    auth: { bootstrapToken: secret },
    params,
  });
  const line = await until(async () => {
    return (await linesOf(gateway)).find(({ event }) => event === "node.approved");
  }, "a line about the node");
  expect(line).toMatchObject({
    by: { kind: "link", id: inviteId },
    what: { device: device.deviceId, ...facts },
  });
  await gateway.close();
});

test("what was refused leaves no line", async () => {
  const gateway = await startTestGateway();
  const before = (await linesOf(gateway)).length;
  await expect(gateway.host("device.pair.approve", { requestId: "AAAA-AAAA" })).rejects.toThrow();
  await expect(gateway.host("device.pair.remove", { deviceId: "nobody" })).rejects.toThrow();
  await expect(
    gateway.host("host.config.set", { path: "gateway.port", value: "many" }),
  ).rejects.toThrow();
  expect(await linesOf(gateway)).toHaveLength(before);
  await gateway.close();
});

test("wrong passwords end in one line about the lockout, and an edited file in one about its keys", async () => {
  const gateway = await startTestGateway();
  for (let i = 0; i < limitTable.authFailures.value; i += 1) {
    await refusedConnect(gateway, { device: makeDevice(), auth: { token: "wrong" }, scopes });
  }
  const path = gateway.core.config.path;
  await writeFile(path, '{ "gateway": { "name": "by hand" } }\n');
  const lines = await until(async () => {
    const all = await linesOf(gateway);
    return all.at(-1)?.event === "config.changed" ? all : undefined;
  }, "a line about the edited file");
  expect(lines.slice(-2)).toMatchObject([
    { event: "lockout.begun", by: { kind: "gateway" }, what: { credential: "secret" } },
    { event: "config.changed", by: { kind: "gateway" }, what: { keys: ["gateway.name"] } },
  ]);
  await gateway.close();
});

test("auditOutbox: when the audit's file can't be written, approving waits and revoking does not", async () => {
  const gateway = await startTestGateway({ limits: { auditOutbox: 2 } });
  const requests = [await asks(gateway), await asks(gateway), await asks(gateway)];
  const bootstrapToken = await gateway.invite();
  // A file where the folder should be: nothing can be written there.
  const { audit, stateDir, documents } = gateway.core;
  await audit.close();
  const { rename } = await import("node:fs/promises");
  await rename(`${stateDir}/audit`, `${stateDir}/audit-away`).catch(() => undefined);
  await writeFile(`${stateDir}/audit`, "");
  const decide = (method: string, requestId: string | undefined) =>
    gateway.host(`device.pair.${method}`, { requestId });
  await decide("approve", requests[0]);
  await decide("approve", requests[1]);
  const { outbox } = documents.host.durable.trail;
  expect(outbox.length).toBeGreaterThanOrEqual(2);
  await expect(decide("approve", requests[2])).rejects.toThrow("the audit can't be written");
  // Nor does a link let anybody in, and whoever opens it hears why.
  const { error, closed } = await refusedConnect(gateway, {
    device: makeDevice(),
    auth: { bootstrapToken },
    scopes,
  });
  expect(error).toMatchObject({
    code: "UNAVAILABLE",
    message: "the audit can't be written: make room (df -h), then try again",
    retryable: true,
    retryAfterMs: 5000,
    details: { code: "AUDIT_NOT_WRITABLE", cure: "df -h", fingerprint: expect.any(String) },
  });
  expect(closed).toEqual({ code: 1013, reason: error.message });
  expect(gateway.log.map(({ message }) => message)).not.toContain("a connect failed");
  await decide("reject", requests[2]);
  expect(documents.host.durable.trail.outbox.at(-1)?.event).toBe("device.rejected");
  await gateway.close();
});
