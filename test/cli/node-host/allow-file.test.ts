import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAllowFile } from "../../../src/cli/node-host/allow-file.ts";
import { nodeHostLimitTable } from "../../../src/limits/node-host.ts";
import { shell } from "../../../src/protocol/command.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "openclaw-allow-"));
  path = join(folder, "allow");
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(text: string, mode = 0o644) {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return readAllowFile(path);
}

test("no file, and one without a line, are no allow-list", () => {
  expect(readAllowFile(path).kind).toBe("none");
  expect(written("# nothing\n\n").kind).toBe("none");
});

test("a file is read anew each time", () => {
  expect(written("df -h\n")).toMatchObject({ kind: "list", list: { rules: [{ line: 1 }] } });
  expect(written("# gone\n").kind).toBe("none");
});

test("who else could write it could run anything: such a file counts for nothing", () => {
  for (const mode of [0o666, 0o664, 0o646]) {
    expect(written("df -h\n", mode)).toMatchObject({
      kind: "bad",
      next: shell`chmod go-w ${path}`,
    });
  }
  expect(readAllowFile(folder).kind).toBe("bad");
});

test("a file over hostAllowBytes counts for nothing", () => {
  const line = "df -h\n";
  const most = nodeHostLimitTable.hostAllowBytes.value;
  expect(written(line.repeat(Math.floor(most / line.length))).kind).toBe("list");
  expect(written(line.repeat(most / line.length + 1)).kind).toBe("bad");
});
