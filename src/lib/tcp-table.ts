import { readFile } from "node:fs/promises";
import { normalizeAddress } from "./net.ts";

/** FIN_WAIT1 and FIN_WAIT2: this side has ended the connection and the other has not hung up. */
const ENDED = new Set(["04", "05"]);

/**
 * The peers of TCP connections that this machine ended on one of `ports`, while a program still has them
 * open and the peer has not hung up: how many there are of each address. From the kernel's own table;
 * `undefined` where there is none to read.
 */
export async function endedConnections(
  ports: ReadonlySet<number>,
): Promise<ReadonlyMap<string, number> | undefined> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/self/net/${name}`, "latin1").catch(() => "")),
  );
  if (tables.every((text) => text === "")) return undefined;
  const counts = new Map<string, number>();
  for (const text of tables) countEnded(text, ports, counts);
  return counts;
}

/** Adds the rows of one table, which begins with a line of headings. */
export function countEnded(
  table: string,
  ports: ReadonlySet<number>,
  counts: Map<string, number>,
): void {
  for (const line of table.split("\n").slice(1)) {
    const [, local = "", remote = "", state = "", , , , , , inode] = line.trim().split(/\s+/);
    // Without an inode no program has it open any more.
    if (!ENDED.has(state) || inode === "0") continue;
    if (!ports.has(Number.parseInt(local.slice(local.indexOf(":") + 1), 16))) continue;
    const address = addressOf(remote.slice(0, remote.indexOf(":")));
    if (address !== undefined) counts.set(address, (counts.get(address) ?? 0) + 1);
  }
}

/** An address as the kernel prints it: words of 32 bits, each with its bytes in the processor's order. */
function addressOf(hex: string): string | undefined {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length % 4 !== 0) return undefined;
  bytes.swap32();
  if (bytes.length === 4) return bytes.join(".");
  return normalizeAddress(bytes.toString("hex").replace(/(.{4})(?=.)/g, "$1:"));
}
