import { expect, test } from "vitest";
import { stateLimitTable } from "../../src/limits/state.ts";
import { openDocument } from "../../src/store/document.ts";
import type { StoreLimits } from "../../src/store/limits.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { tallyShape } from "./support/shapes.ts";

async function open(limits: Partial<StoreLimits> = {}, fs = new MemoryFiles()) {
  const world = new HandWorld();
  const document = await openDocument(tallyShape, { folder: "/state", world, fs, limits });
  return { fs, world, document };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const long = (add: number) => ({ add, padding: "x".repeat(200) });

test("groupBytes: commits beyond it are written as the next group", async () => {
  const groupsOf = async (limits: Partial<StoreLimits>) => {
    const { document } = await open(limits);
    await Promise.all([1, 2, 3, 4, 5].map((add) => document.commit([long(add)])));
    expect(document.durable.ids).toEqual([1, 2, 3, 4, 5]);
    return document.stats.groups;
  };
  const { value } = stateLimitTable.groupBytes;
  expect(await groupsOf({ groupBytes: 300 })).toBeGreaterThan(
    await groupsOf({ groupBytes: value }),
  );
});

test("waitingBytes: one commit more is refused as busy, and room comes back", async () => {
  const { document } = await open({ waitingBytes: 1000 });
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4, 5, 6, 7, 8].map((add) => document.commit([long(add)])),
  );
  const refused = outcomes.flatMap((o) => (o.status === "rejected" ? [o.reason.code] : []));
  expect(new Set(refused)).toEqual(new Set(["STORE_BUSY"]));
  expect(document.durable.ids).toHaveLength(outcomes.length - refused.length);
  expect(await document.commit([long(9)])).toEqual({ durable: true });
});

test("laterMs: unacknowledged changes are written alone after it", async () => {
  const { document, world } = await open();
  const { value } = stateLimitTable.laterMs;
  document.later([{ add: 1 }]);
  world.advance(value - 1);
  await settle();
  expect(document.stats.groups).toBe(0);
  world.advance(1);
  await settle();
  expect(document.stats.groups).toBe(1);
});

test("journalBytes: past it the snapshot is written anew and the journal starts over", async () => {
  const { document, fs } = await open({ journalBytes: 2000 });
  let most = 0;
  for (let add = 1; add <= 40; add += 1) {
    await document.commit([long(add)]);
    most = Math.max(most, document.stats.journalBytes);
    await settle();
  }
  const { document: again } = await open(
    {},
    fs.afterPowerCut(() => 0),
  );
  expect(again.durable.ids).toHaveLength(40);
  // All of it as journal would be five times that.
  expect(40 * 200).toBeGreaterThan(document.stats.journalBytes);
  expect(most).toBeGreaterThan(2000);
});
