import { describe, expect, test } from "vitest";
import { Hub, type Receiver } from "../../src/events/hub.ts";
import { Pulse, pulseWhileOccupied } from "../../src/events/pulse.ts";
import { limitTable } from "../../src/limits/table.ts";
import type { Caller } from "../../src/protocol/access.ts";
import { type EventName, type EventRule, eventTable } from "../../src/protocol/events.ts";
import { type Frame, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { HandWorld } from "../kit/world.ts";

class Ear implements Receiver {
  seq = 0;
  slow = false;
  full = false;
  readonly frames: Frame[] = [];

  isSlow(): boolean {
    return this.slow;
  }

  push(text: string): boolean {
    if (this.full) return false;
    this.frames.push(JSON.parse(text));
    return true;
  }
}

const names = Object.keys(eventTable) as EventName[];
const caller = (role: Caller["role"], ...scopes: string[]): Caller => ({ role, scopes });

function heardBy(who: Caller): string[] {
  const hub = new Hub();
  const ear = new Ear();
  hub.add(ear, who);
  for (const name of names) hub.publish(name, {});
  return ear.frames.map(({ event }) => event);
}

test("whoever follows is sent what it asked for and may have, and asking again changes that", () => {
  const hub = new Hub();
  const ear = new Ear();
  const occupied: boolean[] = [];
  hub.onOccupied((yes) => occupied.push(yes));
  const who = caller("operator", "operator.pairing");
  const told = () => {
    ear.frames.length = 0;
    for (const name of names) hub.publish(name, {});
    return ear.frames.map(({ event, seq }) => [event, seq]);
  };
  expect(hub.follow(ear, who, ["device.pair.requested", "presence", "tick"])).toBe(true);
  expect(told()).toEqual([
    ["tick", 1],
    ["device.pair.requested", 2],
  ]);
  expect(hub.follow(ear, who, ["device.pair.resolved"])).toBe(false);
  expect(told()).toEqual([["device.pair.resolved", 3]]);
  expect(hub.follow(ear, who, [])).toBe(false);
  expect(told()).toEqual([]);
  hub.delete(ear);
  expect(occupied).toEqual([true, false]);
});

test("what is about one device is heard by whoever may know of that device", () => {
  const hub = new Hub();
  const ears = [new Ear(), new Ear(), new Ear()] as const;
  const [owner, own, other] = ears;
  hub.add(owner, caller("operator", "operator.pairing"));
  hub.add(own, caller("operator", "operator.pairing"), "d1");
  hub.add(other, caller("operator", "operator.pairing"), "d2");
  hub.publishAbout("d1", "device.pair.requested", { deviceId: "d1" });
  hub.publish("device.pair.changed", {});
  expect(ears.map(({ frames }) => frames.length)).toEqual([2, 2, 1]);
  // Nobody sees a gap for what was not for them.
  expect(other.frames.map(({ seq }) => seq)).toEqual([1]);
});

describe("who hears what", () => {
  const all = ["tick", "health", "shutdown"];
  const read = ["presence", "config.changed", "node.presence", "node.hostStats"];
  const pairing = [
    "device.pair.requested",
    "device.pair.resolved",
    "device.pair.changed",
    "device.pair.setup.completed",
    "device.pair.setup.deliveryUncertain",
    "node.pair.requested",
    "node.pair.resolved",
  ];
  test.each<[string, Caller, string[]]>([
    ["an operator without scopes", caller("operator"), all],
    ["a node", caller("node"), all],
    ["a node whatever scopes it claims", caller("node", "operator.admin"), all],
    ["a reader", caller("operator", "operator.read"), [...all, ...read]],
    ["a writer, who may read", caller("operator", "operator.write"), [...all, ...read]],
    ["who approves devices", caller("operator", "operator.pairing"), [...all, ...pairing]],
    ["an admin", caller("operator", "operator.admin"), [...all, ...read, ...pairing]],
  ])("%s", (_name, who, expected) => {
    expect(heardBy(who).sort()).toEqual([...expected].sort());
  });
});

test("events keep apart however many there are", () => {
  const roles: Caller["role"][] = ["operator", "node"];
  const scopes = ["operator.read", "operator.pairing"];
  const ruleOf = (i: number): EventRule => {
    const scope = scopes[Math.floor(i / 8) % 2];
    return { roles: [roles[Math.floor(i / 32)] ?? "node"], ...(scope && { scope }), what: "" };
  };
  const table = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`e${i}`, ruleOf(i)]));
  const all = Object.keys(table) as EventName[];
  const hub = new Hub(table);
  const ears = { reader: new Ear(), approver: new Ear(), node: new Ear(), follower: new Ear() };
  hub.add(ears.reader, caller("operator", "operator.read"));
  hub.add(ears.approver, caller("operator", "operator.pairing"));
  hub.add(ears.node, caller("node"));
  hub.follow(ears.follower, caller("operator", "operator.read"), all.slice(1, 3));
  for (const name of all) hub.publish(name, {});
  const span = (...ranges: [number, number][]) => ranges.flatMap(([a, b]) => all.slice(a, b));
  const heard = ({ frames }: Ear) => frames.map(({ event }) => event);
  expect(heard(ears.reader)).toEqual(span([0, 8], [16, 24]));
  expect(heard(ears.approver)).toEqual(span([8, 16], [24, 32]));
  expect(heard(ears.node)).toEqual(span([32, 40]));
  expect(heard(ears.follower)).toEqual(span([1, 3]));
  for (const ear of Object.values(ears)) hub.delete(ear);
  expect(all.flatMap((name) => hub.audience(name))).toEqual([]);
});

test("each receiver counts its own events from 1, without a gap", () => {
  const hub = new Hub();
  const [early, late, node] = [new Ear(), new Ear(), new Ear()];
  hub.add(early, caller("operator", "operator.read"));
  hub.add(node, caller("node"));
  hub.publish("tick", { ts: 1 });
  hub.publish("presence", { presence: [] }, { version: { presence: 4, health: 2 } });
  hub.add(late, caller("operator", "operator.read"));
  hub.publish("tick", { ts: 2 });
  expect(early.frames).toEqual([
    { type: "event", event: "tick", payload: { ts: 1 }, seq: 1 },
    {
      type: "event",
      event: "presence",
      payload: { presence: [] },
      stateVersion: { presence: 4, health: 2 },
      seq: 2,
    },
    { type: "event", event: "tick", payload: { ts: 2 }, seq: 3 },
  ]);
  expect(late.frames.map(({ seq }) => seq)).toEqual([1]);
  expect(node.frames.map(({ seq }) => seq)).toEqual([1, 2]);
});

test("a slow receiver misses latest-state events without a gap, and no others", () => {
  const hub = new Hub();
  const [slow, quick] = [new Ear(), new Ear()];
  for (const ear of [slow, quick]) hub.add(ear, caller("operator", "operator.admin"));
  hub.publish("tick", {});
  slow.slow = true;
  for (const name of names) hub.publish(name, {});
  slow.slow = false;
  hub.publish("tick", {});
  expect(slow.frames.map(({ event, seq }) => [event, seq])).toEqual([
    ["tick", 1],
    ["shutdown", 2],
    ["config.changed", 3],
    ["device.pair.requested", 4],
    ["device.pair.resolved", 5],
    ["node.pair.requested", 6],
    ["node.pair.resolved", 7],
    ["device.pair.setup.completed", 8],
    ["device.pair.setup.deliveryUncertain", 9],
    ["device.pair.changed", 10],
    ["tick", 11],
  ]);
  expect(quick.frames).toHaveLength(names.length + 2);
});

test("what could not be queued takes no number", () => {
  const hub = new Hub();
  const ear = new Ear();
  hub.add(ear, caller("node"));
  ear.full = true;
  hub.publish("tick", {});
  ear.full = false;
  hub.publish("tick", {});
  expect(ear.frames.map(({ seq }) => seq)).toEqual([1]);
});

test("an event for some goes to those who may have it and are still here, counted like any", () => {
  const hub = new Hub();
  const [reader, node, gone, later] = [new Ear(), new Ear(), new Ear(), new Ear()];
  for (const ear of [reader, gone]) hub.add(ear, caller("operator", "operator.read"));
  hub.add(node, caller("node"));
  const audience = hub.audience("presence");
  expect(audience).toEqual([reader, gone]);
  hub.delete(gone);
  hub.add(later, caller("operator", "operator.read"));
  hub.publish("tick", {});
  hub.publish("presence", {}, { to: [...audience, node] });
  expect(reader.frames.map(({ event, seq }) => [event, seq])).toEqual([
    ["tick", 1],
    ["presence", 2],
  ]);
  for (const ear of [node, later]) expect(ear.frames.map(({ event }) => event)).toEqual(["tick"]);
  expect(gone.frames).toEqual([]);
});

test("receivers that leave while an event goes out do not disturb the others", () => {
  const hub = new Hub();
  const ears = [new Ear(), new Ear(), new Ear()];
  class Leaver extends Ear {
    override push(text: string): boolean {
      for (const ear of [this, ears[0]]) if (ear) hub.delete(ear);
      return super.push(text);
    }
  }
  for (const ear of [...ears.slice(0, 1), new Leaver(), ...ears.slice(1)]) {
    hub.add(ear, caller("node"));
  }
  hub.publish("tick", {});
  expect(ears.map(({ frames }) => frames.length)).toEqual([1, 1, 1]);
  expect(hub.size).toBe(2);
  hub.publish("tick", {});
  expect(ears.map(({ frames }) => frames.length)).toEqual([1, 2, 2]);
});

test("tickMs: a tick goes to everyone that often, with the gateway's time", async () => {
  const world = new HandWorld();
  const gateway = await startTestGateway({ world });
  const client = await RawClient.open(gateway.url);
  const hello = await client.connect({ auth: { token: TEST_TOKEN } });
  expect(hello.payload.policy.tickIntervalMs).toBe(limitTable.tickMs.value);
  world.advance(limitTable.tickMs.value);
  const tick = await client.next((f) => f.event === "tick");
  expect(tick).toEqual({ type: "event", event: "tick", payload: { ts: world.now() }, seq: 1 });
  await gateway.close();
});

test("each who asks is told of the first receiver and the last, until it asks no more", () => {
  const hub = new Hub();
  const told: string[] = [];
  const stop = hub.onOccupied((occupied) => told.push(`a ${occupied}`));
  hub.onOccupied((occupied) => told.push(`b ${occupied}`));
  const [one, two] = [new Ear(), new Ear()];
  hub.add(one, caller("operator"));
  hub.add(two, caller("operator"));
  hub.delete(one);
  expect(told).toEqual(["a true", "b true"]);
  stop();
  hub.delete(two);
  hub.delete(two);
  expect(told).toEqual(["a true", "b true", "b false"]);
});

test("pulses beat while somebody is there, and never again once they are stopped", () => {
  const world = new HandWorld();
  const hub = new Hub();
  let beats = 0;
  const beat = () => {
    beats += 1;
  };
  const stop = pulseWhileOccupied(hub, [new Pulse({ world, ms: 100, beat })]);
  world.advance(1000);
  expect(beats).toBe(0);
  const ear = new Ear();
  hub.add(ear, caller("operator"));
  world.advance(250);
  expect(beats).toBe(2);
  hub.delete(ear);
  world.advance(1000);
  expect(beats).toBe(2);
  hub.add(ear, caller("operator"));
  world.advance(100);
  expect(beats).toBe(3);
  stop();
  world.advance(1000);
  hub.delete(ear);
  hub.add(ear, caller("operator"));
  world.advance(1000);
  expect(beats).toBe(3);
});
