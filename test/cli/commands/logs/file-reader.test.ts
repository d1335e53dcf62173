import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileReader } from "../../../../src/cli/commands/logs/file-reader.ts";

let folder: string;
let path: string;
let reader: FileReader;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-reader-"));
  path = join(folder, "gateway.log");
  reader = new FileReader(path);
});
afterEach(async () => {
  await reader.close();
  rmSync(folder, { recursive: true, force: true });
});

const enough = (many: number) => (lines: readonly string[]) => lines.length >= many;
const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join("");

/** As the gateway does it, and logrotate. */
function rotate(...next: string[]): void {
  renameSync(path, `${path}.1`);
  writeFileSync(path, text(...next));
}

describe("the end of a log", () => {
  test("is read to as many lines as it takes, and no further", async () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n}`);
    writeFileSync(path, `${lines.join("\n")}\n`);
    const found = await reader.tail(enough(100));
    expect(found.at(-1)).toBe("line 59999");
    expect(found.length).toBeLessThan(60_000);
    expect(found).toEqual(lines.slice(-found.length));
    expect(await reader.tail(enough(60_000))).toEqual(lines);
  });

  test("goes back through the files that it was rotated to, as far as it must", async () => {
    writeFileSync(`${path}.2`, text("a", "b"));
    writeFileSync(`${path}.1`, text("c", "d"));
    writeFileSync(path, text("e"));
    expect(await reader.tail(enough(1))).toEqual(["e"]);
    expect(await reader.tail(enough(3))).toEqual(["c", "d", "e"]);
    expect(await reader.tail(enough(99))).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("is that of the file before, where there is none yet", async () => {
    writeFileSync(`${path}.2`, text("a"));
    writeFileSync(`${path}.1`, text("b"));
    expect(await reader.tail(enough(5))).toEqual(["a", "b"]);
    appendFileSync(`${path}.1`, text("c"));
    expect(await reader.more()).toEqual(["c"]);
    appendFileSync(`${path}.1`, text("d"));
    writeFileSync(path, text("e"));
    expect(await reader.more()).toEqual(["d", "e"]);
  });
});

describe("what comes after it", () => {
  test("is whole lines, whatever a look fell upon", async () => {
    writeFileSync(path, text("a"));
    await reader.tail(enough(1));
    const bytes = Buffer.from("grüße\n");
    appendFileSync(path, bytes.subarray(0, 3));
    expect(await reader.more()).toEqual([]);
    appendFileSync(path, bytes.subarray(3));
    expect(await reader.more()).toEqual(["grüße"]);
    expect(await reader.more()).toEqual([]);
  });

  test("is more than one read brings", async () => {
    writeFileSync(path, "");
    await reader.tail(enough(1));
    const lines = Array.from({ length: 300_000 }, (_, n) => `a line of the log, number ${n}`);
    appendFileSync(path, `${lines.join("\n")}\n`);
    expect(await reader.more()).toEqual(lines);
  });

  test("is in the file before, in those between and in the one of now", async () => {
    writeFileSync(path, text("a"));
    await reader.tail(enough(1));
    appendFileSync(path, text("b"));
    rotate("c", "d");
    renameSync(`${path}.1`, `${path}.2`);
    rotate("e");
    expect(await reader.more()).toEqual(["b", "c", "d", "e"]);
    appendFileSync(path, text("f"));
    expect(await reader.more()).toEqual(["f"]);
  });

  test("is in the newest of those before, while there is no new one", async () => {
    writeFileSync(path, text("a"));
    await reader.tail(enough(1));
    appendFileSync(path, text("b"));
    rotate("c");
    renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    expect(await reader.more()).toEqual(["b", "c"]);
    expect(await reader.more()).toEqual([]);
    writeFileSync(path, text("d"));
    expect(await reader.more()).toEqual(["d"]);
  });

  test("is not what was moved away long before", async () => {
    writeFileSync(`${path}.1`, text("long ago"));
    utimesSync(`${path}.1`, 1, 1);
    writeFileSync(path, text("a"));
    await reader.tail(enough(1));
    renameSync(path, `${path}-20261130`);
    appendFileSync(`${path}-20261130`, text("b"));
    expect([await reader.more(), await reader.more()]).toEqual([["b"], []]);
  });

  test.each([
    ["moved to another name", () => renameSync(path, `${path}-20261130`)],
    ["deleted", () => rmSync(path)],
  ])("is read to its end where the file was %s", async (_what, away) => {
    writeFileSync(path, text("a"));
    await reader.tail(enough(1));
    appendFileSync(path, text("b"));
    away();
    expect(await reader.more()).toEqual(["b"]);
    writeFileSync(path, text("a longer line than before", "d"));
    expect(await reader.more()).toEqual(["a longer line than before", "d"]);
  });

  test("begins anew where the file was emptied", async () => {
    writeFileSync(path, text("a", "b", "torn").trimEnd());
    expect(await reader.tail(enough(1))).toEqual(["a", "b"]);
    truncateSync(path);
    appendFileSync(path, text("c"));
    expect(await reader.more()).toEqual(["c"]);
  });

  test("is all there is where the end was skipped to", async () => {
    writeFileSync(path, text("a"));
    await reader.skip();
    appendFileSync(path, text("b"));
    expect(await reader.more()).toEqual(["b"]);
    await reader.skip();
    expect(await reader.more()).toEqual([]);
  });
});
