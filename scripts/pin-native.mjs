// Writes src/host/native-pins.json anew: the SHA-256 of the native modules that can be loaded, for all
// platforms. Run it after a package that has one was changed, and look at what became of the file.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The oldest Node.js that runs the gateway, as names of native modules have it. */
const OLDEST_ABI = 115;

/** Native modules by package and path, such as `argon2/prebuilds/linux-x64/argon2.glibc.node`. */
export async function nativeModules(modules = join(root, "node_modules")) {
  const uws = (await readdir(join(modules, "uWebSockets.js"))).filter(
    (name) => Number(/^uws_\w+_(\d+)\.node$/.exec(name)?.[1] ?? 0) >= OLDEST_ABI,
  );
  const argon2 = await readdir(join(modules, "argon2/prebuilds"), { recursive: true });
  return [
    ...argon2.filter((name) => name.endsWith(".node")).map((name) => `argon2/prebuilds/${name}`),
    ...uws.map((name) => `uWebSockets.js/${name}`),
  ].sort();
}

/** @param {string} file */
export async function sha256(file) {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

/**
 * Throws where a native module is not the pinned one.
 * @param {readonly string[]} names as {@link nativeModules} gives them
 */
export async function checkPins(names, modules = join(root, "node_modules")) {
  const pins = JSON.parse(await readFile(join(root, "src/host/native-pins.json"), "utf8"));
  for (const name of names) {
    const found = await sha256(join(modules, name));
    if (pins[name] !== found) {
      throw new Error(
        `node_modules/${name} is not what src/host/native-pins.json pins: ${found} (npm ci gets what the lock file says)`,
      );
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pins = {};
  for (const name of await nativeModules()) {
    pins[name] = await sha256(join(root, "node_modules", name));
  }
  const file = join(root, "src/host/native-pins.json");
  await writeFile(file, `${JSON.stringify(pins, undefined, 2)}\n`);
}
