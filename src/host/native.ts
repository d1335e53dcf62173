import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import pinned from "./native-pins.json" with { type: "json" };

/** The WebSocket server's native part for this machine and this Node.js, below its package's folder. */
export const serverModule = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;

/** The native part of the password hashes, below its package's folder, as releases have it. */
export const hashModule = `prebuilds/${process.platform}-${process.arch}/argon2.${process.arch === "arm64" ? "armv8." : ""}glibc.node`;

/** SHA-256 in hex by package and path; scripts/pin-native.mjs writes it. */
export type Pins = Readonly<Record<string, string>>;

/** A native module that is not the one this program was built and tested with. */
export class ForeignNative extends Error {
  override readonly name = "ForeignNative";

  constructor(readonly file: string) {
    super(`${file} is not the file that belongs to this release`);
  }
}

/**
 * Whether a native module is the pinned one, before anything of it runs. `module`: its path below the
 * folder of the package `name`. A file that is missing is told by the loading that follows.
 * @throws ForeignNative where it is another, or none is pinned for this platform
 */
export function checkNative(
  name: string,
  module: string,
  { pins = pinned, folder = folderOf(name) }: { pins?: Pins; folder?: string } = {},
): void {
  const file = join(folder, module);
  const found = sha256Of(file);
  if (found !== undefined && found !== pins[`${name}/${module}`]) throw new ForeignNative(file);
}

function folderOf(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(name));
}

/**
 * Less than what glibc maps on its own (128 KB): once it has freed a larger block, it keeps twice that
 * size of what is freed later.
 */
const PART_BYTES = 64 * 1024;

/** In parts: the whole of it would stay in the process's memory for a while. */
function sha256Of(file: string): string | undefined {
  const hash = createHash("sha256");
  const part = Buffer.allocUnsafe(PART_BYTES);
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    for (;;) {
      const bytes = readSync(handle, part, 0, PART_BYTES, null);
      if (bytes === 0) return hash.digest("hex");
      hash.update(part.subarray(0, bytes));
    }
  } finally {
    closeSync(handle);
  }
}
