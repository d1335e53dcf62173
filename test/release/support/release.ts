import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
const exec = promisify(execFile);

/** A first run fetches Node.js for the target. */
export const RELEASE_MS = 15 * 60_000;
/** The target that runs on every machine that runs tests: the one for older C libraries. */
export const target = `${process.arch}-glibc-2.28`;

export interface MadeRelease {
  readonly folder: string;
  /** What `npm run release` printed. */
  readonly said: string;
}

/** A key to sign test releases with: the private half's file. */
export async function makeKey(folder: string, name = "key"): Promise<string> {
  const file = join(folder, name);
  await exec("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  return file;
}

/** Runs `npm run release` with `args` as a person would, with `umask` and time zone of their own. */
export async function makeRelease(
  folder: string,
  args: readonly string[],
  odd: { readonly umask?: string; readonly zone?: string; readonly target?: string } = {},
): Promise<MadeRelease> {
  const { umask = "022", zone = "UTC" } = odd;
  const words = [
    "run",
    "-s",
    "release",
    "--",
    "--out",
    folder,
    "--target",
    odd.target ?? target,
    ...args,
  ];
  const script = `umask ${umask}; exec npm "$@"`;
  const { stdout } = await exec("sh", ["-c", script, "sh", ...words], {
    cwd: root,
    env: { ...process.env, TZ: zone },
  });
  return { folder, said: stdout };
}

/** SHA-256 of every file below `folder`, by its name there. */
export async function digests(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const rows = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const hash = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
      return [path.slice(folder.length + 1), hash] as const;
    }),
  );
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Part {
  readonly kind: string;
  readonly sha256: string;
  readonly length: number;
  readonly name: string;
}

/** The files that a manifest names. */
export function partsOf(manifest: string): Part[] {
  return manifest
    .split("\n")
    .filter((line) => line.startsWith("file "))
    .map((line) => {
      const [, kind = "", , , sha256 = "", length, name = ""] = line.split(" ");
      return { kind, sha256, length: Number(length), name };
    });
}

/** Exit code of `ssh-keygen -Y verify` for `text` with the signature in `signature`. */
export function verifies(
  text: string,
  signature: string,
  signers: string,
  namespace = "openclaw-gateway-release",
): Promise<number> {
  const words = ["-Y", "verify", "-f", signers, "-I", "release", "-n", namespace, "-s", signature];
  const child = spawn("ssh-keygen", words, { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.end(text);
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? -1)));
}
