import { beforeEach, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { Bench, refused } from "./bench.ts";

/** What becomes of requests whose message was given up. */

const { notifySettleMs, notifyGapMs, notifyRetryMs, notifyAgainMs } = limitValues();

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

test("notifyAgainMs: they are told again later where no company comes, with all tries anew", async () => {
  bench.failures.push(refused(), refused(), refused(), refused({ retry: false }), refused());
  bench.ask("A1");
  await bench.pass(notifySettleMs);
  await bench.pass(notifyRetryMs);
  await bench.pass(2 * notifyRetryMs);
  expect(bench.notifier.counts).toMatchObject({ sent: 0, failed: 1 });
  await bench.pass(notifyAgainMs);
  expect(bench.notifier.counts).toMatchObject({ sent: 0, failed: 2 });
  await bench.pass(notifyAgainMs);
  await bench.pass(notifyRetryMs);
  expect(bench.messages).toEqual(new Array(6).fill("A1 +0"));
  expect(bench.notifier.counts).toMatchObject({ sent: 1, failed: 2 });
  expect([bench.world.pendingTimers, bench.log]).toEqual([
    0,
    [
      "warn the webhook did not get a message: nobody answers",
      "info the webhook gets messages again",
    ],
  ]);
});

test("what was decided on is not told again", async () => {
  bench.failures.push(refused({ retry: false }));
  bench.ask("A1");
  await bench.pass(notifySettleMs);
  bench.notifier.gone("A1", false);
  expect(bench.world.pendingTimers).toBe(0);
});

test("they are told at once where a test shows that the webhook takes messages again", async () => {
  bench.failures.push(refused({ retry: false }));
  bench.ask("A1");
  await bench.pass(notifySettleMs);
  await bench.notifier.test();
  await bench.pass(notifyGapMs);
  expect(bench.messages).toEqual(["A1 +0", "test", "A1 +0"]);
});

test("what ended while a message that failed was under way counts as untold", async () => {
  bench.failures.push(refused(), undefined);
  bench.holdDeliveries();
  for (const code of ["A1", "A2"]) bench.ask(code);
  await bench.pass(notifySettleMs);
  bench.notifier.gone("A1", true);
  bench.hold?.();
  await bench.pass(0);
  await bench.pass(notifyRetryMs);
  expect(bench.messages).toEqual(["A1 A2 +0", "A2 +0"]);
  expect(bench.notifier.counts).toMatchObject({ sent: 1, dropped: 1 });
});
