import { totalmem } from "node:os";
import { MiB } from "./limit.ts";

/**
 * The memory that this process may use: the machine's, or what its control group leaves it where that
 * is less. (Without a limit Node.js answers 0 there, or more than any machine has.)
 */
export function usableMemory(
  machine = totalmem(),
  constrained = process.constrainedMemory?.() ?? 0,
): number {
  return constrained > 0 ? Math.min(machine, constrained) : machine;
}

interface MemoryUse {
  readonly part: number;
  readonly bytes: number;
  readonly least: number;
  readonly most: number;
}

/** The limits that follow the memory that may be used: which part of it, for things of how many bytes. */
export const byMemory = {
  unauthenticatedSockets: { part: 1 / 4, bytes: 8 * MiB, least: 8, most: 512 },
  waitingSockets: { part: 1 / 8, bytes: 8 * MiB, least: 8, most: 256 },
  deviceSockets: { part: 1 / 4, bytes: 8 * MiB, least: 8, most: 512 },
  heldBytes: { part: 1 / 16, bytes: 1, least: 16 * MiB, most: 2048 * MiB },
} as const satisfies Record<string, MemoryUse>;

/** What the gateway takes by itself, with some state: none of it is for clients. */
const OWN = 192 * MiB;

/** So many of what takes `bytes` each as fit into a part of the memory for clients, within bounds. */
export function fitting({ part, bytes, least, most }: MemoryUse, memory = usableMemory()): number {
  return Math.min(most, Math.max(least, Math.floor(((memory - OWN) * part) / bytes)));
}
