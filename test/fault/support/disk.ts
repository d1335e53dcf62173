import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BLOCK = 4096;

/** A real file system of a few megabytes that is the test's own: it can be filled and locked. */
export class SmallDisk {
  readonly #filler: string;

  private constructor(readonly path: string) {
    this.#filler = join(path, "filler");
  }

  /** Throws where mounting is not allowed: see {@link mayMount}. */
  static mount(kibibytes = 2048): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), "gateway-disk-"));
    try {
      mount("-t", "tmpfs", "-o", `size=${kibibytes}k,mode=700`, "tmpfs", path);
    } catch (error) {
      rmdirSync(path);
      throw error;
    }
    return new SmallDisk(path);
  }

  /** Takes up every block that is left. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, "a");
    try {
      for (;;) await file.appendFile(Buffer.alloc(BLOCK));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      await file.close();
    }
  }

  /** Gives all blocks back that {@link fill} took. */
  free(): Promise<void> {
    return rm(this.#filler, { force: true });
  }

  /** Bytes that are free. */
  get room(): number {
    const [, line = ""] = execFileSync("df", ["--output=avail", "-B1", this.path])
      .toString()
      .split("\n");
    return Number(line);
  }

  /** Turns read-only, as a kernel does with a disk that it does not trust any more. */
  lock(): void {
    // Files stay open for writing: a lazy second mount would be needed to forbid that by remounting.
    mount("-o", "remount,ro", this.path);
  }

  unlock(): void {
    mount("-o", "remount,rw", this.path);
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.path], { stdio: "ignore" });
    rmdirSync(this.path);
  }
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Whether this process may mount; says so once where it may not, because tests are skipped then. */
export function mayMount(): boolean {
  try {
    SmallDisk.mount(64).unmount();
    return true;
  } catch {
    console.warn("skipped: mounting a file system needs root");
    return false;
  }
}

/** Whether a program can be run with these arguments; says so where it cannot. */
export function canRun(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    console.warn(`skipped: ${[program, ...args].join(" ")} cannot be run here`);
    return false;
  }
}
