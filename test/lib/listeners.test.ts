import { expect, test } from "vitest";
import { Listeners } from "../../src/lib/listeners.ts";

interface Shop {
  came?(item: string, count: number): void;
  gone?(item: string): void;
}

test("all that have the method are told, in order, until they stop", () => {
  const told: string[] = [];
  const listeners = new Listeners<Shop>();
  const stop = listeners.add({ came: (item, count) => told.push(`a ${item} ${count}`) });
  listeners.add({ gone: (item) => told.push(`b ${item}`) });
  listeners.add({ came: (item) => told.push(`c ${item}`), gone: (item) => told.push(`c-${item}`) });
  listeners.tell("came", "tea", 3);
  stop();
  listeners.tell("came", "milk", 1);
  listeners.tell("gone", "tea");
  expect(told).toEqual(["a tea 3", "c tea", "c milk", "b tea", "c-tea"]);
  listeners.clear();
  listeners.tell("gone", "milk");
  expect(told).toHaveLength(5);
});

test("one that fails keeps no other from being told, and its failure is not lost", () => {
  const told: string[] = [];
  const listeners = new Listeners<Shop>();
  listeners.add({
    gone: () => {
      throw new Error("first");
    },
  });
  listeners.add({ gone: (item) => told.push(item) });
  listeners.add({
    gone: () => {
      throw new Error("second");
    },
  });
  expect(() => listeners.tell("gone", "tea")).toThrow("first");
  expect(told).toEqual(["tea"]);
});

test("one that stops or joins while others are told changes nothing of that round", () => {
  const told: string[] = [];
  const listeners = new Listeners<Shop>();
  const late = { gone: (item: string) => void told.push(`late ${item}`) };
  const stop = listeners.add({
    gone: (item) => {
      told.push(`once ${item}`);
      stop();
      listeners.add(late);
    },
  });
  listeners.tell("gone", "tea");
  listeners.tell("gone", "milk");
  expect(told).toEqual(["once tea", "late milk"]);
});
