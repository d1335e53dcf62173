import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeTabs } from "../../src/dashboard/tabs.ts";

/** Delivers at once to all others of its name, and to none that froze. */
class FakeChannel {
  static all: FakeChannel[] = [];
  onmessage: ((event: { data: unknown }) => void) | undefined;
  isFrozen = false;

  constructor(readonly name: string) {
    FakeChannel.all.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of FakeChannel.all) {
      if (other !== this && other.name === this.name && !other.isFrozen)
        other.onmessage?.({ data });
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", FakeChannel);
});
afterEach(() => {
  FakeChannel.all = [];
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A tab, and how often it was told that no other is there. */
function tab(gateway = "ws://gw.example/") {
  const left = vi.fn();
  const tabs = makeTabs(gateway, left);
  const channel = FakeChannel.all.at(-1);
  const sleep = () => {
    if (channel) channel.isFrozen = true;
  };
  return { left, ...tabs, sleep };
}

const MINUTE = 60_000;

test("while the other tab is there, one that stands by stays there", () => {
  const [older] = [tab(), tab()];
  older.standBy(true);
  vi.advanceTimersByTime(MINUTE);
  expect(older.left).not.toHaveBeenCalled();
});

test("once the other one is closed, crashes or sleeps, it hears of that in seconds", () => {
  const [older, newer] = [tab(), tab()];
  older.standBy(true);
  vi.advanceTimersByTime(MINUTE);
  newer.sleep();
  vi.advanceTimersByTime(6_000);
  expect(older.left).toHaveBeenCalled();
});

test("tabs that stand by and tabs of another gateway don't count", () => {
  const [older, old] = [tab(), tab(), tab("ws://gw.example/b/")];
  older.standBy(true);
  old.standBy(true);
  vi.advanceTimersByTime(6_000);
  expect(older.left).toHaveBeenCalled();
});

test("who does not stand by any more answers, and asks no more", () => {
  const [older, newer] = [tab(), tab()];
  older.standBy(true);
  older.standBy(false);
  newer.standBy(true);
  vi.advanceTimersByTime(MINUTE);
  expect(older.left).not.toHaveBeenCalled();
  expect(newer.left).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(1);
});
