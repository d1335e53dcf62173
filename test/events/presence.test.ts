import { describe, expect, test } from "vitest";
import { Presence, type PresenceEntry } from "../../src/events/presence.ts";
import { type Limits, limitTable, limitValues } from "../../src/protocol/limits.ts";
import { HandWorld } from "../support/world.ts";

function setUp(limits: Partial<Limits> = {}) {
  const world = new HandWorld();
  const published: { list: PresenceEntry[]; version: number }[] = [];
  const presence = new Presence({
    world,
    limits: limitValues(limits),
    self: { host: "gateway", mode: "gateway", reason: "self", ts: 1 },
    publish: (payload, version) =>
      published.push({ list: JSON.parse(payload.text).presence, version }),
  });
  const hosts = () => JSON.parse(presence.list.text).map(({ host }: PresenceEntry) => host);
  return { world, presence, published, hosts };
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

test("presenceBytesPerSecond: after a large event the next one waits until it was paid for", () => {
  const { world, presence, published } = setUp({ presenceBytesPerSecond: 1000 });
  const coalesce = limitTable.presenceCoalesceMs.value;
  for (let i = 0; i < 10; i += 1) presence.set(`c${i}`, entry("x".repeat(100)));
  world.advance(coalesce);
  expect(published).toHaveLength(1);
  const wait = presence.list.text.length * 10;
  presence.delete("c9");
  world.advance(wait - 1);
  expect(published).toHaveLength(1);
  presence.delete("c8");
  world.advance(1);
  expect(published).toHaveLength(2);
  expect(published[1]?.list).toHaveLength(9);
});

test("the gateway's new name is told like any change", () => {
  const { world, presence, published, hosts } = setUp();
  presence.rename("box");
  expect(hosts()).toEqual(["box"]);
  world.advance(limitTable.presenceCoalesceMs.value);
  expect(published[0]?.list.map(({ host }) => host)).toEqual(["box"]);
});
