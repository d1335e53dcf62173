// Makes a folder that any static web server can publish: what scripts/install.sh installs.
import { access, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildProgram } from "../build.mjs";
import { facts, pack } from "./archive.mjs";
import { run } from "./command.mjs";
import { manifest, publicKey, signFile } from "./manifest.mjs";
import { stageNode } from "./node-part.mjs";
import { notices, parts } from "./parts.mjs";
import { stageInstaller, stagePayload } from "./payload.mjs";
import { sbom } from "./sbom.mjs";
import { stageZero } from "./stage-zero.mjs";
import { chosenTargets } from "./targets.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** What a gateway's archive may weigh, Node.js aside. */
const PAYLOAD_BYTES = 15 * 1024 * 1024;

const help = `npm run release -- [options]
  --out DIR        where it goes (default: release/ in the repository); replaced if it is there
  --base-url URL   where the folder will be published        (or OPENCLAW_RELEASE_URL)
  --sign KEY       SSH key that signs it: a private key file (or OPENCLAW_RELEASE_KEY)
  --target NAME    only this target, again for more: x64-glibc-2.38 x64-glibc-2.28 arm64-glibc-…
  --offline        one more archive per target that holds everything, for machines without a network
Without --base-url and --sign no install.sh is made: it would have nothing to trust.`;

const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "release") },
    "base-url": { type: "string", default: process.env.OPENCLAW_RELEASE_URL ?? "" },
    sign: { type: "string", default: process.env.OPENCLAW_RELEASE_KEY ?? "" },
    target: { type: "string", multiple: true, default: [] },
    offline: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Version, commit and the commit's time, which everything in the release carries. */
async function describe() {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const git = async (...args) => (await run("git", ["-C", root, ...args])).trim();
  const dirty = await git("status", "--porcelain", "--untracked-files=no");
  const commit = await git("rev-parse", "HEAD");
  return {
    version,
    commit: dirty ? `${commit}-changed` : commit,
    seconds: Number(await git("log", "-1", "--format=%ct")),
  };
}

async function archive(job, { name, stage }) {
  const folder = await mkdtemp(join(job.temp, "stage-"));
  await stage(folder);
  const file = join(job.folder, name);
  await pack({ folder, file, seconds: job.release.seconds });
  await rm(folder, { recursive: true, force: true });
  return facts(file);
}

/** The gateway's and the Node.js archive of one target. */
async function makeTarget(job, target) {
  const { release, dist } = job;
  const { arch, glibc, node } = target;
  const gateway = await archive(job, {
    name: `openclaw-gateway-${release.version}-linux-${target.name}.tar.gz`,
    stage: async (folder) => {
      await stagePayload({ target, dist, folder, release });
      await writeFile(join(folder, "LICENSES.txt"), job.notices);
    },
  });
  if (gateway.length > PAYLOAD_BYTES) {
    throw new Error(`${gateway.name} weighs ${gateway.length} bytes, more than ${PAYLOAD_BYTES}`);
  }
  const runtime = await archive(job, {
    name: `node-${node}-linux-${arch}.tar.gz`,
    stage: (folder) => stageNode(target, folder),
  });
  return [
    { kind: "gateway", arch, glibc, ...gateway },
    { kind: "node", arch, glibc, ...runtime },
  ];
}

async function makeFiles(job, chosen) {
  const { release, folder } = job;
  const installer = await archive(job, {
    name: `openclaw-gateway-${release.version}-installer.tar.gz`,
    stage: stageInstaller,
  });
  const files = [{ kind: "installer", arch: "any", glibc: "0", ...installer }];
  for (const target of chosen) files.push(...(await makeTarget(job, target)));
  const papers = { "sbom.cdx.json": ["sbom", job.sbom], "LICENSES.txt": ["licenses", job.notices] };
  for (const [name, [kind, text]] of Object.entries(papers)) {
    await writeFile(join(folder, name), text);
    files.push({ kind, arch: "any", glibc: "0", ...(await facts(join(folder, name))) });
  }
  return files;
}

/** One archive with all that one target needs, for `install.sh --offline`. */
async function makeOffline(job, files, { name, arch, glibc }) {
  const wanted = files.filter(
    (file) => file.arch === "any" || (file.arch === arch && file.glibc === glibc),
  );
  return archive(job, {
    name: `openclaw-gateway-${job.release.version}-linux-${name}-offline.tar`,
    stage: async (folder) => {
      for (const file of ["manifest", "manifest.sig", ...wanted.map((row) => row.name)]) {
        await copyFile(join(job.folder, file), join(folder, file));
      }
    },
  });
}

async function publishable(job, out) {
  const url = options["base-url"].replace(/\/+$/, "");
  if (!/^https?:\/\/[^\s'"\\]+$/.test(url))
    throw new Error(`--base-url: expected https://…, not ${url}`);
  const text = await stageZero({
    base_url: url,
    public_key: await publicKey(options.sign),
  });
  await writeFile(join(out, "install.sh"), text, { mode: 0o755 });
  for (const name of ["manifest", "manifest.sig"]) {
    await copyFile(join(job.folder, name), join(out, name));
  }
}

async function main() {
  const chosen = chosenTargets(options.target);
  const release = await describe();
  const out = resolve(options.out);
  await replaceable(out);
  const temp = await mkdtemp(join(tmpdir(), "release-"));
  try {
    const dist = join(temp, "dist");
    const inputs = await buildProgram(dist);
    const rows = await parts(inputs);
    const nodes = [...new Set(chosen.map(({ node }) => node))];
    await rm(out, { recursive: true, force: true });
    const folder = join(out, release.version);
    await mkdir(folder, { recursive: true });
    const papers = { notices: notices(rows, nodes), sbom: sbom(release, rows, nodes) };
    const job = { release, temp, dist, folder, ...papers };
    const files = await makeFiles(job, chosen);
    await writeFile(join(folder, "manifest"), manifest(release, files));
    const signed = options.sign !== "";
    if (signed) await signFile(join(folder, "manifest"), options.sign);
    const extra = [];
    if (signed && options.offline) {
      for (const target of chosen) extra.push(await makeOffline(job, files, target));
    }
    const published = signed && options["base-url"] !== "";
    if (published) await publishable(job, out);
    report({ out, release, rows: [...files, ...extra], published });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** A folder that holds something other than a release is not thrown away. */
async function replaceable(out) {
  const exists = await access(out).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  const names = (await run("ls", ["-A", out])).split("\n").filter(Boolean);
  const known = /^(install\.sh|manifest|manifest\.sig|\d+\.\d+\.\d+.*)$/;
  const foreign = names.filter((name) => !known.test(name));
  if (foreign.length > 0) throw new Error(`${out} holds more than a release: ${foreign[0]}`);
}

function report({ out, release, rows, published }) {
  console.log(`Release ${release.version} of commit ${release.commit}\n`);
  for (const { name, length } of rows) {
    console.log(`${(length / 1024 / 1024).toFixed(2).padStart(8)} MiB  ${name}`);
  }
  console.log(`\nin ${out}`);
  if (release.commit.endsWith("-changed"))
    console.log("Not of a commit: the working tree has changes.");
  if (published)
    console.log(
      `\nPublish the folder as ${options["base-url"]}; owners then type\n  curl -fsSL ${options["base-url"]}/install.sh | bash`,
    );
  else
    console.log(
      "\nNo install.sh: it needs --base-url URL (where the folder will be) and --sign KEY.",
    );
}

if (options.help) console.log(help);
else {
  await main().catch((error) => {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  });
}
