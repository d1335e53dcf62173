import { readFileSync } from "node:fs";

/** What a process needs besides its connections: state, logs, listeners, the owner's command line. */
const RESERVE = 192;
const FEWEST = 16;

/** How many files a process may have open: now, and at most (RLIMIT_NOFILE). */
export interface OpenFiles {
  readonly soft: number;
  readonly hard: number;
}

/** The limit of open files in the text of `/proc/PID/limits` (proc(5)); undefined where it has none. */
export function openFilesIn(limits: string): OpenFiles | undefined {
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(limits) ?? [];
  if (soft === undefined || hard === undefined) return undefined;
  const number = (word: string) => (word === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(word));
  return { soft: number(soft), hard: number(hard) };
}

/** How many files this process may have open now; undefined where no one says. */
export function openFilesLimit(): number | undefined {
  try {
    return openFilesIn(readFileSync("/proc/self/limits", "utf8"))?.soft;
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
