// Makes a folder that any static web server can publish: what scripts/install.sh installs.
import { existsSync } from "node:fs";
import {
  copyFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
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

async function archive(job, { name, stage, seconds = job.release.seconds }) {
  const folder = await mkdtemp(join(job.temp, "stage-"));
  await stage(folder);
  const file = join(job.folder, name);
  await pack({ folder, file, seconds });
  const unpacked = await sizeOnDisk(folder);
  await rm(folder, { recursive: true, force: true });
  return { ...(await facts(file)), unpacked };
}

/** The time that everything in an archive of Node.js carries. */
const NODE_SECONDS = 1_000_000_000;

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
    // The same bytes whatever the commit: who has this Node.js need not fetch it again.
    seconds: NODE_SECONDS,
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

/** install.sh, and the current manifest beside it. */
async function stagePublished(job, folder, { url, sign }) {
  const text = await stageZero({ base_url: url, public_key: await publicKey(sign) });
  await writeFile(join(folder, "install.sh"), text, { mode: 0o755 });
  for (const name of ["manifest", "manifest.sig"]) {
    await copyFile(join(job.folder, name), join(folder, name));
  }
}

/**
 * Makes the release in a folder of its own and moves it to where it goes, so that a failure leaves there
 * what was there.
 * @param {{ out: string, "base-url": string, sign: string, target: string[], offline: boolean }} options
 */
export async function makeRelease(options) {
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
    const made = join(temp, "made");
    const folder = join(made, release.version);
    await mkdir(folder, { recursive: true });
    const papers = { notices: notices(rows, nodes), sbom: sbom(release, rows, nodes) };
    const job = { release, temp, dist, folder, ...papers };
    const files = await makeFiles(job, chosen);
    await writeFile(join(folder, "manifest"), manifest(release, files));
    const { sign, "base-url": url } = options;
    if (sign !== "") await signFile(join(folder, "manifest"), sign);
    const extra = [];
    if (sign !== "" && options.offline) {
      for (const target of chosen) extra.push(await makeOffline(job, files, target));
    }
    const published = sign !== "" && url !== "";
    if (published) await stagePublished(job, made, { url, sign });
    await moveInto(out, made, release.version);
    report({ out, url, release, rows: [...files, ...extra], published });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** A folder that holds something other than releases is none to publish. */
async function replaceable(out) {
  const names = await readdir(out).catch(() => []);
  const known = /^(install\.sh|manifest|manifest\.sig|\d+\.\d+\.\d+.*)$/;
  const foreign = names.find((name) => !known.test(name));
  if (foreign !== undefined) throw new Error(`${out} holds more than releases: ${foreign}`);
}

/** This version's folder is replaced, those of others stay; what names the newest one comes last. */
async function moveInto(out, made, version) {
  const fresh = join(out, `${version}.new`);
  await rm(fresh, { recursive: true, force: true });
  await cp(join(made, version), fresh, { recursive: true });
  await rm(join(out, version), { recursive: true, force: true });
  await rename(fresh, join(out, version));
  for (const name of ["manifest.sig", "manifest", "install.sh"]) {
    await rm(join(out, name), { force: true });
    if (existsSync(join(made, name))) await copyFile(join(made, name), join(out, name));
  }
}

/** Bytes that the files below `folder` take in blocks of 4 KiB. */
async function sizeOnDisk(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const { size } = await lstat(join(entry.parentPath, entry.name));
    return entry.isDirectory() ? 4096 : Math.ceil(size / 4096) * 4096;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function report({ out, url, release, rows, published }) {
  console.log(`Release ${release.version} of commit ${release.commit}\n`);
  for (const { name, length } of rows) {
    console.log(`${(length / 1024 / 1024).toFixed(2).padStart(8)} MiB  ${name}`);
  }
  console.log(`\nin ${out}`);
  if (release.commit.endsWith("-changed"))
    console.log("Not of a commit: the working tree has changes.");
  if (published)
    console.log(
      `\nPublish the folder as ${url}; owners then type\n  curl -fsSL ${url}/install.sh | bash`,
    );
  else
    console.log(
      "\nNo install.sh: it needs --base-url URL (where the folder will be) and --sign KEY.",
    );
}
