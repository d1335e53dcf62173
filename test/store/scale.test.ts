import { expect, test, vi } from "vitest";
import { systemWorld } from "../../src/lib/world.ts";
import { openDocument } from "../../src/store/document.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/store/snapshot-text.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { type DeviceChange, devicesShape } from "./support/shapes.ts";

const put = (index: number): DeviceChange => ({
  put: { id: `device-${index}`, label: "a phone", seen: index },
});

async function costOfCommit(records: number): Promise<unknown> {
  const fs = new MemoryFiles();
  const shape = {
    ...devicesShape,
    records: vi.fn(devicesShape.records),
    apply: vi.fn(devicesShape.apply),
  };
  const limits = { commitBytes: 1e9, groupBytes: 1e9, journalBytes: 1e9 };
  const options = { folder: "/state", world: new HandWorld(), fs, limits };
  const document = await openDocument(shape, options);
  await document.commit(Array.from({ length: records }, (_, index) => put(index)));
  shape.records.mockClear();
  shape.apply.mockClear();
  const before = { steps: fs.steps.length, bytes: document.stats.journalBytes };
  await document.commit([put(1)]);
  return {
    steps: fs.steps.slice(before.steps).map(({ what }) => what),
    bytes: document.stats.journalBytes - before.bytes,
    applied: shape.apply.mock.calls.length,
    copied: shape.records.mock.calls.length,
  };
}

test("a commit costs the same with a hundred records and with twenty thousand", async () => {
  const cost = await costOfCommit(100);
  expect(cost).toMatchObject({ steps: ["write", "datasync"], applied: 2, copied: 0 });
  expect(await costOfCommit(20_000)).toEqual(cost);
});

test("a large snapshot leaves the event loop its turns, and comes back the same", async () => {
  const records = Array.from({ length: 100_000 }, (_, id) => ({ id, label: "a phone, Zürich" }));
  const snapshot = { name: "devices", version: 1, seq: 7, records };
  let turns = 0;
  let running = true;
  const count = () => {
    turns += 1;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const bytes = Buffer.concat(await encodeSnapshot(snapshot, systemWorld));
  running = false;
  // Others get their turn at the latest after 128 KiB of text; the bench says how long that takes.
  expect(turns).toBeGreaterThanOrEqual(Math.floor(bytes.length / (128 * 1024)));
  const { header, records: back } = await decodeSnapshot("x", bytes, systemWorld);
  expect(header).toMatchObject({ name: "devices", version: 1, seq: 7 });
  expect(back).toEqual(records);
  expect(JSON.parse(bytes.toString()).records).toHaveLength(100_000);
});

test("a frozen clock does not keep it from giving turns", async () => {
  const records = Array.from({ length: 20_000 }, (_, id) => ({ id, label: "x".repeat(50) }));
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await encodeSnapshot({ name: "devices", version: 1, seq: 7, records }, new HandWorld());
  expect(turned).toBe(true);
});

test("a snapshot without records is whole as well", async () => {
  const snapshot = { name: "devices", version: 1, seq: 0, records: [] };
  const bytes = Buffer.concat(await encodeSnapshot(snapshot, systemWorld));
  expect((await decodeSnapshot("x", bytes, systemWorld)).records).toEqual([]);
});
