// The manifest: what a release consists of, in lines that a shell script reads without help.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.mjs";

/** What signatures are made for; one made for anything else is refused. */
export const NAMESPACE = "openclaw-gateway-release";
/** Under this name the installer knows the key. */
export const SIGNER = "release";

/**
 * @param {{ version: string, commit: string, seconds: number }} release
 * @param {readonly { kind: string, arch: string, glibc: string, name: string, sha256: string, length: number, unpacked?: number }[]} files
 */
export function manifest(release, files) {
  const rows = files.map(({ kind, arch, glibc, name, sha256, length }) =>
    ["file", kind, arch, glibc, sha256, length, name].join(" "),
  );
  // What the files weigh unpacked; installers of before read past it.
  const sizes = files
    .filter(({ unpacked }) => unpacked !== undefined)
    .map(({ unpacked, name }) => `unpacked ${unpacked} ${name}`);
  return [
    "openclaw-gateway-release 1",
    `version ${release.version}`,
    `commit ${release.commit}`,
    `time ${release.seconds}`,
    ...rows,
    ...sizes,
    "end",
    "",
  ].join("\n");
}

/** Signs `file` with an SSH key (a private key's file, or a public one whose other half an agent has). */
export async function signFile(file, key) {
  await run("ssh-keygen", ["-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, file]);
  return `${file}.sig`;
}

/** The public half, as `type base64`. */
export async function publicKey(key) {
  const beside = await readFile(`${key}.pub`, "utf8").catch(() => undefined);
  const text = beside ?? (await run("ssh-keygen", ["-y", "-P", "", "-f", key]));
  return text.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** Throws where `key` does not sign, so that it is known before the work and not after it. */
export async function signedTrial(key) {
  const folder = await mkdtemp(join(tmpdir(), "release-key-"));
  try {
    const file = join(folder, "trial");
    await writeFile(file, "");
    await publicKey(key);
    await signFile(file, key);
  } catch (error) {
    throw new Error(
      `--sign: ${key} does not sign: ${error.message}\n  next: name a private SSH key without a passphrase, or one that ssh-agent holds (ssh-add ${key})`,
      { cause: error },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
