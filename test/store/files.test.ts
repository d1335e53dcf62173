import { expect, test } from "vitest";
import { plainText } from "../../src/protocol/text.ts";
import { openDocument } from "../../src/store/document.ts";
import { StoreError, storeErrorCodes } from "../../src/store/errors.ts";
import { documentFiles } from "../../src/store/files.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { tallyShape } from "./support/shapes.ts";

const folder = "/state";
const journal = "/state/tally.journal";

function open(fs: MemoryFiles) {
  return openDocument(tallyShape, { folder, world: new HandWorld(), fs });
}

async function used(): Promise<MemoryFiles> {
  const fs = new MemoryFiles();
  const document = await open(fs);
  await document.commit([{ add: 1 }]);
  return fs.afterKill();
}

test("looser modes are tightened", async () => {
  const fs = await used();
  fs.folderMode = 0o755;
  const inode = fs.inodes.get(journal);
  if (inode) inode.mode = 0o644;
  await open(fs);
  expect(fs.folderMode).toBe(0o700);
  expect([...fs.inodes.values()].map(({ mode }) => mode)).toEqual([0o600, 0o600]);
});

test("a file that belongs to somebody else than the folder is refused", async () => {
  const fs = await used();
  const inode = fs.inodes.get(journal);
  if (inode) inode.uid = 0;
  await expect(open(fs)).rejects.toMatchObject({
    code: "STORE_OWNER",
    message: expect.stringContaining("user 0, but the folder belongs to user 1000"),
  });
});

test("a process that is not the folder's owner is refused before it makes a file", async () => {
  const fs = new MemoryFiles();
  fs.user = 0;
  await expect(open(fs)).rejects.toMatchObject({ code: "STORE_OWNER" });
  expect(fs.inodes.size).toBe(0);
});

test("left-over temporary files go, and nothing else", async () => {
  const fs = await used();
  const foreign = ["/state/other.json.0a1b.tmp", "/state/tally.journal.old", "/state/notes.tmp"];
  for (const path of [...foreign, `${journal}.0a1b2c.tmp`, "/state/tally.json.ff00.tmp"]) {
    fs.put(path, Buffer.from("x"));
  }
  await open(fs);
  const names = [...fs.inodes.keys()].sort();
  expect(names).toEqual([...foreign, journal, "/state/tally.reserve"].sort());
});

test("errors on the way to an open document are coded and name the file", async () => {
  const fs = await used();
  fs.plan = ({ what }) => (what === "openExisting" ? { error: "EROFS" } : undefined);
  await expect(open(fs)).rejects.toMatchObject({
    code: "STORE_READ_ONLY",
    message: expect.stringContaining(journal),
  });
});

test("only plain names become files", () => {
  for (const name of ["", "../x", "a/b", "A", "x.json"]) {
    expect(() => documentFiles(folder, name)).toThrow(TypeError);
  }
});

test("every coded error says what to do, with nothing left to fill in", () => {
  for (const code of storeErrorCodes) {
    const error = new StoreError(code, { folder, file: journal, detail: "because" });
    const next = plainText(error.next);
    expect(`${error.message} ${next}`).not.toMatch(/[{}]|undefined|\[object/);
    expect(next.length).toBeGreaterThan(10);
  }
});
