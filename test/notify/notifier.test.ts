import { beforeEach, describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { Bench, refused } from "./bench.ts";

const limits = limitValues();
const { notifySettleMs, notifyGapMs, notifyRetryMs, notifyRetries } = limits;
const { notifyRetryMaxMs, notifyAgainMs } = limits;
const MINUTE = 60_000;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe("a request", () => {
  test("notifySettleMs: is told shortly after it came, and one that was replaced is not", async () => {
    bench.ask("A1");
    await bench.pass(notifySettleMs - 1);
    expect(bench.messages).toEqual([]);
    bench.notifier.gone("A1", false);
    bench.ask("A2");
    await bench.pass(1);
    expect(bench.messages).toEqual(["A2 +0"]);
    expect(bench.notifier.report()).toMatchObject({
      configured: true,
      waiting: 0,
      counts: { sent: 1, failed: 0, merged: 0, dropped: 0 },
      last: { ok: true, status: 200, to: "https://ntfy.example.com" },
    });
  });

  test("that was decided on, or ended, before it was told is left out", async () => {
    for (const code of ["A1", "A2", "A3"]) bench.ask(code);
    bench.notifier.gone("A1", false);
    bench.notifier.gone("A3", true);
    await bench.pass(notifySettleMs);
    expect(bench.messages).toEqual(["A2 +0"]);
    expect(bench.notifier.counts.dropped).toBe(1);
    bench.ask("B1");
    bench.notifier.gone("B1", true);
    await bench.pass(MINUTE);
    expect(bench.messages).toEqual(["A2 +0"]);
  });

  test("costs nothing where no webhook is set, and nothing while nobody asks", async () => {
    expect(bench.world.pendingTimers).toBe(0);
    bench.settings = { format: "json", egress: [] };
    bench.ask("A1");
    expect(bench.world.pendingTimers).toBe(0);
    expect(bench.notifier.report()).toMatchObject({ configured: false, waiting: 0 });
    bench.settings = { url: "https://ntfy.example.com/x", format: "json", egress: [] };
    bench.ask("A2");
    await bench.pass(notifySettleMs);
    expect(bench.messages).toEqual(["A2 +0"]);
    expect(bench.world.pendingTimers).toBe(0);
  });
});

describe("a flood", () => {
  test("becomes one message each ten seconds, with the rest as a number", async () => {
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    for (let at = 0; at < 60; at += 1) bench.ask(`C${at}`, "198.51.100.1");
    await bench.pass(notifyGapMs - 1);
    expect(bench.messages).toEqual(["A1 +0"]);
    await bench.pass(1);
    expect(bench.messages).toEqual(["A1 +0", "C55 C56 C57 C58 C59 +55"]);
    expect(bench.notifier.counts.merged).toBe(55);
    expect(bench.counted).toEqual(new Array(55).fill("notify-merged"));
  });

  test("of an hour brings at most thirty messages, and hides a later request for minutes only", async () => {
    const told = (code: string) => bench.messages.some((message) => message.includes(code));
    for (let second = 0; second < 3600; second += 1) {
      bench.ask(`C${second}`, "198.51.100.1");
      if (second === 1800) bench.ask("MINE", "203.0.113.9");
      await bench.pass(1000);
      if (second === 1800 + (limits.notifyRefillMs + notifySettleMs) / 1000) {
        expect(told("MINE")).toBe(true);
      }
    }
    expect(bench.messages.length).toBeLessThanOrEqual(30);
    expect(bench.notifier.report().waiting).toBeLessThanOrEqual(limits.notifyWaiting);
  });

  test("meets one request under way at a time, and what comes meanwhile goes out after it", async () => {
    bench.holdDeliveries();
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    for (const code of ["A2", "A3"]) bench.ask(code);
    await bench.pass(10 * MINUTE);
    expect([bench.underWay, bench.messages]).toEqual([1, ["A1 +0"]]);
    bench.hold?.();
    await bench.pass(0);
    await bench.pass(notifySettleMs);
    expect(bench.messages).toEqual(["A1 +0", "A2 A3 +0"]);
    expect(bench.mostUnderWay).toBe(1);
  });
});

describe("a message that fails", () => {
  test("notifyRetries, notifyRetryMs: is tried again, more slowly each time, then waits for company", async () => {
    bench.failures.push(refused(), refused(), refused());
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    await bench.pass(notifyRetryMs - 1);
    expect(bench.messages).toHaveLength(1);
    await bench.pass(1);
    expect(bench.messages).toHaveLength(2);
    await bench.pass(2 * notifyRetryMs - 1);
    expect(bench.messages).toHaveLength(2);
    await bench.pass(1);
    expect(bench.messages).toHaveLength(1 + notifyRetries);
    expect(bench.notifier.counts).toMatchObject({ sent: 0, failed: 1 });
    expect(bench.counted).toEqual(["notify-failed"]);
    await bench.pass(notifyAgainMs - 1);
    expect(bench.messages).toHaveLength(1 + notifyRetries);
    expect(bench.notifier.report()).toMatchObject({
      waiting: 1,
      last: { ok: false, code: "NOTIFY_CONNECT", error: "nobody answers", next: "curl x" },
    });
    bench.ask("A2");
    await bench.pass(notifySettleMs);
    expect(bench.messages.at(-1)).toBe("A1 A2 +0");
    expect(bench.notifier.counts).toMatchObject({ sent: 1, failed: 1 });
  });

  test("is logged once when it is given up, and once when messages arrive again", async () => {
    bench.failures.push(refused(), refused(), refused());
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    await bench.pass(notifyRetryMs);
    expect(bench.log).toEqual([]);
    await bench.pass(2 * notifyRetryMs);
    bench.ask("A2");
    await bench.pass(notifySettleMs);
    bench.ask("A3");
    await bench.pass(notifyGapMs);
    expect(bench.log).toEqual([
      "warn the webhook did not get a message: nobody answers",
      "info the webhook gets messages again",
    ]);
  });

  test("says at a further try what waits then", async () => {
    bench.failures.push(refused());
    for (const code of ["A1", "A2"]) bench.ask(code);
    await bench.pass(notifySettleMs);
    bench.notifier.gone("A1", false);
    bench.ask("B1", "b");
    await bench.pass(notifyRetryMs);
    expect(bench.messages).toEqual(["A1 A2 +0", "A2 B1 +0"]);
    expect(bench.notifier.counts).toMatchObject({ sent: 1, failed: 0 });
  });

  test("is not tried again when nothing is left to say", async () => {
    bench.failures.push(refused());
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    bench.notifier.gone("A1", false);
    await bench.pass(60 * MINUTE);
    expect(bench.messages).toHaveLength(1);
    bench.failures.push(refused());
    bench.ask("A2");
    await bench.pass(notifySettleMs);
    // All tries are there again for the next message.
    await bench.pass(notifyRetryMs);
    expect(bench.messages).toEqual(["A1 +0", "A2 +0", "A2 +0"]);
  });

  test("for a reason that stays is not tried again before its time", async () => {
    bench.failures.push(refused({ retry: false }));
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    await bench.pass(notifyAgainMs - 1);
    expect(bench.messages).toHaveLength(1);
    expect(bench.notifier.counts.failed).toBe(1);
  });

  test("for good is told again with what came while it was under way", async () => {
    bench.failures.push(refused({ retry: false }));
    bench.holdDeliveries();
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    bench.ask("A2");
    bench.hold?.();
    await bench.pass(0);
    await bench.pass(notifyGapMs);
    expect(bench.messages).toEqual(["A1 +0", "A1 A2 +0"]);
  });

  test("notifyRetryMaxMs: waits as long as the server asks, and no longer than that", async () => {
    bench.failures.push(refused({ retryAfterMs: MINUTE }), refused({ retryAfterMs: 86_400_000 }));
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    await bench.pass(MINUTE - 1);
    expect(bench.messages).toHaveLength(1);
    await bench.pass(1);
    expect(bench.messages).toHaveLength(2);
    await bench.pass(notifyRetryMaxMs - 1);
    expect(bench.messages).toHaveLength(2);
    await bench.pass(1);
    expect(bench.messages).toHaveLength(3);
  });

  test("does not let a flood ask a dead receiver more often", async () => {
    for (let at = 0; at < 1000; at += 1) bench.failures.push(refused());
    for (let second = 0; second < 3600; second += 1) {
      bench.ask(`C${second}`);
      await bench.pass(1000);
    }
    expect(bench.messages.length).toBeLessThanOrEqual(30 * (1 + notifyRetries));
    expect(bench.mostUnderWay).toBe(1);
    expect(bench.log.length).toBeLessThanOrEqual(30);
  });

  test("by a fault of our own ends nothing else", async () => {
    bench.broken = true;
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    expect(bench.log).toEqual(["warn a message for the webhook could not be put together"]);
    bench.broken = false;
    bench.ask("A2");
    await bench.pass(notifyGapMs);
    expect(bench.messages).toEqual(["A2 +0"]);
  });
});

describe("other settings", () => {
  test("bring what could not be delivered to the new webhook", async () => {
    bench.failures.push(refused({ retry: false }));
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    bench.notifier.settingsChanged();
    await bench.pass(notifyGapMs);
    expect(bench.messages).toEqual(["A1 +0", "A1 +0"]);
  });

  test("do not wait as long as the webhook of before asked to be left alone", async () => {
    bench.failures.push(refused({ retryAfterMs: notifyRetryMaxMs }));
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    bench.notifier.settingsChanged();
    await bench.pass(notifyGapMs);
    expect(bench.messages).toEqual(["A1 +0", "A1 +0"]);
    expect([bench.world.pendingTimers, bench.notifier.counts.sent]).toEqual([0, 1]);
  });

  test("nor where a try at the one of before was still under way", async () => {
    bench.failures.push(refused({ retryAfterMs: notifyRetryMaxMs }));
    bench.ask("A1");
    bench.holdDeliveries();
    await bench.pass(notifySettleMs);
    bench.notifier.settingsChanged();
    bench.hold?.();
    await bench.pass(1);
    await bench.pass(notifyGapMs);
    expect(bench.messages).toEqual(["A1 +0", "A1 +0"]);
    expect(bench.mostUnderWay).toBe(1);
    expect(bench.notifier.counts).toMatchObject({ sent: 1, failed: 0 });
  });

  test("without a webhook forget it", async () => {
    bench.ask("A1");
    bench.settings = { format: "json", egress: [] };
    bench.notifier.settingsChanged();
    expect(bench.world.pendingTimers).toBe(0);
    bench.settings = { url: "https://ntfy.example.com/x", format: "json", egress: [] };
    bench.notifier.settingsChanged();
    await bench.pass(MINUTE);
    expect(bench.messages).toEqual([]);
  });
});

describe("a test", () => {
  test("goes out at once, beside the pace, one at a time", async () => {
    for (let at = 0; at < limits.notifyBurst + 3; at += 1) {
      expect(await bench.notifier.test()).toMatchObject({ status: 200 });
    }
    bench.holdDeliveries();
    const first = bench.notifier.test();
    expect(await bench.notifier.test()).toBeUndefined();
    bench.hold?.();
    expect(await first).toMatchObject({ status: 200 });
    expect(new Set(bench.messages)).toEqual(new Set(["test"]));
    bench.ask("A1");
    await bench.pass(notifySettleMs);
    expect(bench.messages.at(-1)).toBe("A1 +0");
    expect(bench.notifier.counts.sent).toBe(1);
  });

  test("that fails is what status tells, and says why", async () => {
    bench.failures.push(refused());
    expect(await bench.notifier.test()).toMatchObject({ failure: { code: "NOTIFY_CONNECT" } });
    expect(bench.notifier.report().last).toMatchObject({ ok: false, error: "nobody answers" });
  });
});

test("a stop abandons what is under way and forgets what waits", async () => {
  bench.holdDeliveries();
  bench.ask("A1");
  await bench.pass(notifySettleMs);
  bench.ask("A2");
  bench.notifier.close();
  expect([bench.aborted, bench.world.pendingTimers]).toEqual([1, 0]);
  bench.hold?.();
  await bench.pass(60 * MINUTE);
  bench.ask("A3");
  expect(await bench.notifier.test()).toBeUndefined();
  await bench.pass(60 * MINUTE);
  expect([bench.messages, bench.log]).toEqual([["A1 +0"], []]);
});
