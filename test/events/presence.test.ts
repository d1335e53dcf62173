import { describe, expect, test } from "vitest";
import type { Receiver } from "../../src/events/hub.ts";
import { Presence, type PresenceEntry } from "../../src/events/presence.ts";
import { type Limits, limitTable, limitValues } from "../../src/limits/table.ts";
import { HandWorld } from "../kit/world.ts";

function setUp(limits: Partial<Limits> = {}) {
  const world = new HandWorld();
  const published: { list: PresenceEntry[]; version: number; to: readonly Receiver[] }[] = [];
  const crowd: Receiver[] = [];
  const presence = new Presence({
    world,
    limits: limitValues(limits),
    self: { host: "gateway", mode: "gateway", reason: "self", ts: 1 },
    audience: () => [...crowd],
    publish: (payload, version, to) =>
      published.push({ list: JSON.parse(payload.text).presence, version, to }),
  });
  const hosts = () => JSON.parse(presence.list.text).map(({ host }: PresenceEntry) => host);
  return { world, presence, published, hosts, crowd };
}

const entry = (host: string): PresenceEntry => ({ host, ts: 2 });

test("the gateway itself stands first, then clients, newest last", () => {
  const { presence, hosts } = setUp();
  presence.set("1", entry("a"));
  presence.set("2", entry("b"));
  expect(hosts()).toEqual(["gateway", "a", "b"]);
  presence.delete("1");
  expect(hosts()).toEqual(["gateway", "b"]);
});

test("presenceCoalesceMs: changes in between go out as one event", () => {
  const { world, presence, published } = setUp();
  presence.set("1", entry("a"));
  presence.set("2", entry("b"));
  presence.delete("1");
  world.advance(limitTable.presenceCoalesceMs.value - 1);
  expect(published).toEqual([]);
  world.advance(1);
  expect(published).toHaveLength(1);
  expect(published[0]?.list.map(({ host }) => host)).toEqual(["gateway", "b"]);
  expect(published[0]?.version).toBe(presence.version);
  world.advance(60_000);
  expect(published).toHaveLength(1);
  expect(world.pendingTimers).toBe(0);
});

test("the version rises with every change and with nothing else", () => {
  const { presence } = setUp();
  const before = presence.version;
  presence.set("1", entry("a"));
  presence.delete("nobody");
  expect(presence.version).toBe(before + 1);
});

describe("presenceEntries", () => {
  test("the oldest connections are left out of a long list", () => {
    const { world, presence, hosts } = setUp({ presenceEntries: 2 });
    for (const host of ["a", "b", "c"]) presence.set(host, entry(host));
    expect(hosts()).toEqual(["gateway", "b", "c"]);
    world.advance(limitTable.presenceCoalesceMs.value);
    presence.delete("c");
    expect(hosts()).toEqual(["gateway", "a", "b"]);
  });

  test("a crowded list is made anew only now and then, but always for an event", () => {
    const { world, presence, published, hosts } = setUp({ presenceEntries: 2 });
    for (const host of ["a", "b", "c"]) presence.set(host, entry(host));
    hosts();
    presence.set("d", entry("d"));
    expect(hosts()).toEqual(["gateway", "b", "c"]);
    world.advance(limitTable.presenceCoalesceMs.value);
    expect(published.at(-1)?.list.map(({ host }) => host)).toEqual(["gateway", "c", "d"]);
    expect(hosts()).toEqual(["gateway", "c", "d"]);
  });
});

const receiver = (): Receiver => ({ seq: 0, isSlow: () => false, push: () => true });

describe("presenceBytesPerSecond", () => {
  const coalesce = limitTable.presenceCoalesceMs.value;

  test("a crowd is told in parts, each after the one before was paid for", () => {
    const { world, presence, published, crowd } = setUp({ presenceBytesPerSecond: 16_000 });
    crowd.push(...Array.from({ length: 5 }, receiver));
    presence.set("a", entry("x".repeat(300)));
    const { length } = presence.list.text;
    const part = crowd.slice(0, Math.floor(1000 / length));
    expect(part).toHaveLength(2);
    world.advance(coalesce);
    expect(published.map(({ to }) => to)).toEqual([part]);
    const wait = (length * 2) / 16;
    world.advance(wait - 0.1);
    expect(published).toHaveLength(1);
    world.advance(0.1);
    expect(published).toHaveLength(2);
    world.advance(60_000);
    expect(published.flatMap(({ to }) => to)).toEqual(crowd);
    expect(world.pendingTimers).toBe(0);
  });

  test("each part is told the latest, and everyone of what changed since the first", () => {
    const { world, presence, published, crowd } = setUp({ presenceBytesPerSecond: 1000 });
    crowd.push(receiver(), receiver());
    presence.set("a", entry("a"));
    world.advance(coalesce);
    crowd.push(receiver());
    presence.set("b", entry("b"));
    world.advance(60_000);
    const told = crowd.map((one) => published.filter(({ to }) => to.includes(one)));
    expect(told.map((events) => events.map(({ version }) => version))).toEqual([
      [2, 3],
      [3, 3],
      [3],
    ]);
    expect(told.map((events) => events.at(-1)?.list.length)).toEqual([3, 3, 3]);
    expect(world.pendingTimers).toBe(0);
  });
});

test("the gateway's new name is told like any change", () => {
  const { world, presence, published, hosts } = setUp();
  presence.rename("box");
  expect(hosts()).toEqual(["box"]);
  world.advance(limitTable.presenceCoalesceMs.value);
  expect(published[0]?.list.map(({ host }) => host)).toEqual(["box"]);
});

describe("beacons", () => {
  const say = (host: string): PresenceEntry => ({ host, ts: 2 });
  const from = (sender: string, host: string) => ({ connId: "none", sender, said: say(host) });

  test("presenceBeaconMs: each lasts so long after it came last, and then no timer runs", () => {
    const { world, presence, published, hosts } = setUp();
    const life = limitTable.presenceBeaconMs.value;
    presence.beacon(from("d", "a"));
    world.advance(1000);
    presence.beacon(from("d", "b"));
    world.advance(life - 1001);
    expect(hosts()).toEqual(["gateway", "a", "b"]);
    presence.beacon(from("d", "a"));
    world.advance(1);
    expect(hosts()).toEqual(["gateway", "b", "a"]);
    world.advance(life);
    expect(hosts()).toEqual(["gateway"]);
    world.advance(limitTable.presenceCoalesceMs.value);
    expect(published.at(-1)?.list.map(({ host }) => host)).toEqual(["gateway"]);
    expect(world.pendingTimers).toBe(0);
  });

  test("presenceBeaconsPerDevice: past them the sender's oldest goes, and no other's", () => {
    const { presence, hosts } = setUp({ presenceBeaconsPerDevice: 2 });
    presence.beacon(from("quiet", "q"));
    for (const host of ["a", "b", "c"]) presence.beacon(from("loud", host));
    expect(hosts()).toEqual(["gateway", "q", "b", "c"]);
  });

  test("presenceBeacons: past them the sender's own goes first, else the oldest", () => {
    const { presence, hosts } = setUp({ presenceBeacons: 3 });
    for (const [sender, host] of ["xa", "yb", "yc"].map((one) => [...one] as [string, string]))
      presence.beacon(from(sender, host));
    presence.beacon(from("y", "d"));
    expect(hosts()).toEqual(["gateway", "a", "c", "d"]);
    presence.beacon(from("z", "e"));
    expect(hosts()).toEqual(["gateway", "c", "d", "e"]);
  });

  test("in a crowd they give way to who is connected", () => {
    const { presence, hosts } = setUp({ presenceEntries: 2 });
    presence.set("1", entry("a"));
    presence.beacon(from("d", "b"));
    presence.set("2", entry("c"));
    expect(hosts()).toEqual(["gateway", "a", "c"]);
  });

  test("one that names no other instance is told in the entry of its connection", () => {
    const { presence, world } = setUp();
    presence.set("1", { ...entry("a"), instanceId: "i" });
    presence.beacon({ connId: "1", sender: "d", said: { ts: 9, reason: "launch" } });
    expect(JSON.parse(presence.list.text)[1]).toEqual({
      host: "a",
      instanceId: "i",
      ts: 9,
      reason: "launch",
    });
    presence.delete("1");
    world.advance(limitTable.presenceCoalesceMs.value);
    expect(world.pendingTimers).toBe(0);
  });
});
