import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { RequestPace } from "../../src/requests/pace.ts";

const numbers = limitValues();
const MINUTE = 60_000;

/** A pace on a clock that the test moves, and how many of `count` asks go through. */
function bench() {
  const clock = { now: 0 };
  const pace = new RequestPace(numbers, () => clock.now);
  const through = (count: number, ask: (n: number) => { source: string; deviceId?: string }) => {
    let passed = 0;
    for (let n = 0; n < count; n += 1) {
      const { source, deviceId } = ask(n);
      const facts = { source, deviceId: deviceId ?? "", isRepair: deviceId !== undefined };
      if (pace.count(facts) === 0) passed += 1;
    }
    return passed;
  };
  return { clock, pace, through };
}

describe("new requests", () => {
  test("requestBurstPerAddress, requestsPerMinutePerAddress: of one address", () => {
    const { clock, through } = bench();
    const one = () => ({ source: "10.0.0.1" });
    expect(through(1000, one)).toBe(numbers.requestBurstPerAddress);
    clock.now += MINUTE;
    expect(through(1000, one)).toBe(numbers.requestsPerMinutePerAddress);
    expect(through(1, () => ({ source: "10.9.0.1" }))).toBe(1);
  });

  test("requestBurstPerPrefix, requestsPerMinutePerPrefix: of all addresses of one /24 or /48", () => {
    for (const at of [(n: number) => `10.0.0.${n % 250}`, (n: number) => `2001:db8:1:${n}::/64`]) {
      const { clock, through } = bench();
      const near = (n: number) => ({ source: at(n) });
      expect(through(1000, near)).toBe(numbers.requestBurstPerPrefix);
      clock.now += MINUTE;
      // More than a bucket holds does not gather in it.
      const most = Math.min(numbers.requestBurstPerPrefix, numbers.requestsPerMinutePerPrefix);
      expect(through(1000, near)).toBe(most);
    }
  });

  test("requestBurst, requestsPerMinute: of all who are not paired", () => {
    const { clock, through } = bench();
    const apart = (n: number) => ({ source: `10.${n >> 8}.${n & 255}.1` });
    expect(through(2000, apart)).toBe(numbers.requestBurst);
    for (let second = 0; second < 60; second += 1) {
      clock.now += 1000;
      expect(through(100, (n) => apart(n + 100 * second))).toBe(numbers.requestsPerMinute / 60);
    }
  });

  test("of a paired device are counted for it alone: no stranger keeps it from asking", () => {
    const { through } = bench();
    through(2000, (n) => ({ source: `10.${n >> 8}.${n & 255}.1` }));
    const mine = () => ({ source: "10.0.0.1", deviceId: "mine" });
    expect(through(1000, mine)).toBe(numbers.requestBurstPerAddress);
    expect(through(1, () => ({ source: "10.0.0.1", deviceId: "other" }))).toBe(1);
  });

  test("of who shows the shared secret are counted by device: many may ask, and none without end", () => {
    const { pace, through } = bench();
    through(2000, (n) => ({ source: `10.${n >> 8}.${n & 255}.1` }));
    const ask = (deviceId: string) =>
      pace.count({ source: "10.0.0.1", deviceId, isRepair: false, secretEpoch: 1 });
    for (let n = 0; n < 500; n += 1) expect(ask(`device ${n}`)).toBe(0);
    const waits = Array.from({ length: 100 }, () => ask("one"));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(numbers.requestBurstPerAddress);
  });

  test("that the owner approved are given back: one after the other any number comes in", () => {
    const { pace } = bench();
    const stranger = { source: "10.0.0.1", deviceId: "", isRepair: false };
    const paired = { source: "10.0.0.1", deviceId: "mine", isRepair: true };
    for (let n = 0; n < 1000; n += 1) {
      expect([pace.count(stranger), pace.count(paired)]).toEqual([0, 0]);
      pace.giveBack(stranger);
      pace.giveBack(paired);
    }
    // And no more than was there gathers.
    for (let n = 0; n < numbers.requestBurstPerAddress; n += 1) pace.count(stranger);
    expect(pace.count(stranger)).toBeGreaterThan(0);
  });

  test("that are turned away are told when there may be one", () => {
    const { clock, pace, through } = bench();
    through(1000, () => ({ source: "10.0.0.1" }));
    const ask = { source: "10.0.0.1", deviceId: "", isRepair: false };
    const wait = pace.count(ask);
    expect(wait).toBe(MINUTE / numbers.requestsPerMinutePerAddress);
    clock.now += wait;
    expect(pace.count(ask)).toBe(0);
  });

  test("of devices that ask once and hang up never fill the book", () => {
    const { requestBurst, requestsPerMinute, requestGraceMs, pendingRequests } = numbers;
    const there = requestBurst + (requestsPerMinute * requestGraceMs) / MINUTE;
    expect(there).toBeLessThan(pendingRequests);
  });
});
