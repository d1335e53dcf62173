import fc from "fast-check";
import { expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { afterMessage, freshPace, type PaceRules, untilNext } from "../../src/notify/pace.ts";

const { notifyGapMs: gapMs, notifyBurst: burst, notifyRefillMs: refillMs } = limitValues();
const rules: PaceRules = { gapMs, burst, refillMs };
const HOUR = 3_600_000;

/** When messages go out if there is always one to send. */
function flood(from: number, until: number): number[] {
  const times: number[] = [];
  let pace = freshPace(from, rules);
  for (let now = from; now < until; now += untilNext(pace, now, rules)) {
    if (untilNext(pace, now, rules) > 0) continue;
    times.push(now);
    pace = afterMessage(pace, now, rules);
  }
  return times;
}

test("the first message goes out at once", () => {
  expect(untilNext(freshPace(0, rules), 0, rules)).toBe(0);
  expect(untilNext(freshPace(0, rules), 12_345.6, rules)).toBe(0);
});

test("notifyGapMs, notifyBurst, notifyRefillMs: a flood is told fast at first, then slowly", () => {
  const times = flood(0, HOUR);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  expect(gaps.slice(0, burst - 1)).toEqual(new Array(burst - 1).fill(gapMs));
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(gapMs);
  for (const gap of gaps.slice(burst)) expect(gap).toBeLessThanOrEqual(refillMs);
  expect(times.length).toBeGreaterThan(25);
  expect(times.length).toBeLessThanOrEqual(30);
});

test("no hour ever sees more than thirty, whatever came before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 * refillMs }), { maxLength: 120 }),
      (pauses) => {
        let [now, pace] = [0, freshPace(0, rules)];
        const times: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if (untilNext(pace, now, rules) > 0) continue;
          times.push(now);
          pace = afterMessage(pace, now, rules);
        }
        for (const start of times) {
          const inHour = times.filter((time) => time >= start && time < start + HOUR);
          expect(inHour.length).toBeLessThanOrEqual(30);
        }
      },
    ),
  );
});

test("quiet time brings the burst back, and no more than that", () => {
  let pace = freshPace(0, rules);
  for (let sent = 0; sent < burst; sent += 1) pace = afterMessage(pace, sent * gapMs, rules);
  const end = (burst - 1) * gapMs;
  expect(untilNext(pace, end, rules)).toBeGreaterThan(gapMs);
  const later = end + 100 * refillMs;
  let sent = 0;
  for (let now = later; sent < burst + 1; sent += 1, now += gapMs) {
    if (untilNext(pace, now, rules) > 0) break;
    pace = afterMessage(pace, now, rules);
  }
  expect(sent).toBe(burst);
});

test("the time that is named is enough: nobody waits twice", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), fc.nat(40), (start, sends) => {
      let [now, pace] = [start, freshPace(start, rules)];
      for (let sent = 0; sent < sends; sent += 1) {
        now += untilNext(pace, now, rules);
        expect(untilNext(pace, now, rules)).toBe(0);
        pace = afterMessage(pace, now, rules);
      }
    }),
  );
});
