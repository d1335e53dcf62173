// `npm run release`: looks at what it is given before it does anything, gets what it needs, makes the release.
// Nothing of node_modules is imported here, so that this runs in a fresh clone.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { signedTrial } from "./manifest.mjs";
import { chosenTargets } from "./targets.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

const help = `npm run release -- [options]
  --out DIR        where it goes (default: release/ in the repository); other versions there stay
  --base-url URL   where the folder will be published        (or OPENCLAW_RELEASE_URL)
  --sign KEY       SSH key that signs it: a private key file (or OPENCLAW_RELEASE_KEY)
  --target NAME    only this target, again for more: x64-glibc-2.38 x64-glibc-2.28 arm64-glibc-…
  --offline        one more archive per target that holds everything, for machines without a network; needs --sign
Without --base-url and --sign no install.sh is made: it would have nothing to trust.`;

/** Throws for a word that is none, a key that does not sign, an address that is none. */
async function readOptions() {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(root, "release") },
      "base-url": { type: "string", default: process.env.OPENCLAW_RELEASE_URL ?? "" },
      sign: { type: "string", default: process.env.OPENCLAW_RELEASE_KEY ?? "" },
      target: { type: "string", multiple: true, default: [] },
      offline: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return values;
  chosenTargets(values.target);
  const url = values["base-url"].replace(/\/+$/, "");
  if (url !== "" && !/^https?:\/\/[^\s'"\\]+$/.test(url)) {
    throw new Error(`--base-url: expected https://…, not ${url}`);
  }
  if (values.sign !== "") await signedTrial(values.sign);
  else if (values.offline)
    throw new Error("--offline: an archive that no --sign KEY vouches for is never installed");
  return { ...values, "base-url": url };
}

/** What the lock file names, where that is not what node_modules holds. */
function installPackages() {
  const script = '. "$0/scripts/lib.sh"; need_node; install_packages >&2';
  const { status } = spawnSync("bash", ["-euc", script, root], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("what a release is made with could not be installed");
}

try {
  const options = await readOptions();
  if (options.help) console.log(help);
  else {
    installPackages();
    const { makeRelease } = await import("./make.mjs");
    await makeRelease(options);
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
