import { readFileSync } from "node:fs";
import type { Environment } from "../lib/environment.ts";

/** Set by the container's image; `0` says that this is no container. */
const VARIABLE = "OPENCLAW_CONTAINER";

/** Whether the gateway's container is what this program runs in, as {@link noteContainer} left it. */
export function inContainer(env: Environment): boolean {
  const said = env[VARIABLE];
  return said !== undefined && said !== "" && said !== "0";
}

/**
 * Sets `OPENCLAW_CONTAINER` where the image did not, and this program is what the first process is or was told
 * to start: on a machine that is init. (A file such as /.dockerenv tells nothing: it is also in containers
 * that people develop in, where `openclaw` is typed as on any machine.)
 */
export function noteContainer(env: NodeJS.ProcessEnv, first = firstProcess()): void {
  if (env[VARIABLE] === undefined && isOurs(first)) env[VARIABLE] = "1";
}

/** The words of the first process's command line; none where they may not be read. */
function firstProcess(): readonly string[] {
  return readWords("/proc/1/cmdline");
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

/** `node …/index.js` or `openclaw`, also behind a small init such as docker's. */
function isOurs(words: readonly string[]): boolean {
  const [first = ""] = words;
  const started = isSmallInit(first) ? words.slice(1) : words;
  return started.some((word) => /(^|\/)(index\.js|openclaw)$/.test(word));
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
