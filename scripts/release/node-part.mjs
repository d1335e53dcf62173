// Node.js for a target: the npm package of its binary, checked against the pinned hash.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.mjs";

const cache = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "openclaw-gateway-release",
);

/** Puts `bin/node` and `LICENSE` of the target's Node.js into `folder`. */
export async function stageNode(target, folder) {
  const temp = await mkdtemp(join(tmpdir(), "release-node-"));
  try {
    await run("tar", [
      "-xzf",
      await nodePackage(target),
      "-C",
      temp,
      "package/bin/node",
      "package/LICENSE",
    ]);
    await mkdir(join(folder, "bin"), { recursive: true });
    await cp(join(temp, "package/bin/node"), join(folder, "bin/node"));
    await cp(join(temp, "package/LICENSE"), join(folder, "LICENSE"));
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** The package's file, fetched once. Throws when its bytes are not the pinned ones. */
async function nodePackage({ arch, node }) {
  const name = `node-linux-${arch}`;
  const pins = JSON.parse(await readFile(new URL("nodes.json", import.meta.url), "utf8"));
  const pin = pins[`${name}@${node}`];
  if (pin === undefined) throw new Error(`scripts/release/nodes.json does not pin ${name}@${node}`);
  const file = join(cache, `${name}-${node}.tgz`);
  if ((await integrity(file)) === pin) return file;
  await mkdir(cache, { recursive: true });
  const temp = await mkdtemp(join(cache, ".fetch-"));
  try {
    await run("npm", ["pack", `${name}@${node}`, "--pack-destination", temp, "--loglevel=error"]);
    const fetched = join(temp, `${name}-${node}.tgz`);
    const found = await integrity(fetched);
    if (found !== pin) {
      throw new Error(`${name}@${node} is not what scripts/release/nodes.json pins: ${found}`);
    }
    await rename(fetched, file);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
  return file;
}

/** `undefined` where there is no such file. */
async function integrity(file) {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}
