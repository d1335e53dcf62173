import { readFileSync } from "node:fs";

/** What a process needs besides its connections: state, logs, listeners, the owner's command line. */
const RESERVE = 192;
const FEWEST = 16;

/** How many files this process may have open (RLIMIT_NOFILE); undefined where no one says. */
export function openFilesLimit(): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * How many connections fit, `wanted` at most. A server that runs out of descriptors can neither accept
 * nor refuse: it spins, and cannot even write its state.
 */
export function connectionsThatFit(wanted: number, openFiles = openFilesLimit()): number {
  if (openFiles === undefined) return wanted;
  return Math.min(wanted, Math.max(FEWEST, openFiles - RESERVE));
}
