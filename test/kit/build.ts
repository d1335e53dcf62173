import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildInputs } from "../../scripts/build-inputs.mjs";
import { until } from "./until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The built program: `dist/index.js`, built first when it is older than what it is made of.
 * `OPENCLAW_TEST_DIST` names another build to test, such as an unpacked release.
 */
export async function builtProgram(): Promise<string> {
  const given = process.env["OPENCLAW_TEST_DIST"];
  if (given) return join(given, "index.js");
  const program = join(root, "dist/index.js");
  if (await isFresh(program)) return program;
  // Test files run in processes of their own: one of them builds, the others wait for it.
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const lock = join(tmpdir(), `openclaw-gateway-build-${name}.lock`);
  await until(() => taken(lock), "another build to end");
  try {
    if (!(await isFresh(program))) {
      await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs")]);
    }
  } finally {
    await rm(lock);
  }
  return program;
}

/** Takes the lock; one left behind by a test run that was killed is taken over, however young it is. */
async function taken(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}`, { flag: "wx" });
    return true;
  } catch {
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function isFresh(program: string): Promise<boolean> {
  const built = await modified(program);
  const times = await Promise.all(buildInputs.map((source) => newest(join(root, source))));
  return built > Math.max(...times);
}

/** When the newest file at or below `path` was changed. */
async function newest(path: string): Promise<number> {
  const below = await readdir(path, { recursive: true }).catch(() => []);
  const times = await Promise.all(["", ...below].map((name) => modified(join(path, name))));
  return Math.max(...times);
}

async function modified(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}
