import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../release/support/release.ts";

/** What the script could do anything with; here each only tells that it was called. */
const PROGRAMS = [
  "apt-get",
  "cat",
  "chmod",
  "cp",
  "curl",
  "cut",
  "date",
  "grep",
  "gzip",
  "head",
  "id",
];
const MORE = [
  "mkdir",
  "mktemp",
  "mv",
  "rm",
  "sed",
  "sha256sum",
  "ssh-keygen",
  "tar",
  "tr",
  "wc",
  "wget",
];

let temp: string;
let script: Buffer;

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), "install-cut-"));
  const text = await readFile(join(root, "scripts/install.sh"), "utf8");
  // As published: with an address and a key, so that the whole script would go to work.
  const filled = text
    .replace("base_url=''", "base_url='http://127.0.0.1:9'")
    .replace("public_key=''", "public_key='ssh-ed25519 AAAA'");
  script = Buffer.from(filled);
  await mkdir(join(temp, "bin"));
  for (const name of [...PROGRAMS, ...MORE]) {
    const program = join(temp, "bin", name);
    await writeFile(program, `#!/bin/sh\n: >"${temp}/called-${name}"\n`);
    await chmod(program, 0o755);
  }
  await mkdir(join(temp, "cuts"));
  await mkdir(join(temp, "here"));
});
afterAll(() => rm(temp, { recursive: true, force: true }));

/** How a shell comes to a script: from a file, or, as in `curl … | sh`, from standard input. */
const WAYS = {
  // In a process of its own each, but without starting the shell anew: thousands take seconds.
  file: 'for cut in "$1"/*; do ( set --; . "$cut" ); done',
  input: 'for cut in "$1"/*; do "$2" <"$cut"; done',
};

/** Runs `shell` on every file in cuts/ with nothing but the told programs to use. */
function runAll(shell: string, way: keyof typeof WAYS): Promise<string> {
  const child = spawn(shell, ["-c", WAYS[way], "sh", join(temp, "cuts"), shell], {
    cwd: join(temp, "here"),
    env: { PATH: join(temp, "bin") },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return new Promise((resolve) => child.once("close", () => resolve(said)));
}

async function writeCuts(lengths: readonly number[]): Promise<void> {
  const folder = join(temp, "cuts");
  await rm(folder, { recursive: true });
  await mkdir(folder);
  for (const length of lengths) {
    await writeFile(join(folder, String(length)), script.subarray(0, length));
  }
}

async function effects(): Promise<string[]> {
  const called = (await readdir(temp)).filter((name) => name.startsWith("called-"));
  return [...called, ...(await readdir(join(temp, "here")))];
}

describe("install.sh that was cut off on its way", () => {
  test.each([
    ["/bin/sh", "file", 1],
    ["/bin/bash", "file", 1],
    ["/bin/sh", "input", 61],
    ["/bin/bash", "input", 61],
  ] as const)("has no effect in %s from %s, at every byte (step %d)", async (shell, way, step) => {
    // Without its last line break the script is whole.
    const whole = script.length - 1;
    const lengths = Array.from({ length: Math.ceil(whole / step) }, (_, i) => i * step);
    await writeCuts([...lengths, whole - 1]);
    expect(await runAll(shell, way)).toBe("");
    expect(await effects()).toEqual([]);
  });

  test.each(["file", "input"] as const)("would have one if it were whole: %s", async (way) => {
    await writeCuts([script.length]);
    await runAll("/bin/sh", way);
    expect(await effects()).toContain("called-id");
    for (const name of await effects()) await rm(join(temp, name));
  });
});
