import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { inContainer } from "../host/container.ts";
import type { Environment } from "../lib/environment.ts";
import { systemCode, whyFailed } from "../lib/system-words.ts";
import { asRoot, shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";
import { ConfigError } from "./errors.ts";

/** Where Linux counts what watches take, and how much is plenty. */
const KERNEL = {
  EMFILE: { what: "inotify instance", key: "fs.inotify.max_user_instances", plenty: 1024 },
  ENOSPC: { what: "inotify watch", key: "fs.inotify.max_user_watches", plenty: 524_288 },
} as const;

/**
 * Why the file at `path` can't be watched, and that it is compared every `everyMs` milliseconds instead.
 * The kernel says "too many open files" and "no space left" of its own bounds on watches.
 */
export function watchFailure(
  cause: unknown,
  path: string,
  { everyMs, env }: { readonly everyMs: number; readonly env: Environment },
): ConfigError {
  const { why, next } = reasonOf(cause, path, env);
  const seconds = Math.round(everyMs / 1000);
  const message = `the config file can't be watched, so it is compared every ${seconds} s instead: ${why}`;
  return new ConfigError("CONFIG_WATCH", message, { next, cause });
}

function reasonOf(cause: unknown, path: string, env: Environment): { why: string; next: Text } {
  const code = systemCode(cause);
  const bound = code === "EMFILE" || code === "ENOSPC" ? KERNEL[code] : undefined;
  if (bound === undefined || (code === "EMFILE" && !canOpen())) {
    return { why: whyFailed(cause), next: shell`ls -ld ${dirname(path)}` };
  }
  const { what, key, plenty } = bound;
  const now = readBound(key);
  const more = Math.max(plenty, now * 2);
  const raise = asRoot(shell`sysctl -w ${key}=${more}`);
  return {
    why: `this user has no ${what} left (${key}${now > 0 ? ` is ${now}` : ""})`,
    next: inContainer(env) ? say`on the host: ${raise}` : raise,
  };
}

/** Whether a file can be opened: where it can, it is not files that there are too many of. */
function canOpen(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch {
    return false;
  }
}

function readBound(key: string): number {
  try {
    return Number(readFileSync(`/proc/sys/${key.replaceAll(".", "/")}`, "utf8")) || 0;
  } catch {
    return 0;
  }
}
