import type { Limit } from "../../src/limits/limit.ts";

/** Limits whose number follows the machine: pages must read the same wherever they are made. */
const BY_MEMORY = /^(unauthenticatedSockets|waitingSockets|argon2AtOnce|heldBytes|deviceSockets)$/;

/** A limit's number as people write it. */
export function amountWords(name: string, { value, unit }: Limit): string {
  if (BY_MEMORY.test(name)) return "by memory";
  if (unit === "count") return value.toLocaleString("en");
  if (unit === "bytes") {
    return value >= 1024 * 1024
      ? `${+(value / 1024 / 1024).toFixed(2)} MiB`
      : `${value / 1024} KiB`;
  }
  return value >= 60_000 ? `${value / 60_000} min` : `${value / 1000} s`;
}
