import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, rmdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const BUILD_MS = 60_000;

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
  const lock = join(tmpdir(), `openclaw-gateway-build-${name}`);
  await until(() => taken(lock), "another build to end", 2 * BUILD_MS);
  try {
    if (!(await isFresh(program))) {
      await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs")]);
    }
  } finally {
    await rmdir(lock);
  }
  return program;
}

/** Takes the lock; one left behind by a test run that was killed is taken over. */
async function taken(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    const age = Date.now() - (await modified(lock));
    if (age > BUILD_MS) await rmdir(lock).catch(() => undefined);
    return false;
  }
}

async function isFresh(program: string): Promise<boolean> {
  const built = await modified(program);
  const sources = [
    "src",
    "deploy/ssh",
    "scripts/build.mjs",
    "scripts/build-dashboard.mjs",
    "package.json",
  ];
  const times = await Promise.all(sources.map((source) => newest(join(root, source))));
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
