import { expect, test } from "vitest";
import type { AuditActor } from "../../src/audit/chain.ts";
import { DecisionPace } from "../../src/audit/pace.ts";
import { limitTable, limitValues } from "../../src/limits/table.ts";
import { makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { refusedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";
import { capabilitiesCode, pairNode } from "../nodes/support.ts";

const auth = { token: TEST_TOKEN };
const limits = limitValues();

function paceOf() {
  const world = new HandWorld();
  const refused = { count: 0 };
  const pace = new DecisionPace(limits, world, () => {
    refused.count += 1;
  });
  const decide = (by: AuditActor, from?: string) =>
    pace.count({ event: "device.renamed", by, ...(from !== undefined && { from }) });
  return { world, refused, decide };
}

test("decisions and decisionsMs: so many of one device, then none until the time is over", () => {
  const { decisions, decisionsMs } = limitTable;
  const { world, refused, decide } = paceOf();
  const one = { kind: "device", id: "a".repeat(64) } as const;
  for (let i = 1; i < decisions.value; i += 1) expect(decide(one)).toBe(false);
  // The last one that is taken says that it is.
  expect(decide(one)).toBe(true);
  const more = () => decide(one);
  expect(more).toThrow("too many decisions; retry later");
  expect(refused.count).toBe(1);
  world.advance(decisionsMs.value - 1);
  expect(more).toThrow(
    expect.objectContaining({ shape: expect.objectContaining({ retryAfterMs: 1 }) }),
  );
  world.advance(1);
  expect(decide(one)).toBe(false);
});

test("decisionsMs: who decides much, but not within that time, is never made to wait", () => {
  const { decisions, decisionsMs } = limitTable;
  const { world, decide } = paceOf();
  const one = { kind: "device", id: "a" } as const;
  for (let time = 0; time < 2; time += 1) {
    for (let i = 1; i < decisions.value; i += 1) expect(decide(one)).toBe(false);
    world.advance(decisionsMs.value);
  }
});

test("decisions: nobody is refused for another's, and the owner on the host never", () => {
  const { decide } = paceOf();
  const flood = (by: AuditActor, from?: string) => {
    for (let i = 0; i < limitTable.decisions.value; i += 1) decide(by, from);
    return () => decide(by, from);
  };
  expect(flood({ kind: "device", id: "a" })).toThrow();
  expect(decide({ kind: "device", id: "b" })).toBe(false);
  expect(decide({ kind: "ssh", id: "a" })).toBe(false);
  // An address that belongs to whole networks counts as one.
  expect(flood({ kind: "secret", id: "token" }, "2001:db8::1")).toThrow();
  expect(() => decide({ kind: "secret", id: "password" }, "2001:db8::2")).toThrow();
  expect(decide({ kind: "secret", id: "token" }, "203.0.113.7")).toBe(false);
  for (const kind of ["host", "gateway", "link"] as const) expect(flood({ kind })()).toBe(false);
});

/** A device with the right to decide, on a gateway where each may decide three times. */
async function decider() {
  const gateway = await startTestGateway({ limits: { decisions: 3 } });
  const device = makeDevice();
  const scopes = ["operator.pairing", "operator.read"];
  const { client } = await pairAndConnect(gateway, { device, auth, scopes });
  return { gateway, device, client, scopes };
}

const eventsOf = async (gateway: TestGateway) =>
  (await gateway.core.audit.read({ limit: 100 })).map(({ event, by }) => `${event} by ${by.kind}`);

test("decisions: a device that renames for ever fills neither audit nor log; the owner renames it", async () => {
  const { gateway, device, client } = await decider();
  const { deviceId } = device;
  const rename = (label: string) => client.request("device.pair.rename", { deviceId, label });
  for (const label of ["a", "b", "c"]) expect((await rename(label)).ok).toBe(true);
  for (let i = 0; i < 20; i += 1) {
    expect((await rename(`n${i}`)).error).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      retryAfterMs: expect.any(Number),
      details: { code: "DECISIONS_PAUSED" },
    });
  }
  expect(gateway.server.gateway.closes[limitTable.decisions.metric]).toBe(20);
  const events = (await eventsOf(gateway)).filter((event) => !event.startsWith("device.approved"));
  expect(events).toEqual([
    ...Array(3).fill("device.renamed by device"),
    "lockout.begun by gateway",
  ]);
  const [line] = (await gateway.core.audit.read({ limit: 100 })).slice(-1);
  expect(line?.what).toEqual({ credential: "decisions", device: deviceId });
  expect(gateway.log.filter(({ message }) => message === "a device was renamed")).toHaveLength(3);
  await gateway.host("device.pair.rename", { deviceId, label: "Owner's" });
  expect(gateway.core.pairing.device(deviceId)?.label).toBe("Owner's");
  // Its own end is still in its hands: that only takes away.
  const revoked = await client.request("device.token.revoke", { deviceId, role: "operator" });
  expect(revoked.ok).toBe(true);
  expect(await gateway.core.audit.verify()).toMatchObject({ faults: [] });
  await gateway.close();
});

test("decisions: rejecting counts too, of devices and of nodes' declared capabilities", async () => {
  const { gateway, scopes } = await decider();
  const ask = async () =>
    (await refusedConnect(gateway, { device: makeDevice(), auth, scopes })).error.details.requestId;
  const admin = makeDevice();
  const full = await pairAndConnect(gateway, { device: admin, auth, scopes: ["operator.admin"] });
  for (let i = 0; i < 3; i += 1) {
    const requestId = await ask();
    expect((await full.client.request("device.pair.reject", { requestId })).ok).toBe(true);
  }
  const requestId = await capabilitiesCode(
    gateway,
    (await pairNode(gateway, ["system.which"])).nodeId,
  );
  const refused = await full.client.request("node.pair.reject", { requestId });
  expect(refused.error?.details).toMatchObject({ code: "DECISIONS_PAUSED" });
  await gateway.host("node.pair.reject", { requestId });
  await gateway.close();
});

test("to give a device the name that it has is no decision", async () => {
  const { gateway, device, client } = await decider();
  const { deviceId } = device;
  for (let i = 0; i < 9; i += 1) {
    const both = { deviceId, label: "Mine" };
    expect((await client.request("device.pair.rename", both)).ok).toBe(true);
  }
  const events = await eventsOf(gateway);
  expect(events.filter((event) => event.startsWith("device.renamed"))).toHaveLength(1);
  await gateway.close();
});
