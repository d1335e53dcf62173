import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { describe, expect, test } from "vitest";
import type { Limit } from "../../src/limits/limit.ts";
import { allLimits, limitTable, limitValues } from "../../src/limits/table.ts";
import { byMemory, fitting } from "../../src/limits/usable-memory.ts";
import { worstCaseBytes } from "../../src/limits/worst-case.ts";

const rows: [string, Limit][] = Object.entries(allLimits);
const tests = new URL("../", import.meta.url);

describe("every limit", () => {
  test.each(rows)("%s is pushed past by the test that it names", (name, limit) => {
    const file = new URL(limit.test, tests);
    expect(existsSync(file), `test/${limit.test} exists`).toBe(true);
    const titles = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.includes(name));
    expect(titles.length, `test/${limit.test} mentions ${name}`).toBeGreaterThan(0);
  });

  test.each(rows)("%s says what it bounds and what happens past it", (_name, limit) => {
    expect(Number.isSafeInteger(limit.value) && limit.value > 0).toBe(true);
    expect(limit.bounds).not.toBe("");
    expect(limit.past).not.toBe("");
  });
});

test("what is refused by name is counted under a name", () => {
  for (const [name, limit] of rows) {
    if (/close[sd]? 1|HTTP 503/.test(limit.past)) expect(limit.metric, name).not.toBe("-");
  }
});

test("the transport's own limits act after the gateway's, which close by name", () => {
  const values = limitValues();
  expect(values.transportPayloadBytes).toBeGreaterThan(values.maxPayloadBytes);
  expect(values.maxPayloadBytes).toBeGreaterThan(values.preAuthFrameBytes);
});

test("frames of who is not authenticated yet fit into three eighths of memory, or 512 MiB", () => {
  const { unauthenticatedSockets, waitingSockets, maxPayloadBytes } = limitValues();
  const worst = (unauthenticatedSockets + waitingSockets) * maxPayloadBytes;
  expect(worst).toBeLessThanOrEqual(Math.max((totalmem() * 3) / 8, 512 * 1024 * 1024));
});

test.each([0.5, 1, 2, 4, 8, 16])("what others take at worst fits into %d GiB of memory", (gib) => {
  const memory = gib * 1024 ** 3;
  const names = Object.keys(byMemory) as (keyof typeof byMemory)[];
  const fit = Object.fromEntries(names.map((name) => [name, fitting(byMemory[name], memory)]));
  const limits = limitValues({ argon2AtOnce: gib < 1 ? 1 : 2, ...fit });
  const itself = 70 * 1024 ** 2;
  expect(worstCaseBytes(limits) + itself).toBeLessThan(memory);
});

test("overrides replace numbers and nothing else", () => {
  const values = limitValues({ tickMs: 5 });
  expect(values.tickMs).toBe(5);
  expect(values.handshakeMs).toBe(limitTable.handshakeMs.value);
});
