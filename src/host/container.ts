import { readFileSync, readlinkSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import type { Environment } from "../lib/environment.ts";

/** Set by the container's image; each of {@link NO} says that this is no container. */
const VARIABLE = "OPENCLAW_CONTAINER";
const NO: readonly string[] = ["", "0", "false", "no"];

/** What the container was started with, and this program's own script. */
interface FirstProcess {
  /** The words of its command line. */
  readonly words: readonly string[];
  /** Its working directory; `undefined` where that may not be read. */
  readonly folder: string | undefined;
  /** Absolute path of the script that runs here. */
  readonly script: string | undefined;
}

/** Whether the gateway's container is what this program runs in, as {@link noteContainer} left it. */
export function inContainer(env: Environment): boolean {
  const said = env[VARIABLE];
  return said !== undefined && !NO.includes(said.toLowerCase());
}

/**
 * Sets `OPENCLAW_CONTAINER` where the image did not, and this program is what the first process is or was told
 * to start: on a machine that is init. (A file such as /.dockerenv tells nothing: it is also in containers
 * that people develop in, where `openclaw` is typed as on any machine.)
 */
export function noteContainer(env: NodeJS.ProcessEnv, first?: FirstProcess): void {
  if (env[VARIABLE] !== undefined) return;
  const { argv } = process;
  const known = first ?? { words: firstProcess(), folder: firstFolder(), script: argv[1] };
  if (isOurs(known)) env[VARIABLE] = "1";
}

/** The words of the first process's command line; none where they may not be read. */
function firstProcess(): readonly string[] {
  return readWords("/proc/1/cmdline");
}

function firstFolder(): string | undefined {
  try {
    return readlinkSync("/proc/1/cwd");
  } catch {
    return undefined;
  }
}

/** The words of this program's command line, as they were typed: Node.js makes its script's path absolute. */
export function ownWords(): readonly string[] {
  return readWords("/proc/self/cmdline");
}

function readWords(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/**
 * `openclaw`, Node.js with our script, or with any `index.js gateway run`, also behind a small init such as
 * docker's. Of an `index.js` alone it is not known whose it is: other programs have one as well.
 */
function isOurs({ words, folder, script }: FirstProcess): boolean {
  const [first = ""] = words;
  const started = isSmallInit(first) ? words.slice(1) : words;
  const [program = "", file = "", ...rest] = started.filter((word) => !word.startsWith("-"));
  if (basename(program) === "openclaw") return true;
  if (!/^node(js)?$/.test(basename(program))) return false;
  if (basename(file) === "openclaw") return true;
  if (basename(file) === "index.js" && rest[0] === "gateway" && rest[1] === "run") return true;
  return started.some((word) => script !== undefined && pathOf(word, folder) === script);
}

/** The path that a word is where it is read in `folder`; `undefined` where that is not known. */
function pathOf(word: string, folder: string | undefined): string | undefined {
  if (isAbsolute(word)) return word;
  return folder === undefined ? undefined : join(folder, word);
}

/** Whether a program starts one other and does nothing else: what runs below it has its container to itself. */
function isSmallInit(program: string): boolean {
  return /(^|\/)(docker-init|tini|catatonit|dumb-init)$/.test(program);
}

/** Whether this program is all that its container was made for, as with `docker compose run`. */
export function hasOwnContainer(
  { pid, ppid }: { readonly pid: number; readonly ppid: number },
  [first = ""]: readonly string[] = firstProcess(),
): boolean {
  return pid === 1 || (ppid === 1 && isSmallInit(first));
}
