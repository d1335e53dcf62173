import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const lib = fileURLToPath(new URL("../../deploy/install/lib/room.sh", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "room-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MANIFEST = [
  "file gateway x64 2.38 aa 3145728 gateway.tar.gz",
  "file node x64 2.38 bb 44564480 node-24.1.0-linux-x64.tar.gz",
];
const SIZES = [
  "unpacked 11534336 gateway.tar.gz",
  "unpacked 125829120 node-24.1.0-linux-x64.tar.gz",
];

/** What is wrong with the room of a machine with `free` KB, whose parts `there` are here already. */
function wrong(free: number, there: string, nginx = "1.26", manifest = [...MANIFEST, ...SIZES]) {
  writeFileSync(join(folder, "manifest"), `${manifest.join("\n")}\n`);
  writeFileSync(join(folder, "wrong"), "");
  const lines = [
    `work='${folder}' manifest='${folder}/manifest' prefix=/opt/none build=2.38 arch=x64`,
    `release_version=1 memory_mb=999 need_memory_mb=1 opt_no_nginx= certificate_kind=own nginx_version=${nginx}`,
    `df() { echo head; echo "disk 0 0 ${free} 0% /"; }`,
    `wrong() { echo "$1" >>"$work/wrong"; }`,
    `part_name() { sed -n "s/^file $1 x64 2.38 .. [0-9]* //p" "$manifest"; }`,
    `part_is_there() { case " ${there} " in *" $1 "*) return 0 ;; esac; return 1; }`,
    `. '${lib}'`,
    "check_room",
  ];
  execFileSync("sh", ["-euc", lines.join("\n")]);
  return readFileSync(join(folder, "wrong"), "utf8").trim();
}

const NODE = "node-24.1.0-linux-x64.tar.gz";

describe("the disk that a run needs", () => {
  test.each([
    ["a first one, with nginx here", "", "1.26", 179],
    ["a first one that installs nginx", "", "", 308],
    ["an upgrade", NODE, "1.26", 19],
    ["one with nothing to fetch", `${NODE} gateway.tar.gz`, "1.26", 5],
  ])("%s", (_name, there, nginx, mb) => {
    const said = wrong(1024, there, nginx);
    const needed = Number(/1 MB are free on the file system \/; (\d+) are needed/.exec(said)?.[1]);
    expect(Math.abs(needed - mb)).toBeLessThanOrEqual(1);
    expect(wrong(needed * 1024, there, nginx)).toBe("");
  });

  test("by an older manifest, which names no unpacked sizes, is estimated", () => {
    expect(wrong(1024, NODE, "1.26", MANIFEST)).toMatch(/; 2\d are needed/);
  });
});
