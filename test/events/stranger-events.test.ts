import fc from "fast-check";
import { expect, test } from "vitest";
import { Hub, type Receiver } from "../../src/events/hub.ts";
import { StrangerEvents } from "../../src/events/stranger-events.ts";
import { limitValues } from "../../src/limits/table.ts";
import type { Frame } from "../kit/client.ts";
import { HandWorld } from "../kit/world.ts";

class Ear implements Receiver {
  seq = 0;
  bytes = 0;
  readonly frames: Frame[] = [];

  isSlow(): boolean {
    return false;
  }

  push(text: string): boolean {
    this.bytes += text.length;
    this.frames.push(JSON.parse(text));
    return true;
  }
}

const who = { role: "operator", scopes: ["operator.pairing", "operator.admin"] } as const;

function bench(changed: Parameters<typeof limitValues>[0] = {}, listeners = 1) {
  const world = new HandWorld();
  const hub = new Hub();
  const ears = Array.from({ length: listeners }, () => new Ear());
  for (const ear of ears) hub.add(ear, who);
  const limits = limitValues({
    requestEventBytesPerSecond: 1000,
    requestEventBurstBytes: 2000,
    ...changed,
  });
  let leftOut = 0;
  const count = () => {
    leftOut += 1;
  };
  const news = new StrangerEvents({ hub, world, limits, leftOut: count });
  const about = (key: string) => ({ key, deviceId: key });
  const began = (key: string, bytes = 500) => {
    const payload = () => ({ requestId: key, pad: "x".repeat(bytes) });
    news.began({ ...about(key), event: "device.pair.requested", payload });
  };
  const ended = (key: string, decided = false) => {
    const payload = () => ({ requestId: key });
    news.ended({ ...about(key), event: "device.pair.resolved", payload }, decided);
  };
  const [ear = new Ear()] = ears;
  const told = () =>
    ear.frames.splice(0).map(({ event, payload }) => {
      const words = { "device.pair.requested": "+", "device.pair.resolved": "-" }[String(event)];
      return words === undefined ? `more ${payload.more}` : `${words}${payload.requestId}`;
    });
  return { world, hub, ear, news, began, ended, told, leftOut: () => leftOut };
}

test("requestEventBurstBytes, requestEventBytesPerSecond: what is beyond is counted once a second, and told later", () => {
  const { world, began, told, leftOut } = bench();
  for (const key of "abcdef") began(key);
  expect(told()).toEqual(["+a", "+b", "+c"]);
  expect(leftOut()).toBe(3);
  world.advance(999);
  expect(told()).toEqual([]);
  world.advance(1);
  expect(told()).toEqual(["more 3", "+d", "+e"]);
  world.advance(1000);
  expect(told()).toEqual(["+f"]);
  expect(world.pendingTimers).toBe(0);
});

test("what began and ended untold is told never, and what was told has its end", () => {
  const { world, began, ended, told } = bench();
  for (const key of "abcdef") began(key);
  ended("a");
  for (const key of "def") ended(key);
  told();
  world.advance(5000);
  expect(told().filter((words) => !words.startsWith("more"))).toEqual([]);
  began("g", 2000);
  ended("b");
  expect(told()).toEqual(["+g"]);
  world.advance(1000);
  expect(told()).toEqual(["more 1", "-b"]);
  expect(world.pendingTimers).toBe(0);
});

test("what the owner decides is told at once, however much was told before", () => {
  const { began, ended, told } = bench();
  for (const key of "abcdef") began(key);
  told();
  for (const key of "af") ended(key, true);
  expect(told()).toEqual(["-a", "-f"]);
});

test("requestEventsMoreMs: at most one count in that time", () => {
  const { world, began, told } = bench({ requestEventsMoreMs: 5000 });
  for (let at = 0; at < 125; at += 1) {
    began(`${at}`, 1500);
    world.advance(100);
  }
  expect(told().filter((words) => words.startsWith("more"))).toHaveLength(2);
});

test("requestEventTotalBytesPerSecond: many listeners share it, and one event for all of them comes through", () => {
  const { world, began, told } = bench({ requestEventTotalBytesPerSecond: 4000 }, 100);
  began("a");
  began("b");
  expect(told()).toEqual(["+a"]);
  world.advance(20_000);
  expect(told()).toEqual(["more 1", "+b"]);
});

test("requestEventsKept: past it the oldest is not told", () => {
  const { world, began, told } = bench({ requestEventsKept: 2 });
  for (const key of "abcdef") began(key);
  told();
  world.advance(3000);
  expect(told()).toEqual(["more 3", "+e", "+f"]);
});

test("where nobody listens, or no longer, nothing is kept and no timer runs", () => {
  const { world, hub, ear, began } = bench();
  for (const key of "abcdef") began(key);
  hub.delete(ear);
  world.advance(1000);
  for (const key of "ghijkl") began(key);
  expect(world.pendingTimers).toBe(0);
});

test("whatever comes: a listener is sent no more than the budget, and knows in the end what there is", () => {
  const step = fc.record({
    key: fc.nat(30),
    ms: fc.nat(400),
    bytes: fc.nat(900),
    decided: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
      const { world, ear, began, ended } = bench();
      const there = new Set<string>();
      let [serial, owners] = [0, 0];
      for (const { key, ms, bytes, decided } of steps) {
        world.advance(ms);
        const open = [...there][key];
        if (open !== undefined) {
          there.delete(open);
          ended(open, decided);
          if (decided) owners += 1;
          continue;
        }
        serial += 1;
        there.add(`${serial}`);
        began(`${serial}`, bytes);
      }
      // What every event has besides its payload, and the counts, come on top.
      const budget = 2000 + world.monotonic() + ear.frames.length * 100 + owners * 100;
      expect(ear.bytes).toBeLessThanOrEqual(budget);
      world.advance(300_000);
      const known = new Set<string>();
      for (const { event, payload } of ear.frames) {
        if (event === "device.pair.requested") known.add(payload.requestId);
        if (event === "device.pair.resolved") known.delete(payload.requestId);
      }
      expect([...known].sort()).toEqual([...there].sort());
      expect(world.pendingTimers).toBe(0);
      expect(ear.frames.map(({ seq }) => seq)).toEqual(ear.frames.map((_, at) => at + 1));
    }),
    { numRuns: 60 },
  );
});
