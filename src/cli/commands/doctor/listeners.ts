import { readdir, readFile, readlink } from "node:fs/promises";

/** State of a listening socket in the kernel's table. */
const LISTEN = "0A";

/**
 * Which of `ports` are listened on, and by which processes as far as this user may see; `undefined`
 * where the kernel does not tell. Nothing is dialled or bound.
 */
export async function listeners(
  ports: readonly number[],
): Promise<Map<number, string> | undefined> {
  const tables = await Promise.all(["tcp", "tcp6"].map(readTable));
  if (tables.every((table) => table === undefined)) return undefined;
  const inodes = new Map<string, number>();
  for (const [port, inode] of tables.flatMap((table) => table ?? [])) {
    if (ports.includes(port)) inodes.set(inode, port);
  }
  const found = new Map([...inodes.values()].map((port) => [port, "another program"]));
  if (inodes.size > 0) await nameOwners(inodes, found);
  return found;
}

/** Port and socket inode of everything that listens. */
async function readTable(name: string): Promise<[number, string][] | undefined> {
  const text = await readFile(`/proc/net/${name}`, "utf8").catch(() => undefined);
  return text
    ?.split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[3] === LISTEN)
    .map((words) => [Number.parseInt(words[1]?.split(":")[1] ?? "0", 16), words[9] ?? ""]);
}

async function nameOwners(
  inodes: ReadonlyMap<string, number>,
  found: Map<number, string>,
): Promise<void> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      const port = inodes.get(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "");
      if (port === undefined) continue;
      const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
      found.set(port, `process ${pid} (${name.trim() || "unnamed"})`);
    }
  }
}
