import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A control group that may use so much memory and no more, in the kernel's first hierarchy of them
 * (cgroup-v1 memory). What is started in it stays in it, with all that it starts.
 */
export class MemoryGroup {
  private constructor(readonly path: string) {}

  /** `undefined` where the kernel offers no such group to this process. */
  static async make(name: string, bytes: number): Promise<MemoryGroup | undefined> {
    const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
    const mount = mounts.find((line) => / - cgroup \S+ (\S*,)?memory(,|$)/.test(line));
    const own = (await readFile("/proc/self/cgroup", "utf8")).split("\n");
    const row = own.find((line) => line.split(":")[1]?.split(",").includes("memory"));
    if (!mount || !row) return undefined;
    const path = join(mount.split(" ")[4] ?? "", row.split(":")[2] ?? "/", name);
    await mkdir(path);
    await writeFile(join(path, "memory.limit_in_bytes"), String(bytes));
    return new MemoryGroup(path);
  }

  /** The most that was used at once, with the cache of files that the kernel kept, in bytes. */
  async peak(): Promise<number> {
    return Number(await readFile(join(this.path, "memory.max_usage_in_bytes"), "utf8"));
  }

  /** The most that could not be given back: programs' own memory now, in bytes. */
  async resident(): Promise<number> {
    const text = await readFile(join(this.path, "memory.stat"), "utf8");
    return Number(/^total_rss (\d+)$/m.exec(text)?.[1]);
  }

  /** Processes that were killed because the limit was reached. */
  async kills(): Promise<number> {
    const text = await readFile(join(this.path, "memory.oom_control"), "utf8");
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** When its processes have ended. */
  async remove(): Promise<void> {
    await rmdir(this.path).catch(() => undefined);
  }
}
