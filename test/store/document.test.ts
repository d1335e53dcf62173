import { describe, expect, test } from "vitest";
import { openDocument } from "../../src/store/document.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { tallyShape } from "./support/shapes.ts";

const folder = "/state";

async function open(fs = new MemoryFiles(), limits = {}) {
  const world = new HandWorld();
  const document = await openDocument(tallyShape, { folder, world, fs, limits });
  return { fs, world, document };
}

/** Lets everything that needs no clock happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("commit", () => {
  test("shows in working at once, in durable when it resolves", async () => {
    const { document } = await open();
    const done = document.commit([{ add: 1 }, { add: 2 }]);
    expect(document.working.ids).toEqual([1, 2]);
    expect(document.durable.ids).toEqual([]);
    expect(await done).toEqual({ durable: true });
    expect(document.durable.ids).toEqual([1, 2]);
    expect(document.seq).toBe(1);
  });

  test("commits that arrive during a write share the next one", async () => {
    const { document } = await open();
    const order: number[] = [];
    const all = Array.from({ length: 50 }, (_, id) =>
      document.commit([{ add: id }]).then(() => order.push(id)),
    );
    await Promise.resolve();
    await Promise.resolve();
    all.push(document.commit([{ add: 50 }]).then(() => order.push(50)));
    await Promise.all(all);
    expect(document.stats.groups).toBe(2);
    expect(document.stats.commits).toBe(51);
    expect(order).toEqual(Array.from({ length: 51 }, (_, id) => id));
  });

  test("what follows from many commits takes many turns, in order", async () => {
    const { world, document } = await open();
    let turn = 0;
    let over = false;
    const count = () => {
      turn += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    const seen: { id: number; turn: number }[] = [];
    const all = Array.from({ length: 20 }, async (_, id) => {
      await document.commit([{ add: id }]);
      await Promise.resolve();
      // An event for a crowd: it costs this long.
      world.advance(5);
      expect(document.durable.ids).toHaveLength(20);
      seen.push({ id, turn });
    });
    await Promise.all(all);
    over = true;
    expect(document.stats.groups).toBe(1);
    expect(seen.map(({ id }) => id)).toEqual(all.map((_, id) => id));
    expect(new Set(seen.map((one) => one.turn)).size).toBe(20);
    expect(document.stats.waiting).toBe(0);
  });

  test("survives a reopen, before and after an orderly close", async () => {
    const { fs, document } = await open();
    await document.commit([{ add: 1 }]);
    const { document: second, fs: later } = await open(fs.afterPowerCut(() => 0));
    expect(second.durable.ids).toEqual([1]);
    await second.commit([{ add: 2 }]);
    await second.close();
    const { document: third } = await open(later.afterPowerCut(() => 0));
    expect(third.durable.ids).toEqual([1, 2]);
    expect(third.seq).toBe(2);
  });

  test("a change that cannot be applied leaves no trace, not even half of it", async () => {
    const { document } = await open();
    const first = document.commit([{ add: 1 }]);
    await expect(document.commit([{ add: 2 }, { add: 3, bad: true }])).rejects.toThrow(
      "bad change",
    );
    expect(document.working.ids).toEqual([1]);
    await first;
    expect(document.durable.ids).toEqual([1]);
  });

  test("is refused when it is too large, when too many wait, and after close", async () => {
    const { document } = await open(undefined, { commitBytes: 100, waitingCommits: 2 });
    const long = { add: 1, padding: "x".repeat(100) };
    await expect(document.commit([long])).rejects.toMatchObject({ code: "STORE_TOO_LARGE" });
    const accepted = [document.commit([{ add: 1 }]), document.commit([{ add: 2 }])];
    await expect(document.commit([{ add: 3 }])).rejects.toMatchObject({ code: "STORE_BUSY" });
    await Promise.all(accepted);
    await document.close();
    await expect(document.commit([{ add: 4 }])).rejects.toMatchObject({ code: "STORE_CLOSED" });
    expect(document.durable.ids).toEqual([1, 2]);
  });

  test("no changes at all need no disk", async () => {
    const { document, fs } = await open();
    fs.plan = () => ({ error: "EIO" });
    expect(await document.commit([])).toEqual({ durable: true });
  });
});

describe("later", () => {
  test("shows at once, is written after a while, and leaves no timer behind", async () => {
    const { fs, world, document } = await open();
    const before = fs.content("/state/tally.journal").length;
    document.later([{ add: 1 }]);
    document.later([{ add: 2 }]);
    expect(document.durable.ids).toEqual([1, 2]);
    expect(document.working.ids).toEqual([1, 2]);
    expect(fs.content("/state/tally.journal").length).toBe(before);
    world.advance(3_000);
    await settle();
    expect(document.stats).toMatchObject({ groups: 1, commits: 2, kept: 0 });
    expect(world.pendingTimers).toBe(0);
  });

  test("goes with the next group, in order", async () => {
    const { fs, document } = await open();
    document.later([{ add: 1 }]);
    const done = document.commit([{ add: 2 }]);
    document.later([{ add: 3 }]);
    expect(document.durable.ids).toEqual([1]);
    expect(document.working.ids).toEqual([1, 2, 3]);
    await done;
    expect(document.durable.ids).toEqual([1, 2, 3]);
    expect(document.stats.groups).toBe(1);
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual([1, 2, 3]);
  });

  test("what comes during a write waits its time too, and keeps no disk busy", async () => {
    const { fs, document, world } = await open();
    let next = 1;
    fs.plan = ({ path }) => {
      if (path === "/state/tally.journal" && next <= 50) document.later([{ add: next++ }]);
      return undefined;
    };
    document.later([{ add: 0 }]);
    world.advance(3_000);
    await settle();
    // It was written once, and what came meanwhile waits.
    expect(document.stats).toMatchObject({ groups: 1, commits: 1 });
    while (next <= 50) {
      world.advance(3_000);
      await settle();
    }
    const all = Array.from({ length: 51 }, (_, id) => id);
    expect(document.durable.ids).toEqual(all);
    world.advance(3_000);
    await settle();
    expect(document.stats).toMatchObject({ commits: 51, kept: 0, waiting: 0 });
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual(all);
  });

  test("is flushed by close and bounded in number", async () => {
    const { fs, document, world } = await open(undefined, { laterEntries: 2 });
    for (const add of [1, 2, 3]) document.later([{ add }]);
    expect(document.stats).toMatchObject({ kept: 2, dropped: 1 });
    expect(document.durable.ids).toEqual([1, 2, 3]);
    await document.close();
    document.later([{ add: 4 }]);
    expect(world.pendingTimers).toBe(0);
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual([1, 2]);
  });
});
