import { execFile } from "node:child_process";
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkPins, nativeModules } from "../../scripts/pin-native.mjs";
import { targets } from "../../scripts/release/targets.mjs";
import { checkNative, hashModule, serverModule } from "../../src/host/native.ts";
import { builtProgram } from "../kit/build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pins: Record<string, string> = JSON.parse(
  await readFile(join(root, "src/host/native-pins.json"), "utf8"),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "native-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A copy of a module, with a byte more where it is to be another. */
async function copy(name: string, other: boolean): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await copyFile(join(root, "node_modules", name), join(folder, name));
  if (other) await appendFile(join(folder, name), "x");
}

test("every native module that can be loaded is pinned, and is the one that is installed", async () => {
  const names = await nativeModules();
  expect(Object.keys(pins).sort()).toEqual(names);
  await checkPins(names);
});

test.each(targets)("what is shipped for $name is pinned", ({ arch, abi }) => {
  expect(pins[`uWebSockets.js/uws_linux_${arch}_${abi}.node`]).toMatch(/^[0-9a-f]{64}$/);
  const hash = arch === "arm64" ? "argon2.armv8.glibc.node" : "argon2.glibc.node";
  expect(pins[`argon2/prebuilds/linux-${arch}/${hash}`]).toMatch(/^[0-9a-f]{64}$/);
});

describe("at the start", () => {
  test.each([
    ["uWebSockets.js", serverModule],
    ["argon2", hashModule],
  ])("%s is taken as it is, and refused where it is another", async (name, module) => {
    checkNative(name, module);
    await copy(`${name}/${module}`, false);
    const place = { folder: join(folder, name) };
    checkNative(name, module, place);
    expect(() => checkNative(name, module, { ...place, pins: {} })).toThrow("not the file");
    await copy(`${name}/${module}`, true);
    expect(() => checkNative(name, module, place)).toThrow("is not the file that belongs to");
  });

  test("one that is missing is told by whoever loads it", () => {
    checkNative("uWebSockets.js", serverModule, { folder: join(folder, "nowhere") });
  });
});

test("the program loads no other, and says what to do", async () => {
  await cp(dirname(await builtProgram()), join(folder, "dist"), { recursive: true });
  const modules = join(folder, "node_modules");
  for (const file of ["package.json", "uws.js"]) {
    await mkdir(join(modules, "uWebSockets.js"), { recursive: true });
    const path = `uWebSockets.js/${file}`;
    await copyFile(join(root, "node_modules", path), join(modules, path));
  }
  // Where it is loaded it says so.
  await writeFile(join(modules, "uWebSockets.js", serverModule), "no native module at all");
  const env = { ...process.env, OPENCLAW_STATE_DIR: join(folder, "state"), HOME: folder };
  const words = [join(folder, "dist/index.js"), "gateway", "run", "--port", "0"];
  const { code, stderr } = await promisify(execFile)(process.execPath, words, { env }).then(
    () => ({ code: 0, stderr: "" }),
    (error: { code: number; stderr: string }) => error,
  );
  expect(code, stderr).toBe(1);
  expect(stderr).toContain(`${serverModule} is not the file that belongs to this release`);
  expect(stderr).toContain("next: install the gateway anew");
}, 60_000);

test("a build and a release take no other", async () => {
  const name = `uWebSockets.js/${serverModule}`;
  await copy(name, true);
  await expect(checkPins([name], folder)).rejects.toThrow("native-pins.json pins");
  for (const script of ["scripts/build.mjs", "scripts/release/payload.mjs"]) {
    expect(await readFile(join(root, script), "utf8")).toContain("await checkPins(");
  }
});
