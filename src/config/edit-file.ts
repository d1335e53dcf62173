import type { Stats } from "node:fs";
import { readlink, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemCode, whyFailed } from "../lib/system-words.ts";
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

/** What is replaced: the file's text, and whose it is. */
export interface Replaced extends FileIdentity {
  readonly text: string;
}

/** Whether another file took the old one's place, or the same file was given another content. */
export type Written = "replaced" | "in place";

/**
 * Makes a file say `text`, durably: by replacing it, or where it can't be replaced in place. `before` is
 * what it was, undefined when the file is new (then 0600).
 */
export type WriteFile = (path: string, text: string, before?: Replaced) => Promise<Written>;

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
  /** A mount shows it, and where that comes from it is gone: what is written would be seen nowhere else. */
  readonly orphaned: boolean;
}

/** @throws ConfigError CONFIG_READ */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const target = await followLinks(path);
  const { source, error } = await readSource(target);
  if (error) throw errorFromIssues(error, [error]);
  const { raw, hash } = source;
  const found = raw === null ? undefined : await stat(target).catch(() => undefined);
  const orphaned = found?.nlink === 0;
  return { path, target, raw, hash, identity: found && identityOf(found), orphaned };
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
): Promise<Written | undefined> {
  if (plan.before !== file.raw) throw changedMeanwhile(file);
  if (plan.after === null || plan.after === plan.before) return undefined;
  const now = await readConfigFile(file.path);
  if (now.hash !== file.hash || now.target !== file.target) throw changedMeanwhile(file);
  if (now.orphaned) throw orphaned(file);
  const { identity, raw } = file;
  try {
    return await writeFile(
      file.target,
      plan.after,
      identity && raw !== null ? { ...identity, text: raw } : undefined,
    );
  } catch (cause) {
    throw notWritten(file, cause);
  }
}

function notWritten({ target }: ConfigFile, cause: unknown): ConfigError {
  const folder = dirname(target);
  // A mount that is for reading alone says so of itself, and not of its folder.
  const next =
    systemCode(cause) === "EROFS"
      ? shell`findmnt -T ${target}`
      : say`${shell`ls -ld ${folder}`} && ${shell`df -h ${folder}`}`;
  const message = `the config can't be written: ${whyFailed(cause)}`;
  return new ConfigError("CONFIG_WRITE", message, { next, cause });
}

function orphaned({ target }: ConfigFile): ConfigError {
  const message = `${target} is mounted by itself and was replaced where it comes from: a change made here would be lost; start the container again first`;
  return new ConfigError("CONFIG_WRITE", message, { next: shell`findmnt -T ${target}` });
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

function identityOf({ mode, uid, gid }: Stats): FileIdentity {
  return { mode: mode & 0o7777, uid, gid };
}
