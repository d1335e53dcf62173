import { expect, test } from "vitest";
import { Damage } from "../../src/store/damage.ts";
import { openDocument } from "../../src/store/document.ts";
import { documentFiles } from "../../src/store/files.ts";
import { readDocument } from "../../src/store/recover.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { tallyShape } from "./support/shapes.ts";

const folder = "/state";
const files = documentFiles(folder, "tally");
const world = new HandWorld();

/** A document with a snapshot and a journal, after an orderly close or a power cut. */
async function written(closed: boolean): Promise<MemoryFiles> {
  const fs = new MemoryFiles();
  const limits = { journalBytes: 300, reserveBytes: 0 };
  const document = await openDocument(tallyShape, { folder, world, fs, limits });
  for (let add = 0; add < 9; add += 1) {
    await document.commit([{ add }]);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  }
  if (closed) await document.close();
  return fs.afterPowerCut(() => 0);
}

function picture(fs: MemoryFiles): [string, string][] {
  return [...fs.inodes.keys()].sort().map((path) => [path, fs.content(path).toString("latin1")]);
}

/** The state, or what was thrown; whichever it is, nothing may have changed. */
async function look(fs: MemoryFiles): Promise<unknown> {
  const before = picture(fs);
  const found = await readDocument(tallyShape, files, { fs, world }).catch((error) => error);
  expect(picture(fs)).toEqual(before);
  return found;
}

test("a document is read as it would be opened, and nothing is changed", async () => {
  for (const closed of [true, false]) {
    const found = await look(await written(closed));
    expect(found).toEqual({ state: { ids: [0, 1, 2, 3, 4, 5, 6, 7, 8] }, seq: 9, torn: 0 });
  }
});

test("a torn end is told and stays where it is", async () => {
  const fs = await written(false);
  const bytes = fs.content(files.journal);
  fs.put(files.journal, bytes.subarray(0, bytes.length - 5));
  expect(await look(fs)).toMatchObject({ seq: 8, torn: expect.any(Number) });
});

test("a changed byte is found without a copy being made", async () => {
  const fs = await written(true);
  const whole = Buffer.from(fs.content(files.snapshot));
  for (let at = 0; at < whole.length; at += 7) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    fs.put(files.snapshot, bytes);
    expect(await look(fs), `byte ${at}`).toBeInstanceOf(Damage);
  }
});

test("no files are an empty document", async () => {
  const fs = new MemoryFiles();
  await fs.makeFolder(folder);
  expect(await look(fs)).toEqual({ state: { ids: [] }, seq: 0, torn: 0 });
});
