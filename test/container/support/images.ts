import { spawn } from "node:child_process";
import { cp, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { vpsBase } from "../../kit/vps-base.ts";
import { type Engine, FOLDER } from "./engine.ts";

/** What images leave out of Debian, as those that are published do. */
const LEFT_OUT = ["doc", "man", "locale"].map((name) => `--exclude=./usr/share/${name}/*`);

/**
 * The two images that the Dockerfile starts from, under the names that it says: a bare Debian, and one
 * with the Node.js and npm of this machine.
 */
export async function importBases(engine: Engine): Promise<void> {
  const named = await baseNames(engine);
  const tar = ["-C", await vpsBase("bare"), ...LEFT_OUT, "-cf", "-", "."];
  const input = spawn("tar", tar, { stdio: ["ignore", "pipe", "inherit"] }).stdout;
  await engine.ok(["docker", "import", "-", named.base], { input });
  const folder = "/root/node";
  await stageNode(engine.path(folder), named.base);
  await engine.ok(["docker", "build", "--quiet", "--tag", named.node, folder]);
  await engine.ok(["rm", "-r", folder]);
}

/** What the Dockerfile starts from where it is told of nothing else. */
async function baseNames(engine: Engine): Promise<{ base: string; node: string }> {
  const dockerfile = await readFile(engine.path(`${FOLDER}/Dockerfile`), "utf8");
  const named = (arg: string) => new RegExp(`^ARG ${arg}=(\\S+)$`, "m").exec(dockerfile)?.[1] ?? "";
  return { base: named("BASE"), node: named("NODE_IMAGE") };
}

/** Builds the image as the compose file says. */
export async function buildImage(engine: Engine): Promise<void> {
  await engine.ok(["docker", "compose", "--progress=plain", "build"], { folder: FOLDER });
}

/** Megabytes of an image with all its layers; of the bare Debian where none is named. */
export async function sizeOf(engine: Engine, name?: string): Promise<number> {
  const image = name ?? (await baseNames(engine)).base;
  const bytes = await engine.ok(["docker", "image", "inspect", "--format", "{{.Size}}", image]);
  return Math.round(Number(bytes) / 1e6);
}

/** Node.js and npm of this machine, with how npm reaches its packages here. */
async function stageNode(folder: string, base: string): Promise<void> {
  const bin = join(folder, "files/usr/local/bin");
  const modules = join(folder, "files/usr/local/lib/node_modules");
  await mkdir(bin, { recursive: true });
  await cp(process.execPath, join(bin, "node"));
  await cp(await npmFolder(), join(modules, "npm"), { recursive: true });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(bin, "npm"));
  const lines = [`FROM ${base}`, "COPY files /"];
  for (const [name, file] of Object.entries(await npmFiles())) {
    const there = `/etc/npm/${name}`;
    await mkdir(join(folder, "files/etc/npm"), { recursive: true });
    await cp(file, join(folder, "files", there));
    lines.push(`ENV ${name}=${there}`);
  }
  for (const name of ["http_proxy", "https_proxy", "no_proxy"]) {
    const value = process.env[name] ?? process.env[name.toUpperCase()];
    if (value) lines.push(`ENV ${name}=${value}`);
  }
  await writeFile(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
}

async function npmFolder(): Promise<string> {
  const folders = (process.env["PATH"] ?? "").split(":");
  const found = await Promise.all(
    folders.map((folder) => realpath(join(folder, "npm")).catch(() => undefined)),
  );
  const cli = found.find((path) => path?.endsWith("npm-cli.js"));
  if (cli === undefined) throw new Error("npm is not on the path");
  return resolve(dirname(cli), "..");
}

/** Files that say here how npm reaches its packages, by the variables that name them. */
async function npmFiles(): Promise<Record<string, string>> {
  const ca = process.env["NODE_EXTRA_CA_CERTS"];
  return ca ? { NODE_EXTRA_CA_CERTS: ca } : {};
}
