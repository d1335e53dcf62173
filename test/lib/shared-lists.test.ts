import { expect, test } from "vitest";
import { SharedLists } from "../../src/lib/shared-lists.ts";

test("equal lists are one, others are not", () => {
  const lists = new SharedLists(10);
  const one = lists.of(["a", "b"]);
  expect(lists.of(["a", "b"])).toBe(one);
  for (const other of [["b", "a"], ["a b"], ['a","b'], ["a"], [], ["a", "b", ""]]) {
    expect(lists.of(other)).toEqual(other);
  }
  expect(lists.of(["a", "b"])).toEqual(["a", "b"]);
});

test("what its holder changes afterwards changes nothing here", () => {
  const lists = new SharedLists(10);
  const mine = ["a"];
  const one = lists.of(mine);
  mine.push("b");
  expect(one).toEqual(["a"]);
  expect(() => (one as string[]).push("b")).toThrow(TypeError);
});

test("no more are kept than it was told", () => {
  const lists = new SharedLists(2);
  const first = lists.of(["1"]);
  lists.of(["2"]);
  expect(lists.of(["1"])).toBe(first);
  lists.of(["3"]);
  expect(lists.of(["1"])).not.toBe(first);
  expect(lists.of(["1"])).toEqual(["1"]);
});
