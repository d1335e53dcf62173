import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeclaredCommands } from "../../../src/cli/node-host/declared-commands.ts";
import type { HostEvent } from "../../../src/cli/node-host/words.ts";

const told: HostEvent[] = [];
let sent = 0;
let looks = 0;
let answer: () => Promise<unknown> = async () => ({ ok: true });
const declared = new DeclaredCommands({
  tell: (event) => told.push(event),
  refresh: () => looks++,
});

const waits = (requestId?: string) => async () => {
  throw Object.assign(new Error("no"), { details: { code: "PAIRING_CHANGED", requestId } });
};
const start = () =>
  declared.start(() => {
    sent += 1;
    return answer();
  });

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  sent = 0;
  looks = 0;
});
afterEach(() => {
  declared.stop();
  vi.useRealTimers();
});

test("figures go at once and every minute; what is approved is said once", async () => {
  answer = async () => ({ ok: true });
  start();
  await vi.advanceTimersByTimeAsync(185_000);
  expect(sent).toBe(4);
  expect(looks).toBe(4);
  expect(told).toEqual([{ event: "commands-approved" }]);
});

test("what waits is named by its code, and looked at again when it is decided", async () => {
  answer = waits("92GT-T8FN");
  start();
  await vi.advanceTimersByTimeAsync(10);
  expect(told).toEqual([{ event: "commands-waiting", requestId: "92GT-T8FN" }]);
  answer = async () => ({ ok: true });
  declared.resolved("approved");
  await vi.advanceTimersByTimeAsync(10);
  expect(told.at(-1)).toEqual({ event: "commands-approved" });
});

test("that another program with its key serves is said once, and that it serves again", async () => {
  answer = async () => {
    const details = { code: "PAIRING_CHANGED", reason: "standby" };
    throw Object.assign(new Error("no"), { details });
  };
  start();
  await vi.advanceTimersByTimeAsync(125_000);
  expect([sent, told]).toEqual([3, [{ event: "standby" }]]);
  declared.standby(true);
  expect(told).toHaveLength(1);
  answer = async () => ({ ok: true });
  declared.standby(false);
  await vi.advanceTimersByTimeAsync(10);
  expect(told.at(-1)).toEqual({ event: "commands-approved" });
});

test("what is no code is never put before a person", async () => {
  answer = waits("92GT-T8FN; rm -rf /");
  start();
  await vi.advanceTimersByTimeAsync(10);
  expect(told).toEqual([]);
});

test("neither approved nor asked for: asked again soon, and ever more seldom", async () => {
  answer = waits();
  start();
  await vi.advanceTimersByTimeAsync(55_000);
  expect(sent).toBeGreaterThan(3);
  expect(sent).toBeLessThan(9);
});

test("what was turned down does not ask anew by itself", async () => {
  answer = waits("92GT-T8FN");
  start();
  await vi.advanceTimersByTimeAsync(10);
  declared.resolved("rejected");
  const before = sent;
  await vi.advanceTimersByTimeAsync(300_000);
  expect(sent).toBe(before);
  expect(told.at(-1)).toEqual({ event: "commands-rejected" });
});

test("a connection that is gone is not written to", async () => {
  answer = async () => ({ ok: true });
  start();
  declared.stop();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(sent).toBe(1);
  expect(told).toEqual([]);
});
