import { readlink, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { whyFailed } from "../lib/system-words.ts";
import { shell } from "../protocol/command.ts";
import { say } from "../protocol/text.ts";
import type { EditPlan } from "./edit.ts";
import { ConfigError, errorFromIssues } from "./errors.ts";
import { readSource } from "./load.ts";

/** What must stay as it was when a file is replaced. */
export interface FileIdentity {
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Replaces a file atomically and durably. `identity` is that of the file being replaced,
 * undefined when the file is new (then 0600).
 */
export type WriteFile = (path: string, text: string, identity?: FileIdentity) => Promise<void>;

/** A config file at one moment. `raw` may hold clear secrets. */
export interface ConfigFile {
  /** The file's path, as named by the user. */
  readonly path: string;
  /** What is written to: behind all symbolic links. */
  readonly target: string;
  readonly raw: string | null;
  /** Hash of the file's text, as in ConfigSource. */
  readonly hash: string;
  readonly identity: FileIdentity | undefined;
}

/** @throws ConfigError CONFIG_READ */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const target = await followLinks(path);
  const { source, error } = await readSource(target);
  if (error) throw errorFromIssues(error, [error]);
  const { raw, hash } = source;
  return { path, target, raw, hash, identity: raw === null ? undefined : await identityOf(target) };
}

/**
 * Writes `plan`, which was made from the text of `file`, unless the file became another since it was
 * read or nothing is to be written.
 * @throws ConfigError CONFIG_CHANGED, CONFIG_READ, CONFIG_WRITE
 */
export async function writePlan(
  file: ConfigFile,
  plan: EditPlan,
  writeFile: WriteFile,
): Promise<void> {
  if (plan.before !== file.raw) throw changedMeanwhile(file);
  if (plan.after === null || plan.after === plan.before) return;
  const now = await readConfigFile(file.path);
  if (now.hash !== file.hash || now.target !== file.target) throw changedMeanwhile(file);
  try {
    await writeFile(file.target, plan.after, file.identity);
  } catch (cause) {
    const code = whyFailed(cause);
    const folder = dirname(file.target);
    const next = say`${shell`ls -ld ${folder}`} && ${shell`df -h ${folder}`}`;
    throw new ConfigError("CONFIG_WRITE", `the config can't be written: ${code}`, { next, cause });
  }
}

/** The wording is what OpenClaw clients look for. */
export function changedMeanwhile(file: ConfigFile): ConfigError {
  const message = "config changed since last load; re-run config.get and retry";
  return new ConfigError("CONFIG_CHANGED", message, { next: shell`cat ${file.path}` });
}

const maxLinks = 40;

/** The file behind symbolic links, also when the last link points to nothing yet. */
async function followLinks(path: string): Promise<string> {
  let at = resolve(path);
  for (let links = 0; links < maxLinks; links += 1) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real;
    const aim = await readlink(at).catch(() => undefined);
    if (aim === undefined) return at;
    at = resolve(dirname(at), aim);
  }
  return at;
}

async function identityOf(path: string): Promise<FileIdentity | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
}
