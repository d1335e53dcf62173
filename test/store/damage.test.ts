import { beforeAll, describe, expect, test } from "vitest";
import { plainText } from "../../src/protocol/text.ts";
import { openDocument } from "../../src/store/document.ts";
import { StoreError } from "../../src/store/errors.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { type Tally, tallyShape } from "./support/shapes.ts";

const folder = "/state";
const snapshot = "/state/tally.json";
const journal = "/state/tally.journal";
const limits = { journalBytes: 300, reserveBytes: 0 };

async function open(fs: MemoryFiles) {
  const warnings: string[] = [];
  const log = {
    info() {},
    warn: (_: object, message: string) => warnings.push(message),
    error() {},
  };
  const document = await openDocument(tallyShape, {
    folder,
    world: new HandWorld(),
    fs,
    log,
    limits,
  });
  return { document, warnings };
}

/** The state, or the refusal. */
async function outcome(fs: MemoryFiles): Promise<Tally | StoreError> {
  try {
    return (await open(fs)).document.durable;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/** A snapshot and a journal with a few commits behind it, after an orderly close or without one. */
async function written(closed: boolean): Promise<MemoryFiles> {
  const fs = new MemoryFiles();
  const { document } = await open(fs);
  for (let add = 0; add < 9; add += 1) {
    await document.commit([{ add }]);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  }
  if (closed) await document.close();
  return fs.afterPowerCut(() => 0);
}

const all = [0, 1, 2, 3, 4, 5, 6, 7, 8];
let sealed: MemoryFiles;
let open9: MemoryFiles;

beforeAll(async () => {
  sealed = await written(true);
  open9 = await written(false);
});

function changed(source: MemoryFiles, path: string, change: (bytes: Buffer) => Buffer) {
  const fs = source.afterKill();
  fs.put(path, change(Buffer.from(source.content(path))));
  return fs;
}

function flipped(source: MemoryFiles, path: string, place: { at: number; mask: number }) {
  return changed(source, path, (bytes) => {
    bytes.writeUInt8(bytes.readUInt8(place.at) ^ place.mask, place.at);
    return bytes;
  });
}

test("the sample has a snapshot and a journal that goes on from it", async () => {
  expect(sealed.content(snapshot).toString()).toMatch(/^\{"sha256":"[0-9a-f]{64}","format":"o/);
  const { records, seq } = JSON.parse(sealed.content(snapshot).toString());
  expect(records).toEqual(all.slice(0, seq).map((id) => ({ id })));
  expect(sealed.content(journal).toString()).toContain('"changes":[{"add":8}]');
  expect(await outcome(sealed.afterKill())).toEqual({ ids: all });
});

describe("a byte that changed", () => {
  const masks = [0x01, 0x20, 0x80];

  test("anywhere in a snapshot is refused", async () => {
    for (let at = 0; at < sealed.content(snapshot).length; at += 1) {
      for (const mask of masks) {
        const found = await outcome(flipped(sealed, snapshot, { at, mask }));
        expect(found, `byte ${at}`).toMatchObject({ code: "STORE_DAMAGED" });
      }
    }
  });

  test("anywhere in a journal after an orderly end is refused, but for the seal itself", async () => {
    const bytes = sealed.content(journal);
    const seal = bytes.lastIndexOf(10, bytes.length - 2) + 1;
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of masks) {
        const found = await outcome(flipped(sealed, journal, { at, mask }));
        if (at < seal) expect(found, `byte ${at}`).toMatchObject({ code: "STORE_DAMAGED" });
        else expect(found, `byte ${at}`).toEqual({ ids: all });
      }
    }
  });

  test("in the last group of a crashed session looks like a torn write, and is said", async () => {
    const bytes = open9.content(journal);
    const last = bytes.lastIndexOf(10, bytes.length - 2) + 1;
    for (let at = 0; at < bytes.length; at += 1) {
      // The newline that ends the line before belongs to that line.
      const fs = flipped(open9, journal, { at, mask: 0x01 });
      if (at < last) {
        expect(await outcome(fs), `byte ${at}`).toMatchObject({ code: "STORE_DAMAGED" });
      } else {
        const { document, warnings } = await open(fs);
        expect(document.durable.ids).toEqual(all.slice(0, -1));
        expect(document.stats.tornBytes).toBe(bytes.length - last);
        expect(warnings).toHaveLength(1);
      }
    }
  });
});

describe("a file that was cut", () => {
  test("a journal torn at any byte of its last line opens without it and goes on", async () => {
    const bytes = open9.content(journal);
    const last = bytes.lastIndexOf(10, bytes.length - 2) + 1;
    for (let end = last; end < bytes.length; end += 1) {
      const fs = changed(open9, journal, (whole) => whole.subarray(0, end));
      const { document } = await open(fs);
      expect(document.durable.ids).toEqual(all.slice(0, -1));
      await document.commit([{ add: 100 }]);
      const again = await outcome(fs.afterPowerCut(() => 0));
      expect(again).toEqual({ ids: [...all.slice(0, -1), 100] });
    }
  });

  test("a journal that ends before its snapshot, or in its header, is refused", async () => {
    const header = sealed.content(journal).indexOf(10);
    for (const end of [0, 5, header]) {
      const fs = changed(sealed, journal, (whole) => whole.subarray(0, end));
      expect(await outcome(fs), `${end} bytes`).toMatchObject({ code: "STORE_DAMAGED" });
    }
  });

  test("a truncated snapshot is refused at every length", async () => {
    for (let end = 0; end < sealed.content(snapshot).length; end += 1) {
      const fs = changed(sealed, snapshot, (whole) => whole.subarray(0, end));
      expect(await outcome(fs), `${end} bytes`).toMatchObject({ code: "STORE_DAMAGED" });
    }
  });
});

describe("the refusal", () => {
  test("names file, line, what was found and the way out, and keeps a copy", async () => {
    const bytes = sealed.content(journal);
    const at = bytes.indexOf(10) + 30;
    const fs = flipped(sealed, journal, { at, mask: 1 });
    const error = (await outcome(fs)) as StoreError;
    expect(error.message).toContain(`${journal} is damaged: line 2: checksum`);
    expect(error.message).toContain("tally.journal.damaged-20261118T");
    expect(plainText(error.next)).toContain("openclaw doctor");
    const copies = () => [...fs.inodes.keys()].filter((path) => path.includes("damaged"));
    expect(copies()).toHaveLength(1);
    expect(fs.content(copies()[0] ?? "")).toEqual(fs.content(journal));
    expect(await outcome(fs)).toMatchObject({ code: "STORE_DAMAGED" });
    expect(copies()).toHaveLength(1);
  });

  test("a line that is missing, repeated, or from another file is a gap", async () => {
    const lines = (bytes: Buffer) => bytes.toString().split(/(?<=\n)/);
    const missing = changed(sealed, journal, (bytes) =>
      Buffer.from(lines(bytes).toSpliced(1, 1).join("")),
    );
    const twice = changed(sealed, journal, (bytes) =>
      Buffer.from(
        lines(bytes)
          .toSpliced(1, 0, lines(bytes)[1] ?? "")
          .join(""),
      ),
    );
    for (const fs of [missing, twice]) {
      const found = (await outcome(fs)) as StoreError;
      expect(found.code).toBe("STORE_DAMAGED");
      expect(found.message).toMatch(/line \d+: (commit|sealed)/);
    }
  });

  test("a journal or a snapshot that was taken away is not an empty document", async () => {
    const noJournal = sealed.afterKill();
    noJournal.remove(journal);
    const noSnapshot = sealed.afterKill();
    noSnapshot.remove(snapshot);
    for (const fs of [noJournal, noSnapshot]) {
      expect(await outcome(fs)).toMatchObject({ code: "STORE_DAMAGED" });
    }
  });
});
