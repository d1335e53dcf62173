import { expect, test } from "vitest";
import { Places } from "../../src/gateway/places.ts";
import { limitValues } from "../../src/limits/table.ts";
import { EndedSockets } from "../../src/transport/ended-sockets.ts";
import { HandWorld } from "../kit/world.ts";

function setUp(connections: number) {
  const world = new HandWorld();
  const places = new Places(limitValues({ connections }));
  const ended = new EndedSockets({ places, endedMs: 20_000, world });
  return { world, places, ended };
}

test("endedMs: a socket that was closed counts against its source so long, and no longer", () => {
  const { world, places, ended } = setUp(100);
  expect(ended.add("a")).toBe(true);
  world.advance(10_000);
  expect(ended.add("b")).toBe(true);
  world.advance(9_999);
  expect([places.free, places.heldBy("a"), ended.size]).toEqual([98, 1, 2]);
  world.advance(600);
  expect([places.free, places.heldBy("a"), places.heldBy("b"), ended.size]).toEqual([99, 0, 1, 1]);
  world.advance(20_000);
  expect([places.free, places.heldBy("b"), ended.size]).toEqual([100, 0, 0]);
  // Idle costs nothing.
  expect(world.pendingTimers).toBe(0);
});

test("endedMs: past its source's share one is not to be left open, while others' are", () => {
  const { world, ended } = setUp(8);
  expect(Array.from({ length: 6 }, () => ended.add("a"))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(ended.add("b")).toBe(true);
  world.advance(21_000);
  expect(ended.add("a")).toBe(true);
});

test("thousands of them come and go in the order of their time", () => {
  const { world, places, ended } = setUp(16_000);
  for (let n = 0; n < 5_000; n += 1) {
    ended.add(`203.0.${n % 250}.1`);
    world.advance(10);
  }
  expect(ended.size).toBeGreaterThanOrEqual(2_000);
  expect(ended.size).toBeLessThan(2_060);
  world.advance(30_000);
  expect([ended.size, places.free]).toEqual([0, 16_000]);
});

test("of a source that has many the kernel is asked, and only those that are there count", async () => {
  const world = new HandWorld();
  const places = new Places(limitValues({ connections: 100, placesKept: 0 }));
  let there = new Map<string, number>();
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return there;
  };
  const ended = new EndedSockets({ places, endedMs: 20_000, world, ask });
  for (let n = 0; n < 15; n += 1) ended.add("a");
  expect(asked).toBe(0);
  for (let n = 0; n < 10; n += 1) ended.add("b");
  there = new Map([["a", 3]]);
  for (let n = 0; n < 10; n += 1) {
    world.advance(1);
    ended.add("a");
  }
  await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(1);
  // Of those before it was asked three; what came behind is not known yet.
  expect([places.heldBy("a"), places.heldBy("b")]).toEqual([3 + 7, 0]);
  world.advance(21_000);
  expect([ended.size, places.free, world.pendingTimers]).toEqual([0, 100, 0]);
});

test("what a device was let in on counts against it, and not against an address that is full", () => {
  const { places, ended } = setUp(100);
  while (ended.add("a"));
  expect(ended.add("a", "device")).toBe(true);
  expect(places.heldBy("device")).toBe(1);
});
