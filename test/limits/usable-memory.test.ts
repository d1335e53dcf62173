import { expect, test } from "vitest";
import { fitting, usableMemory } from "../../src/limits/usable-memory.ts";

const GiB = 1024 ** 3;

test.each([
  ["without a limit, as older ones say it", 4 * GiB, 0, 4 * GiB],
  ["without a limit, as newer ones say it", 4 * GiB, 2 ** 64, 4 * GiB],
  ["in a control group", 4 * GiB, GiB, GiB],
  ["in one that allows more than there is", GiB, 4 * GiB, GiB],
])("the memory that may be used %s", (_, machine, constrained, usable) => {
  expect(usableMemory(machine, constrained)).toBe(usable);
});

test("what fits into a part of it stays within its bounds", () => {
  const bytes = 1024 ** 2;
  expect(fitting({ part: 1, bytes: 1, least: 1, most: 5 })).toBe(5);
  expect(fitting({ part: 1, bytes: 2 ** 60, least: 3, most: 5 })).toBe(3);
  const some = fitting({ part: 1 / 8, bytes, least: 0, most: Number.MAX_SAFE_INTEGER });
  expect(some).toBe(Math.floor((usableMemory() - 192 * 1024 ** 2) / 8 / bytes));
});
