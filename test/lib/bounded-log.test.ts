import { expect, test } from "vitest";
import { BoundedLog, type LineLog } from "../../src/lib/bounded-log.ts";
import { HandWorld } from "../kit/world.ts";

function setUp(perSecond: number, bytesPerSecond?: number) {
  const world = new HandWorld();
  const lines: { level: string; facts: object; message: string }[] = [];
  const write = (level: string) => (facts: object, message: string) => {
    lines.push({ level, facts, message });
  };
  const log: LineLog = { info: write("info"), warn: write("warn"), error: write("error") };
  let leftOut = 0;
  const count = () => {
    leftOut += 1;
  };
  const bounded = new BoundedLog({
    world,
    log,
    perSecond,
    leftOut: count,
    ...(bytesPerSecond !== undefined && { bytesPerSecond }),
  });
  const storm = (kind: string, times: number) => {
    for (let i = 0; i < times; i += 1) {
      bounded.write({ level: "info", kind, facts: { i }, message: kind });
    }
  };
  return { world, lines, bounded, storm, leftOut: () => leftOut };
}

test("logBytesPerSecond: few lines that are long are left out as many short ones are", () => {
  const { world, lines, bounded, leftOut } = setUp(10, 300);
  const long = () =>
    bounded.write({
      level: "info",
      kind: "a",
      facts: { x: "x".repeat(50) },
      message: "a".repeat(50),
    });
  for (let i = 0; i < 5; i += 1) long();
  expect(lines).toHaveLength(2);
  world.advance(1000);
  expect(lines.at(-1)?.facts).toEqual({ lines: 3, counts: { a: 3 } });
  long();
  expect([lines.length, leftOut()]).toEqual([4, 3]);
});

const SUMMARY = "left out of the log: too many lines in one second";

test("logLinesPerSecond: what comes beyond is one summary line with its counts", () => {
  const { world, lines, storm, leftOut } = setUp(3);
  storm("a", 4);
  storm("b", 10);
  expect(lines.map(({ message }) => message)).toEqual(["a", "a", "a"]);
  world.advance(1000);
  expect(lines).toHaveLength(4);
  expect(lines[3]).toEqual({
    level: "warn",
    facts: { lines: 11, counts: { a: 1, b: 10 } },
    message: SUMMARY,
  });
  expect(leftOut()).toBe(11);
});

test("a storm that lasts costs its lines and one summary a second, and loses no count", () => {
  const { world, lines, storm } = setUp(3);
  for (let ms = 0; ms < 10_000; ms += 10) {
    storm("a", 7);
    world.advance(10);
  }
  world.advance(1000);
  const summaries = lines.filter(({ message }) => message === SUMMARY);
  const summed = summaries.reduce((sum, { facts }) => sum + (facts as { lines: number }).lines, 0);
  expect(lines.length).toBeLessThanOrEqual(11 * 4);
  expect(summed + lines.length - summaries.length).toBe(7000);
});

test("a quiet log is written as it comes, and needs no timer", () => {
  const { world, lines, storm } = setUp(3);
  for (let i = 0; i < 10; i += 1) {
    storm("a", 3);
    world.advance(1000);
  }
  expect(lines).toHaveLength(30);
  expect(world.pendingTimers).toBe(0);
});

test("the end of the gateway writes the summary that is due", () => {
  const { world, lines, storm, bounded } = setUp(1);
  storm("a", 5);
  bounded.flush();
  expect(lines.at(-1)?.facts).toEqual({ lines: 4, counts: { a: 4 } });
  expect(world.pendingTimers).toBe(0);
});
