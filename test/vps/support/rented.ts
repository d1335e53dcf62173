import { LONG } from "../../kit/long.ts";
import type { VpsKind } from "../../kit/vps-base.ts";

/** The machines that people rent, which a file of tests goes through: at its longest Debian 12 too. */
export const RENTED: readonly VpsKind[] = LONG ? ["rented", "rented-12"] : ["rented"];

/** What a release is built for that is installed on such a machine. */
export function builtFor(kind: VpsKind): string {
  return `${process.arch}-glibc-${kind === "rented-12" ? "2.28" : "2.38"}`;
}
