import type { Vps } from "../../kit/vps.ts";

/**
 * What changes by itself, what Debian's own tools leave behind for every package that ever was, and
 * the installer's log, which stays after a failure for people to read.
 */
const PASSING = [
  "/proc",
  "/sys",
  "/dev",
  "/tmp",
  "/run",
  "/var/tmp",
  "/var/cache",
  "/var/log",
  "/var/www",
  "/var/lib/apt",
  "/var/lib/dpkg",
  "/var/lib/systemd",
  "/var/lib/openclaw-gateway/",
];

/** Everything else on the machine by its path: kind, mode, owner, target, and contents below /etc. */
export async function snapshot(vps: Vps): Promise<Map<string, string>> {
  const facts = await vps.ok(["find", "/", "-xdev", "-printf", "%p\t%y %m %U:%G %l\n"]);
  const sums = await vps.ok(["sh", "-c", "find /etc -type f -exec sha256sum {} +"]);
  const sockets = await vps.ok(["sh", "-c", "ls -d /run/openclaw* 2>/dev/null || :"]);
  const rows = new Map<string, string>();
  for (const line of facts.split("\n").filter(Boolean)) {
    const [path = "", fact = ""] = line.split("\t");
    if (!passing(path)) rows.set(path, fact);
  }
  for (const line of sums.split("\n").filter(Boolean)) {
    const path = line.slice(66);
    if (rows.has(path)) rows.set(path, `${rows.get(path)} ${line.slice(0, 64)}`);
  }
  for (const path of sockets.split("\n").filter((name) => name && !name.endsWith(".lock"))) {
    rows.set(path, "there");
  }
  return rows;
}

function passing(path: string): boolean {
  // The tools that make accounts keep the files before theirs under these names.
  if (/^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/.test(path)) return true;
  if (/^\/etc\/(\.pwd\.lock|ld\.so\.cache)$/.test(path)) return true;
  // Debian's own copies, made at midnight.
  if (/^\/var\/backups\/(dpkg|alternatives|apt)\./.test(path)) return true;
  return PASSING.some((prefix) => `${path}/`.startsWith(prefix) && path !== prefix.slice(0, -1));
}

/** What differs, one line each. */
export function changesOf(before: Map<string, string>, after: Map<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? "not there"} -> ${after.get(path) ?? "gone"}`);
}
