import { expect, test } from "vitest";
import { Presence } from "../../src/events/presence.ts";
import { limitValues } from "../../src/protocol/limits.ts";
import { HandWorld } from "../support/world.ts";

const KiB = 1024;

function makePresence(limits: Parameters<typeof limitValues>[0] = {}) {
  const world = new HandWorld();
  const published: { at: number; hosts: string[] }[] = [];
  const presence = new Presence({
    world,
    limits: limitValues(limits),
    self: { host: "gateway", ts: world.now() },
    publish: ({ text }) => {
      const { presence } = JSON.parse(text) as { presence: { host: string }[] };
      published.push({ at: world.monotonic(), hosts: presence.map(({ host }) => host) });
    },
  });
  const join = (host: string) => presence.set(host, { host, ts: world.now() });
  return { world, published, presence, join };
}

test("changes within presenceCoalesceMs go out as one event", () => {
  const { world, published, join } = makePresence({ presenceCoalesceMs: 200 });
  join("a");
  world.advance(100);
  join("b");
  world.advance(100);
  expect(published).toEqual([{ at: 200, hosts: ["gateway", "a", "b"] }]);
});

test("the list holds the newest presenceEntries connections", () => {
  const { presence, join } = makePresence({ presenceEntries: 2 });
  for (const host of ["a", "b", "c"]) join(host);
  const hosts = JSON.parse(presence.list.text).map((entry: { host: string }) => entry.host);
  expect(hosts).toEqual(["gateway", "b", "c"]);
});

test("an event in a crowd shows the last change, however young the cached list is", () => {
  const { world, published, presence, join } = makePresence({ presenceEntries: 2 });
  for (const host of ["a", "b", "c"]) join(host);
  world.advance(190);
  expect(presence.list.text).toContain('"c"');
  join("d");
  world.advance(10);
  expect(published[0]?.hosts).toEqual(["gateway", "c", "d"]);
});

test("events stay below presenceBytesPerSecond, and the last change still goes out", () => {
  const limits = { presenceBytesPerSecond: 64 * KiB, presenceEntries: 100 };
  const { world, published, join } = makePresence(limits);
  for (let i = 0; i < 100; i += 1) join(`client-${i}`);
  world.advance(200);
  join("late");
  world.advance(1_000);
  expect(published).toHaveLength(1);
  world.advance(20_000);
  expect(published).toHaveLength(2);
  expect(published[1]?.hosts).toContain("late");
});

test("absent facts leave no trace in the text", () => {
  const { presence, world } = makePresence();
  presence.set("a", { host: "a", ip: undefined, ts: world.now() });
  expect(Object.keys(JSON.parse(presence.list.text)[1])).toEqual(["host", "ts"]);
});
