import { describe, expect, test } from "vitest";
import { LogRing } from "../../src/lib/log-ring.ts";

const line = (n: number, more = "") =>
  `${JSON.stringify({ level: 30, time: "2026-01-01T00:00:00.000Z", n, msg: `line ${n}${more}` })}\n`;

function ring(bounds = {}, lines = 0): LogRing {
  const isReserved = (text: string) => text.includes('"n":7,');
  const made = new LogRing({ bytes: 100_000, lineChars: 1000, ...bounds }, 1_000_000, isReserved);
  for (let n = 1; n <= lines; n += 1) made.write(line(n));
  return made;
}

const numbers = (lines: readonly string[]) => lines.map((text) => JSON.parse(text).n);
const all = { limit: 1000, maxBytes: 1_000_000, reserved: true };

describe("without a cursor", () => {
  test("the newest lines come, the oldest of them first", () => {
    const tail = ring({}, 10).tail({ ...all, limit: 3, maxBytes: 10_000 });
    expect(numbers(tail.lines)).toEqual([8, 9, 10]);
    expect(tail).toMatchObject({ truncated: true, reset: false });
    expect(tail.cursor).toBe(tail.size);
    expect(ring({}, 3).tail(all)).toMatchObject({ truncated: false });
  });

  test("no more bytes come than were asked for", () => {
    const tail = ring({}, 10).tail({ ...all, limit: 10, maxBytes: 300 });
    expect(Buffer.byteLength(tail.lines.join("\n"))).toBeLessThanOrEqual(300);
    expect(numbers(tail.lines)).toEqual([8, 9, 10]);
  });

  test("nothing comes from nothing", () => {
    const tail = ring().tail(all);
    expect(tail).toEqual({
      lines: [],
      cursor: 1_000_000,
      size: 1_000_000,
      truncated: false,
      reset: false,
    });
  });
});

describe("a line that is reserved", () => {
  const few = { ...all, reserved: false };

  test("comes to those who may have it, and is no hole for the others", () => {
    const made = ring({}, 10);
    expect(numbers(made.tail(few).lines)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10]);
    expect(numbers(made.tail({ ...few, limit: 4 }).lines)).toEqual([6, 8, 9, 10]);
    expect(made.tail(few)).toMatchObject({ truncated: false });
    expect(numbers(made.tail(all).lines)).toContain(7);
  });

  test("is passed over by a cursor, also where it is the last", () => {
    const made = ring({}, 6);
    const { cursor } = made.tail(few);
    made.write(line(7));
    const tail = made.tail({ ...few, cursor });
    expect(tail).toMatchObject({ lines: [], truncated: false, reset: false });
    expect(tail.cursor).toBe(tail.size);
  });
});

describe("with a cursor", () => {
  test("every line comes once, however few at a time", () => {
    const made = ring({}, 5);
    let { cursor } = made.tail({ ...all, limit: 1, maxBytes: 10_000 });
    for (let n = 6; n <= 30; n += 1) made.write(line(n));
    const seen: number[] = [];
    for (;;) {
      const tail = made.tail({ ...all, cursor, limit: 4, maxBytes: 300 });
      expect(tail.reset).toBe(false);
      seen.push(...numbers(tail.lines));
      cursor = tail.cursor;
      if (cursor === tail.size) break;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => n + 6));
  });

  test("logRingBytes: what was dropped meanwhile is said, and the newest come", () => {
    const made = ring({ bytes: 500 }, 3);
    const { cursor } = made.tail(all);
    for (let n = 4; n <= 50; n += 1) made.write(line(n));
    const tail = made.tail({ ...all, cursor });
    expect(tail.reset).toBe(true);
    expect(numbers(tail.lines).at(-1)).toBe(50);
    expect(Buffer.byteLength(tail.lines.join("\n"))).toBeLessThanOrEqual(500);
  });

  test.each([0, 5, 2_000_000_000])("of another run (%d) the newest come", (cursor) => {
    expect(ring({}, 3).tail({ ...all, cursor })).toMatchObject({ reset: true });
  });

  test("a line too long for this reader does not stop it", () => {
    const made = ring({}, 1);
    const { cursor } = made.tail(all);
    made.write(line(2, "x".repeat(500)));
    made.write(line(3));
    const tail = made.tail({ ...all, cursor, limit: 10, maxBytes: 200 });
    expect(numbers(tail.lines)).toEqual([3]);
    expect(tail).toMatchObject({ truncated: true, cursor: tail.size });
  });
});

describe("a line", () => {
  test("has the names that clients look for", () => {
    const made = ring({}, 1);
    expect(JSON.parse(made.tail(all).lines[0] ?? "")).toEqual({
      time: "2026-01-01T00:00:00.000Z",
      level: "info",
      message: "line 1",
      n: 1,
    });
  });

  test("logRingLineChars: that is too long keeps its start and is JSON still", () => {
    const made = ring({ lineChars: 1000 });
    made.write(line(1, '"\u0007'.repeat(5000)));
    const [text = ""] = made.tail(all).lines;
    expect(text.length).toBeLessThanOrEqual(1000);
    expect(JSON.parse(text)).toMatchObject({ level: "info", cut: true });
    expect(JSON.parse(text).message).toMatch(/^line 1.*…$/s);
  });

  test("that is no JSON is kept as it is", () => {
    const made = ring();
    made.write("not json\n");
    expect(made.tail(all).lines).toEqual(["not json"]);
  });
});

test("the log's copies of the audit are for the host: whoever may read the ring does not get them", () => {
  const made = ring({}, 1);
  const copy = { level: 30, time: 1, audit: 7, event: "device.approved", by: { kind: "host" } };
  made.write(`${JSON.stringify({ ...copy, msg: "audit" })}\n${line(2, ' ,"audit":7,"event":"x')}`);
  expect(numbers(made.tail(all).lines)).toEqual([1, 2]);
});
