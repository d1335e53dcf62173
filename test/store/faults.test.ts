import { describe, expect, test, vi } from "vitest";
import { plainText } from "../../src/protocol/text.ts";
import { type Durability, openDocument } from "../../src/store/document.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles, type Step } from "./support/memory-files.ts";
import { tallyShape } from "./support/shapes.ts";

const folder = "/state";
const journal = "/state/tally.journal";

async function open(fs = new MemoryFiles(), limits = {}) {
  const world = new HandWorld();
  const document = await openDocument(tallyShape, { folder, world, fs, limits });
  return { fs, world, document };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Fails every step of that kind until told otherwise. */
function failing(what: string, error: string, path = journal) {
  return (step: Step) => (step.what === what && step.path === path ? { error } : undefined);
}

describe("a failed write", () => {
  test.each([
    ["ENOSPC", "STORE_DISK_FULL", "disk full"],
    ["EROFS", "STORE_READ_ONLY", "read-only"],
    ["EACCES", "STORE_DENIED", "permission denied"],
    ["EIO", "STORE_IO", "input/output error"],
  ])("%s is refused as %s, naming file, cause and way out", async (error, code, cause) => {
    const { fs, document } = await open();
    await document.commit([{ add: 1 }]);
    fs.plan = failing("datasync", error);
    const refusal = await document.commit([{ add: 2 }]).catch((thrown) => thrown);
    expect(refusal).toMatchObject({ name: "StoreError", code });
    expect(refusal.message).toContain(cause);
    expect(refusal.message).toContain(journal);
    expect(plainText(refusal.next)).not.toMatch(/[{}]/);
    expect(document.working.ids).toEqual([1]);
    expect(document.durable.ids).toEqual([1]);
    expect(document.stats.lastError).toMatchObject({ code });
    fs.plan = () => undefined;
    await document.commit([{ add: 3 }]);
    expect(document.stats.lastError).toBeUndefined();
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual([1, 3]);
  });

  test("is over as soon as a block can be written, without anybody asking for anything", async () => {
    const { fs, world, document } = await open(undefined, { reserveBytes: 0 });
    await document.commit([{ add: 1 }]);
    fs.plan = failing("datasync", "ENOSPC");
    await expect(document.commit([{ add: 2 }])).rejects.toMatchObject({ code: "STORE_DISK_FULL" });
    world.advance(10_000);
    await settle();
    expect(document.stats.lastError).toMatchObject({ code: "STORE_DISK_FULL" });
    fs.plan = () => undefined;
    world.advance(60_000);
    await settle();
    expect(document.stats.lastError).toBeUndefined();
    expect(world.pendingTimers).toBe(0);
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual([1]);
  });

  test("leaves no partial line: the journal is cut back before anything follows", async () => {
    const { fs, document } = await open();
    await document.commit([{ add: 1 }]);
    const good = fs.content(journal).length;
    let wrote = false;
    fs.plan = (step) => {
      if (step.what !== "write" || step.path !== journal) return undefined;
      const fault = wrote ? { error: "ENOSPC" } : { short: 7 };
      wrote = true;
      return fault;
    };
    await expect(document.commit([{ add: 2 }])).rejects.toMatchObject({ uncertain: false });
    expect(fs.content(journal).length).toBe(good);
    fs.plan = () => undefined;
    await document.commit([{ add: 3 }]);
    const { document: again } = await open(fs.afterKill());
    expect(again.durable.ids).toEqual([1, 3]);
  });

  test("says so when it could not be taken back, and takes it back before the next", async () => {
    const { fs, document } = await open();
    fs.plan = (step) =>
      step.path === journal && ["datasync", "truncate"].includes(step.what)
        ? { error: "EIO" }
        : undefined;
    const refusal = await document.commit([{ add: 1 }]).catch((thrown) => thrown);
    expect(refusal).toMatchObject({ code: "STORE_IO", uncertain: true });
    expect(refusal.message).toContain("restart may still find");
    expect((await open(fs.afterKill())).document.durable.ids).toEqual([1]);
    fs.plan = () => undefined;
    await document.commit([{ add: 2 }]);
    expect((await open(fs.afterKill())).document.durable.ids).toEqual([2]);
  });

  test("short writes are completed", async () => {
    const { fs, document } = await open();
    fs.plan = (step) => (step.what === "write" ? { short: 5 } : undefined);
    await document.commit([{ add: 1 }]);
    expect((await open(fs.afterPowerCut(() => 0))).document.durable.ids).toEqual([1]);
  });

  test("takes with it what was decided on top, and nothing else", async () => {
    const { fs, document } = await open();
    fs.plan = failing("datasync", "EIO");
    const first = document.commit([{ add: 1 }]);
    await Promise.resolve();
    const second = document.commit([{ add: 2 }]);
    const urgent = document.commit([{ add: 3 }], { urgent: true });
    document.later([{ add: 4 }]);
    const outcomes = await Promise.allSettled([first, second, urgent]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(document.working.ids).toEqual([3, 4]);
    await settle();
    expect(document.durable.ids).toEqual([3, 4]);
  });
});

describe("an urgent commit", () => {
  test("acts at once, says that it is not durable, and is tried again with the next", async () => {
    const { fs, document } = await open(undefined, { reserveBytes: 0 });
    fs.plan = failing("write", "EIO");
    const outcome = await document.commit([{ add: 1 }], { urgent: true });
    expect(outcome).toMatchObject({ durable: false, reason: expect.stringContaining(journal) });
    expect(document.durable.ids).toEqual([1]);
    expect(document.working.ids).toEqual([1]);
    await expect(document.commit([{ add: 2 }])).rejects.toMatchObject({ code: "STORE_IO" });
    expect(document.durable.ids).toEqual([1]);
    fs.plan = () => undefined;
    expect(await document.commit([{ add: 3 }])).toEqual({ durable: true });
    expect(document.durable.ids).toEqual([1, 3]);
    expect((await open(fs.afterPowerCut(() => 0))).document.durable.ids).toEqual([1, 3]);
  });

  test("is tried again on a timer, ever more slowly", async () => {
    const { fs, world, document } = await open(undefined, { retryMs: 1_000, retryMaxMs: 4_000 });
    fs.plan = failing("write", "EIO");
    await document.commit([{ add: 1 }], { urgent: true });
    for (const pause of [1_000, 2_000, 4_000, 4_000]) {
      await settle();
      const before = fs.steps.length;
      world.advance(pause - 1);
      await settle();
      expect(fs.steps.length).toBe(before);
      world.advance(1);
      await settle();
      expect(fs.steps.length).toBeGreaterThan(before);
    }
    fs.plan = () => undefined;
    world.advance(4_000);
    await settle();
    expect(document.stats).toMatchObject({ kept: 0, commits: 1 });
    expect(world.pendingTimers).toBe(0);
    expect((await open(fs.afterPowerCut(() => 0))).document.durable.ids).toEqual([1]);
  });

  test("becomes durable on a full disk by giving up the reserve file", async () => {
    const { fs, world, document } = await open(undefined, { reserveBytes: 4096 });
    expect(fs.content("/state/tally.reserve").length).toBe(4096);
    fs.capacity = [...fs.inodes.values()].reduce((sum, { content }) => sum + content.length, 10);
    await expect(document.commit([{ add: 1 }])).rejects.toMatchObject({ code: "STORE_DISK_FULL" });
    expect(await document.commit([{ add: 2 }], { urgent: true })).toEqual({ durable: true });
    expect(fs.inodes.has("/state/tally.reserve")).toBe(false);
    expect((await open(fs.afterPowerCut(() => 0))).document.durable.ids).toEqual([2]);
    fs.capacity = Number.POSITIVE_INFINITY;
    world.advance(60_000);
    await document.commit([{ add: 3 }]);
    await settle();
    expect(fs.content("/state/tally.reserve").length).toBe(4096);
  });

  test("asks for the reserve file back by itself, less and less often", async () => {
    const { fs, world, document } = await open(undefined, { reserveBytes: 4096 });
    fs.capacity = [...fs.inodes.values()].reduce((sum, { content }) => sum + content.length, 10);
    await document.commit([{ add: 2 }], { urgent: true });
    expect(fs.inodes.has("/state/tally.reserve")).toBe(false);
    let asked = 0;
    fs.plan = ({ what, path }) => {
      if (what === "openNew" && path.includes("reserve")) asked += 1;
      return undefined;
    };
    for (let second = 0; second < 300; second += 1) {
      world.advance(1_000);
      await settle();
    }
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(10);
    fs.capacity = Number.POSITIVE_INFINITY;
    world.advance(60_000);
    await settle();
    expect(fs.content("/state/tally.reserve").length).toBe(4096);
    expect(world.pendingTimers).toBe(0);
  });

  test("in one group with a failing commit only the commit is refused", async () => {
    const { fs, document } = await open(undefined, { reserveBytes: 4096 });
    fs.capacity = [...fs.inodes.values()].reduce((sum, { content }) => sum + content.length, 10);
    const [plain, urgent] = await Promise.allSettled<Durability>([
      document.commit([{ add: 1 }]),
      document.commit([{ add: 2 }], { urgent: true }),
    ]);
    expect(plain?.status).toBe("rejected");
    expect(urgent).toEqual({ status: "fulfilled", value: { durable: true } });
    expect(document.durable.ids).toEqual([2]);
    expect(document.working.ids).toEqual([2]);
  });

  test("acts also behind more than one group of others that could not be written", async () => {
    const { fs, document } = await open(undefined, { reserveBytes: 0, groupBytes: 100 });
    fs.plan = failing("write", "ENOSPC");
    const ids = Array.from({ length: 20 }, (_, id) => id);
    for (const add of ids) {
      const outcome = await document.commit([{ add, padding: "x".repeat(20) }], { urgent: true });
      expect(outcome.durable).toBe(false);
    }
    expect(document.unsaved).toBe(true);
    // Plain ones behind all of that are refused, not left to wait.
    await expect(document.commit([{ add: 99 }])).rejects.toMatchObject({ code: "STORE_DISK_FULL" });
    expect(document.durable.ids).toEqual(ids);
    fs.plan = () => undefined;
    await document.commit([{ add: 20 }]);
    expect(document.unsaved).toBe(false);
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual([...ids, 20]);
  });

  test("close tells when it could not be made durable", async () => {
    const { fs, document } = await open();
    fs.plan = failing("write", "EIO");
    await document.commit([{ add: 1 }], { urgent: true });
    await expect(document.close()).rejects.toMatchObject({
      code: "STORE_LOST",
      message: expect.stringContaining("1 change was in force but never written"),
    });
  });
});

describe("the rewrite", () => {
  const limits = { journalBytes: 500 };

  test("runs beside commits, leaves one journal, and loses nothing", async () => {
    const { fs, document } = await open(undefined, limits);
    for (let add = 0; add < 60; add += 1) await document.commit([{ add }]);
    await settle();
    expect(document.stats.snapshots).toBeGreaterThan(1);
    expect([...fs.inodes.keys()].sort()).toEqual([
      "/state/tally.journal",
      "/state/tally.json",
      "/state/tally.reserve",
    ]);
    const { document: again } = await open(fs.afterPowerCut(() => 0));
    expect(again.durable.ids).toEqual(Array.from({ length: 60 }, (_, id) => id));
    expect(again.seq).toBe(60);
  });

  test("that fails is tried again later; commits go on meanwhile", async () => {
    const { fs, world, document } = await open(undefined, limits);
    fs.plan = ({ what, path }) =>
      what === "write" && path.includes(".json.") ? { error: "ENOSPC" } : undefined;
    for (let add = 0; add < 30; add += 1) await document.commit([{ add }]);
    await settle();
    expect(document.stats.snapshots).toBe(0);
    expect(fs.inodes.has("/state/tally.journal.next")).toBe(true);
    expect((await open(fs.afterPowerCut(() => 0))).document.durable.ids).toHaveLength(30);
    fs.plan = () => undefined;
    world.advance(30_000);
    await document.commit([{ add: 30 }]);
    await settle();
    expect(document.stats.snapshots).toBe(1);
    expect(fs.inodes.has("/state/tally.journal.next")).toBe(false);
    expect((await open(fs.afterPowerCut(() => 0))).document.durable.ids).toHaveLength(31);
  });

  test("whose new journal file cannot be started goes on with the old one", async () => {
    const { fs, document } = await open(undefined, limits);
    fs.plan = ({ what, path }) =>
      what === "openExisting" && path.endsWith(".next") ? { error: "EMFILE" } : undefined;
    for (let add = 0; add < 30; add += 1) await document.commit([{ add }]);
    const { document: again } = await open(fs.afterKill());
    expect(again.durable.ids).toHaveLength(30);
    await again.commit([{ add: 30 }]);
  });

  test("given up at once, and then a torn write: not damage", async () => {
    const { fs, document } = await open(undefined, limits);
    fs.plan = ({ what, path }) =>
      what === "openExisting" && path.endsWith(".next") ? { error: "EMFILE" } : undefined;
    let add = 0;
    while (!fs.inodes.has("/state/tally.journal.next")) await document.commit([{ add: add++ }]);
    const bytes = fs.content(journal);
    fs.put(journal, Buffer.concat([bytes, bytes.subarray(-40, -1)]));
    const { document: again } = await open(fs.afterKill());
    expect(again.durable.ids).toHaveLength(add);
    expect(again.stats.tornBytes).toBe(39);
  });
});

test("while the disk fails, commits that keep coming cannot use up the processor", async () => {
  const world = new HandWorld();
  const fs = new MemoryFiles();
  const limits = { reserveBytes: 0 };
  const copy = vi.fn((state: { ids: number[] }) => {
    world.advance(20);
    return { ids: [...state.ids] };
  });
  const shape = { ...tallyShape, copy };
  const document = await openDocument(shape, { folder, world, fs, limits });
  copy.mockClear();
  fs.plan = failing("write", "ENOSPC");
  const full = { code: "STORE_DISK_FULL" };
  for (let add = 0; add < 10; add += 1) {
    await expect(document.commit([{ add }])).rejects.toMatchObject(full);
  }
  expect(copy).toHaveBeenCalledTimes(1);
  expect(await document.commit([{ add: 10 }], { urgent: true })).toMatchObject({ durable: false });
  fs.plan = () => undefined;
  world.advance(1_000);
  await settle();
  await document.commit([{ add: 11 }]);
  expect(document.durable.ids).toEqual([10, 11]);
});
