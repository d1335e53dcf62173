import { expect, test } from "vitest";
import { type DocumentShape, openDocument } from "../../src/store/document.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { type Tally, type TallyChange, tallyShape } from "./support/shapes.ts";

const folder = "/state";
const limits = { journalBytes: 300 };

function open(shape: DocumentShape<Tally, TallyChange>, fs: MemoryFiles) {
  return openDocument(shape, { folder, world: new HandWorld(), fs, limits });
}

/** Ten commits by version 1; the last ones are still in the journal. */
async function byVersion1(): Promise<MemoryFiles> {
  const fs = new MemoryFiles();
  const document = await open(tallyShape, fs);
  for (let add = 0; add < 10; add += 1) await document.commit([{ add }]);
  await document.close();
  return fs.afterPowerCut(() => 0);
}

/** Version 2 counts in hundreds. */
const version2: DocumentShape<Tally, TallyChange> = {
  ...tallyShape,
  version: 2,
  migrate: {
    records: (_, records) => (records as { id: number }[]).map(({ id }) => ({ id: id * 100 })),
    change: (_, change) => [{ add: (change as TallyChange).add * 100 }],
  },
};
const hundreds = Array.from({ length: 10 }, (_, id) => id * 100);

test("a newer version is refused by name and nothing is touched", async () => {
  const fs = await byVersion1();
  await (await open(version2, fs)).close();
  const before = [...fs.inodes].map(([path, { content }]) => [path, content.toString("hex")]);
  await expect(open(tallyShape, fs)).rejects.toMatchObject({
    code: "STORE_NEWER",
    message: expect.stringContaining("tally has version 2 there, known is 1"),
  });
  expect([...fs.inodes].map(([path, { content }]) => [path, content.toString("hex")])).toEqual(
    before,
  );
});

test("an older version without a migration is refused", async () => {
  const { migrate: _, ...without } = version2;
  await expect(open(without, await byVersion1())).rejects.toMatchObject({ code: "STORE_OLDER" });
});

test("an older version is migrated, snapshot and journal, and then goes on as the new one", async () => {
  const fs = await byVersion1();
  const document = await open(version2, fs);
  expect(document.durable.ids).toEqual(hundreds);
  await document.commit([{ add: 1 }]);
  const again = await open(
    { ...tallyShape, version: 2 },
    fs.afterPowerCut(() => 0),
  );
  expect(again.durable.ids).toEqual([...hundreds, 1]);
});

test("a migration that is cut off at any step is done by the next start", async () => {
  const whole = await byVersion1();
  const probe = whole.afterKill();
  await open(version2, probe);
  for (let at = 0; at < probe.steps.length; at += 1) {
    const fs = whole.afterKill();
    fs.plan = ({ index }) => (index === at ? { crash: true } : undefined);
    void open(version2, fs);
    for (let turn = 0; turn < 30; turn += 1) await new Promise((done) => setImmediate(done));
    expect(fs.crashed).toBe(true);
    for (const pick of [() => 0, (most: number) => most]) {
      const document = await open(version2, fs.afterPowerCut(pick));
      expect(document.durable.ids, `step ${at}`).toEqual(hundreds);
    }
  }
});

test("a file of another document is refused", async () => {
  const fs = await byVersion1();
  for (const ending of ["json", "journal"]) {
    const from = `/state/tally.${ending}`;
    if (fs.inodes.has(from)) fs.put(`/state/other.${ending}`, fs.content(from));
  }
  await expect(open({ ...tallyShape, name: "other" }, fs)).rejects.toMatchObject({
    code: "STORE_DAMAGED",
    message: expect.stringContaining('holds the document "tally"'),
  });
});

test("an unknown file format is one from the future", async () => {
  const { encodeSnapshot } = await import("../../src/store/snapshot-text.ts");
  const fs = await byVersion1();
  const snapshot = { name: "tally", version: 1, seq: 0, records: [] };
  const { createHash } = await import("node:crypto");
  const text = Buffer.concat(await encodeSnapshot(snapshot, new HandWorld())).toString();
  const body = text.slice(75).replace("openclaw-document/1", "openclaw-document/9");
  const digest = createHash("sha256").update(body).digest("hex");
  fs.put("/state/tally.json", Buffer.from(`{"sha256":"${digest}${body}`));
  await expect(open(tallyShape, fs)).rejects.toMatchObject({ code: "STORE_NEWER" });
});
