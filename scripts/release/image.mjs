// Fills a folder with what a container image adds to its base: the program in app/, Node.js and the
// command in usr/local/. Run by deploy/docker/Dockerfile, for the machine that builds.
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildProgram } from "../build.mjs";
import { stageNode } from "./node-part.mjs";
import { notices, parts } from "./parts.mjs";
import { stageProgram } from "./payload.mjs";
import { targets } from "./targets.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** @param {string} folder */
async function stageImage(folder) {
  // The newest Node.js: the base of an image is newer than some owners' machines.
  const target = targets.find(({ arch }) => arch === process.arch);
  if (target === undefined) throw new Error(`no image can be built for ${process.arch}`);
  const temp = await mkdtemp(join(tmpdir(), "image-"));
  try {
    const dist = join(temp, "dist");
    const rows = await parts(await buildProgram(dist));
    const app = join(folder, "app");
    await stageProgram({ target, dist, folder: app });
    await writeFile(join(app, "LICENSES.txt"), notices(rows, [target.node]));
    const local = join(folder, "usr/local");
    await stageNode(target, local);
    await mkdir(join(local, "share/doc/node"), { recursive: true });
    await rename(join(local, "LICENSE"), join(local, "share/doc/node/LICENSE"));
    await copyFile(join(root, "deploy/docker/openclaw"), join(local, "bin/openclaw"));
    await chmod(join(local, "bin/openclaw"), 0o755);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node scripts/release/image.mjs FOLDER");
await stageImage(folder);
