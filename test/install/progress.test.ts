import { execFile, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../kit/until.ts";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
const MB = 1024 * 1024;
const NAME = "node-1.tar.gz";
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "progress-"));
  writeFileSync(join(work, "manifest"), `file node x 2.36 00 ${2.5 * MB} ${NAME}\n`);
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** A step that downloads: what comes lies in `part`, and it has ended once `end` is there. */
function script(json = ""): string {
  const lines = [
    `here='${here}' work='${work}' manifest='${work}/manifest' opt_json='${json}' logging='' stops=0`,
    '. "$here/lib/say.sh"; . "$here/lib/progress.sh"',
    'fetch_part() { : >"$2"; until [ -e "$work/end" ]; do sleep 0.05; done; }',
    "begin_step '[2/17] Gateway and Node.js'",
    `fetch_shown ${NAME} "$work/part"`,
    "end_step '[2/17] Gateway and Node.js' 1200",
  ];
  return lines.join("\n");
}

describe("a download", () => {
  test("shows on a terminal how much of it has come, and at its end its size", async () => {
    const file = join(work, "script");
    writeFileSync(file, script());
    const child = spawn("script", ["-qec", `sh -eu ${file}`, "/dev/null"]);
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const shows = (words: string) =>
      until(
        () => said.includes(words),
        () => `"${words}" in ${JSON.stringify(said)}`,
      );
    try {
      await until(() => existsSync(join(work, "part")), "the download");
      await shows(`\r\u001b[K  ${NAME}: 0.0 of 2.5 MB`);
      appendFileSync(join(work, "part"), Buffer.alloc(1.5 * MB));
      await shows(`\r\u001b[K  ${NAME}: 1.5 of 2.5 MB`);
      appendFileSync(join(work, "part"), Buffer.alloc(MB));
      await shows(`\r\u001b[K  ${NAME}: 2.5 of 2.5 MB`);
    } finally {
      writeFileSync(join(work, "end"), "");
    }
    expect(await ended).toBe(0);
    // The step's line stays above, and what counted is gone.
    expect(said.startsWith("[2/17] Gateway and Node.js\r\n")).toBe(true);
    expect(said.slice(said.lastIndexOf("\u001b[K") + 3)).toBe(
      `  ${NAME}: 2.5 MB\r\n[2/17] Gateway and Node.js  1.2 s\r\n`,
    );
  });

  test("says its size alone where there is no terminal, or JSON is asked for", async () => {
    writeFileSync(join(work, "end"), "");
    const plain = await promisify(execFile)("sh", ["-euc", script()]);
    const lines = `[2/17] Gateway and Node.js\n  ${NAME}: 2.5 MB\n[2/17] Gateway and Node.js  1.2 s\n`;
    expect(plain).toEqual({ stdout: lines, stderr: "" });
    const json = await promisify(execFile)("sh", ["-euc", script("yes")]);
    expect(json).toEqual({ stdout: "", stderr: lines });
  });
});
