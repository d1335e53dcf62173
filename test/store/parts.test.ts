import { describe, expect, test } from "vitest";
import { openDocument } from "../../src/store/document.ts";
import { type PartShape, partOf, sharedShape } from "../../src/store/parts.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";

interface Stock {
  readonly held: Map<string, number>;
}
type StockChange = { item: string; by: number };
/** What is there of each item. */
const stock: PartShape<Stock, StockChange, { gone: string } | { came: string }> = {
  empty: () => ({ held: new Map() }),
  apply: ({ held }, { item, by }) => {
    const left = (held.get(item) ?? 0) + by;
    if (left === 0) held.delete(item);
    else held.set(item, left);
  },
  follows: ({ held }, { item, by }) => {
    if (!held.has(item)) return [{ came: item }];
    return held.get(item) === -by ? [{ gone: item }] : [];
  },
  records: ({ held }) => [...held].map(([item, count]) => ({ item, count })),
  restore: (records) => {
    const rows = [...(records as Iterable<{ item: string; count: number }>)];
    return { held: new Map(rows.map(({ item, count }) => [item, count])) };
  },
};

interface Log {
  lines: string[];
}
/** What was said about it. */
const log: PartShape<Log, { line: string }> = {
  empty: () => ({ lines: [] }),
  apply: (state, { line }) => {
    if (line === "bad") throw new Error("bad line");
    state.lines.push(line);
  },
  records: ({ lines }) => lines.map((line) => ({ line })),
  restore: (records) => ({
    lines: [...(records as Iterable<{ line: string }>)].map(({ line }) => line),
  }),
};

const shapes = { stock, log };
const plain = sharedShape({ name: "shop", version: 1 }, shapes);
/** Whatever of an item is sold is named in the log too. */
const strict = sharedShape({ name: "shop", version: 1 }, shapes, {
  consequences: (state, [part, change]) => {
    if (part !== "stock" || !("by" in change) || change.by >= 0) return [];
    const before = state.stock.held.get(change.item) ?? 0;
    return [["log", { line: `sold ${-change.by} of ${before}` }]];
  },
});

async function open(shape = plain, fs = new MemoryFiles()) {
  const world = new HandWorld();
  const errors: unknown[] = [];
  const logger = { info() {}, warn() {}, error: (facts: object) => void errors.push(facts) };
  const limits = { reserveBytes: 0 };
  const document = await openDocument(shape, { folder: "/state", world, fs, limits, log: logger });
  const parts = { stock: partOf(document, "stock"), log: partOf(document, "log") };
  return { fs, world, document, errors, ...parts };
}

const held = ({ durable }: { durable: Stock }) => Object.fromEntries(durable.held);
const journal = (fs: MemoryFiles) => fs.content("/state/shop.journal").toString().split("\n");

describe("a document made of parts", () => {
  test("changes several of them in one append", async () => {
    const { fs, stock: shelf, log: said } = await open();
    const before = journal(fs).length;
    await shelf.commit([{ item: "tea", by: 3 }], { also: [said.also([{ line: "tea came" }])] });
    expect(journal(fs)).toHaveLength(before + 1);
    expect(journal(fs).at(-2)).toContain(
      '["stock",{"item":"tea","by":3}],["log",{"line":"tea came"}]',
    );
    const again = await open(
      plain,
      fs.afterPowerCut(() => 0),
    );
    expect([held(again.stock), again.log.durable.lines]).toEqual([{ tea: 3 }, ["tea came"]]);
  });

  test("changes none of them where one refuses", async () => {
    const { stock: shelf, log: said } = await open();
    const also = [said.also([{ line: "bad" }])];
    await expect(shelf.commit([{ item: "tea", by: 3 }], { also })).rejects.toThrow("bad line");
    expect([held(shelf), shelf.working.held.size, said.working.lines]).toEqual([{}, 0, []]);
  });

  test("comes back from its snapshot part by part", async () => {
    const { document, stock: shelf, log: said } = await open();
    await shelf.commit([{ item: "tea", by: 3 }]);
    await said.commit([{ line: "one" }]);
    const records = JSON.parse(JSON.stringify([...plain.records(document.durable)]));
    expect(records).toEqual([
      ["stock", { item: "tea", count: 3 }],
      ["log", { line: "one" }],
    ]);
    expect(plain.restore(records)).toEqual(document.durable);
  });

  test("refuses what names no part", () => {
    expect(() => plain.restore([["cellar", {}]])).toThrow("no part is called cellar");
    const change = ["cellar", {}] as unknown as Parameters<typeof plain.apply>[1];
    expect(() => plain.apply(plain.empty(), change)).toThrow("no part is called cellar");
  });

  test("makes what belongs to a change durable with it", async () => {
    const { fs, stock: shelf, log: said } = await open(strict);
    await shelf.commit([{ item: "tea", by: 3 }]);
    const before = journal(fs).length;
    await shelf.commit([{ item: "tea", by: -1 }]);
    expect(said.durable.lines).toEqual(["sold 1 of 3"]);
    expect(journal(fs)).toHaveLength(before + 1);
  });
});

describe("a decision", () => {
  const sell = (item: string, count: number) => (working: Stock) => {
    const there = working.held.get(item) ?? 0;
    if (there < count) throw new Error(`only ${there} left`);
    return { changes: [{ item, by: -count }], answer: there - count };
  };

  test("sees what was decided before it, durable or not", async () => {
    const { stock: shelf } = await open();
    await shelf.commit([{ item: "tea", by: 3 }]);
    const both = await Promise.allSettled([
      shelf.decide(sell("tea", 2)),
      shelf.decide(sell("tea", 2)),
    ]);
    expect(both).toMatchObject([
      { status: "fulfilled", value: { answer: 1, durable: true } },
      { status: "rejected", reason: { message: "only 1 left" } },
    ]);
    expect(held(shelf)).toEqual({ tea: 1 });
  });

  test("that changes nothing waits for what it is based on", async () => {
    const { fs, stock: shelf } = await open();
    let synced = false;
    fs.plan = ({ what }) => {
      if (what === "datasync") synced = true;
      return undefined;
    };
    void shelf.commit([{ item: "tea", by: 3 }]);
    const count = (working: Stock) => ({ changes: [], answer: working.held.get("tea") });
    const { answer } = await shelf.decide(count);
    expect([answer, synced]).toEqual([3, true]);
  });

  test("that changes nothing fails with what it is based on", async () => {
    const { fs, stock: shelf } = await open();
    fs.plan = ({ what }) => (what === "write" ? { error: "ENOSPC" } : undefined);
    const adding = shelf.commit([{ item: "tea", by: 3 }]);
    const asking = shelf.decide((working) => ({ changes: [], answer: working.held.get("tea") }));
    const failed = { code: "STORE_DISK_FULL" };
    await expect(adding).rejects.toMatchObject(failed);
    await expect(asking).rejects.toMatchObject(failed);
  });

  test("that changes nothing costs nothing where nothing is being written", async () => {
    const { fs, stock: shelf } = await open();
    const before = fs.steps.length;
    await shelf.decide(() => ({ changes: [], answer: undefined }));
    expect(fs.steps).toHaveLength(before);
  });

  test("that changes nothing says so where what it is based on is not durable", async () => {
    const { fs, stock: shelf } = await open();
    fs.plan = ({ what }) => (what === "write" ? { error: "EIO" } : undefined);
    await shelf.commit([{ item: "tea", by: 3 }], { urgent: true });
    const again = await shelf.decide(() => ({ changes: [], answer: "is there", urgent: true }));
    expect(again).toMatchObject({ answer: "is there", durable: false });
    expect(again.reason).toContain("EIO");
  });
});

describe("what follows from a change", () => {
  test("is told once it is durable and before its maker hears of it, in order", async () => {
    const { stock: shelf, log: said } = await open();
    const told: unknown[] = [];
    shelf.listen((event) => told.push({ ...event, held: held(shelf) }));
    said.listen((event) => told.push(event));
    const first = shelf.commit([{ item: "tea", by: 3 }]).then(() => told.push("tea"));
    const second = shelf.commit([{ item: "tea", by: -3 }]).then(() => told.push("none"));
    expect(told).toEqual([]);
    await Promise.all([first, second]);
    // Both became durable in one write: readers see the last of it.
    expect(told).toEqual([{ came: "tea", held: {} }, "tea", { gone: "tea", held: {} }, "none"]);
  });

  test("is not told where the change was refused, or the state read again", async () => {
    const made = await open();
    const told: unknown[] = [];
    made.stock.listen((event) => told.push(event));
    made.fs.plan = ({ what }) => (what === "write" ? { error: "EIO" } : undefined);
    await made.stock.commit([{ item: "tea", by: 3 }]).catch(() => undefined);
    made.fs.plan = () => undefined;
    made.world.advance(60_000);
    await made.stock.commit([{ item: "milk", by: 1 }]).catch(() => undefined);
    const before = told.length;
    await open(
      plain,
      made.fs.afterPowerCut(() => 0),
    );
    expect(told.slice(before)).toEqual([]);
    expect(told).not.toContainEqual({ came: "tea" });
  });

  test("is told of urgent changes that could not be written, and not again when they are", async () => {
    const made = await open();
    const told: unknown[] = [];
    await made.stock.commit([{ item: "tea", by: 3 }]);
    made.stock.listen((event) => told.push(event));
    made.fs.plan = ({ what }) => (what === "write" ? { error: "EIO" } : undefined);
    const outcome = await made.stock.commit([{ item: "tea", by: -3 }], { urgent: true });
    expect([outcome.durable, told]).toEqual([false, [{ gone: "tea" }]]);
    made.fs.plan = () => undefined;
    for (let turn = 0; turn < 100 && made.document.unsaved; turn += 1) {
      made.world.advance(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(made.document.unsaved).toBe(false);
    expect(told).toEqual([{ gone: "tea" }]);
  });

  test("is told behind what it follows from, also where a listener makes the change", async () => {
    const { stock: shelf } = await open();
    const told: unknown[] = [];
    shelf.listen((event) => {
      if ("came" in event && event.came === "tea") shelf.later([{ item: "milk", by: 1 }]);
    });
    shelf.listen((event) => told.push(event));
    shelf.later([{ item: "tea", by: 1 }]);
    expect(told).toEqual([{ came: "tea" }, { came: "milk" }]);
  });

  test("may fail without harm to the change or to other listeners", async () => {
    const { stock: shelf, errors } = await open();
    const told: unknown[] = [];
    const cause = new Error("a listener's own");
    shelf.listen(() => {
      throw cause;
    });
    const stop = shelf.listen((event) => told.push(event));
    expect(await shelf.commit([{ item: "tea", by: 3 }])).toEqual({ durable: true });
    expect([told, errors]).toEqual([[{ came: "tea" }], [{ err: cause }]]);
    stop();
    await shelf.commit([{ item: "milk", by: 3 }]);
    expect(told).toHaveLength(1);
  });
});
