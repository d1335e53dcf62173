import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { chooseShown, WaitingList } from "../../src/notify/waiting-list.ts";
import { waiting } from "./support.ts";

const { notifyWaiting, notifyNumbered, notifyShown } = limitValues();

/** `a1 a2 b1`: the letter is the source. */
const list = (words: string) => words.split(" ").map((word) => waiting(word, word[0] ?? ""));
const names = (requests: readonly { requestId: string }[]) =>
  requests.map(({ requestId }) => requestId).join(" ");

describe("which requests a message shows", () => {
  test.each([
    ["all that fit", "a1 a2 b1", 5, "a1 a2 b1"],
    ["the newest of each source first", "a1 a2 a3 b1 c1", 3, "a3 b1 c1"],
    ["then the second newest of each", "a1 a2 a3 b1 b2", 4, "a2 a3 b1 b2"],
    ["the newest sources, where they are too many", "a1 b1 c1 d1", 2, "c1 d1"],
    ["in the order in which they came", "b1 a1 b2", 2, "a1 b2"],
    ["none of none", "", 5, ""],
  ])("%s", (_what, all, shown, expected) => {
    const requests = all === "" ? [] : list(all);
    expect(names(chooseShown(requests, shown))).toBe(expected);
  });

  test("of one network as of one source: its addresses share a round", () => {
    const crowd = Array.from({ length: 60 }, (_, at) => waiting(`crowd${at}`, `198.51.100.${at}`));
    const all = [waiting("mine", "203.0.113.7"), ...crowd, waiting("v6", "2001:db8:1:2::/64")];
    expect(names(chooseShown(all, 3))).toBe("mine crowd59 v6");
  });

  test("those whose devices hung up last, whenever they came", () => {
    const gone = Array.from({ length: 9 }, (_, at) => ({
      ...waiting(`gone${at}`, `10.0.${at}.1`),
      isThere: () => false,
    }));
    const all = [waiting("mine", "203.0.113.7"), ...gone];
    expect(names(chooseShown(all, 1))).toBe("mine");
    expect(names(chooseShown(all, 3))).toBe("mine gone7 gone8");
  });

  test("notifyShown: a crowd at one address hides nobody at another", () => {
    const crowd = Array.from({ length: 60 }, (_, at) => waiting(`crowd${at}`, "198.51.100.1"));
    const all = [...crowd.slice(0, 20), waiting("mine", "203.0.113.7"), ...crowd.slice(20)];
    const shown = chooseShown(all, notifyShown);
    expect(shown).toHaveLength(notifyShown);
    expect(names(shown)).toContain("mine");
  });
});

describe("the list", () => {
  test("gives all it has, part of it as a number, and is empty then", () => {
    const waits = new WaitingList(10, 10);
    for (const one of list("a1 a2 a3")) waits.add(one);
    const batch = waits.take(2);
    expect([names(batch?.shown ?? []), batch?.more]).toEqual(["a2 a3", 1]);
    expect([waits.empty, waits.take(2)]).toEqual([true, undefined]);
  });

  test("notifyWaiting: past it the oldest of the largest source is left as a number", () => {
    const waits = new WaitingList(notifyWaiting, notifyNumbered);
    waits.add(waiting("mine", "203.0.113.7"));
    for (let at = 0; at < notifyWaiting + 20; at += 1) waits.add(waiting(`c${at}`, "198.51.100.1"));
    expect(waits.length).toBe(notifyWaiting);
    const batch = waits.take(notifyWaiting);
    expect(batch?.more).toBe(21);
    expect(batch?.shown[0]?.requestId).toBe("mine");
    expect(batch?.shown[1]?.requestId).toBe("c21");
    expect(waits.take(1)).toBeUndefined();
  });

  test("past it who hung up is left as a number, and of as wide crowds the one that came last", () => {
    const waits = new WaitingList(3, 10);
    const apart = ["10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1", "10.0.4.1"];
    for (const [at, source] of apart.entries()) {
      waits.add({ ...waiting(`d${at}`, source), isThere: () => at !== 1 });
    }
    expect(names(waits.take(3)?.shown ?? [])).toBe("d0 d2 d3");
  });

  test("forgets what was decided on, also while it is on its way", () => {
    const waits = new WaitingList(10, 10);
    for (const one of list("a1 a2 a3")) waits.add(one);
    expect([waits.remove("a1"), waits.remove("a1")]).toEqual([true, false]);
    waits.take(5);
    expect(waits.remove("a2")).toBe(false);
    waits.add(waiting("a4"));
    waits.giveBack();
    expect(names(waits.take(5)?.shown ?? [])).toBe("a3 a4");
  });

  test("counts nobody who is gone, waiting or on the way", () => {
    const waits = new WaitingList(2, 10);
    for (const one of list("a1 a2 a3 a4 a5")) waits.add(one);
    // Told as a number alone, and still to be told.
    expect([waits.remove("a1"), waits.remove("a1"), waits.remove("a5")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(waits.take(2)?.more).toBe(2);
    expect(waits.remove("a2")).toBe(false);
    waits.giveBack();
    const batch = waits.take(2);
    expect([names(batch?.shown ?? []), batch?.more]).toEqual(["a4", 1]);
  });

  test("notifyNumbered: past it the oldest number is not counted any more", () => {
    const waits = new WaitingList(1, 3);
    for (let at = 0; at < 9; at += 1) waits.add(waiting(`a${at}`));
    expect(waits.remove("a4")).toBe(false);
    expect(waits.take(1)?.more).toBe(3);
  });

  test("tells what was not delivered with what came since, numbers too", () => {
    const waits = new WaitingList(2, 10);
    for (const one of list("a1 a2 a3")) waits.add(one);
    expect(waits.take(2)?.more).toBe(1);
    waits.giveBack();
    waits.add(waiting("b1", "b"));
    const batch = waits.take(2);
    expect([names(batch?.shown ?? []), batch?.more]).toEqual(["a3 b1", 2]);
    waits.delivered();
    waits.giveBack();
    expect(waits.empty).toBe(true);
  });
});
