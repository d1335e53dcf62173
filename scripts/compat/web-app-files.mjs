// OpenClaw's web app out of its npm package. Kept outside the repository, fetched once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const VERSION = "2026.9.6";
/** Of the package as it was published. */
const SHA512 =
  "Ie0kyQSCVfFqixsgVg39vevUDq01Ch5u3+7Yu5Y3qARczmdAe+lzp8bVnO9925rHiW/+CFp70zfORCyPmCH31g==";
const FETCH_MS = 300_000;

/** The folder `dist/control-ui` of npm's `openclaw`; about 95 MB are loaded the first time. */
export async function webAppFiles() {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const folder = join(cache, "openclaw-gateway-test", `web-app-${VERSION}`);
  if (existsSync(join(folder, "index.html"))) return folder;
  await mkdir(join(folder, ".."), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    run(
      "npm",
      ["pack", `openclaw@${VERSION}`, "--pack-destination", work, "--loglevel=error"],
      work,
    );
    const [name = ""] = (await readdir(work)).filter((file) => file.endsWith(".tgz"));
    const hash = createHash("sha512");
    await pipeline(createReadStream(join(work, name)), hash);
    if (hash.digest("base64") !== SHA512) throw new Error(`${name} is not what was published`);
    run("tar", ["xzf", name, "--strip-components=2", "package/dist/control-ui"], work);
    // Whoever was quicker has the same files there.
    await rename(join(work, "control-ui"), folder).catch((error) => {
      if (!existsSync(join(folder, "index.html"))) throw error;
    });
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @param {string} program @param {readonly string[]} args @param {string} cwd */
function run(program, args, cwd) {
  const ran = spawnSync(program, args, { cwd, encoding: "utf8", timeout: FETCH_MS });
  if (ran.status === 0) return;
  const why = ran.error?.message ?? ran.stderr.trim().split("\n").slice(-3).join(" ");
  throw new Error(
    `OpenClaw's web app can't be fetched: ${program} ${args[0]}: ${why}; check the network`,
  );
}
