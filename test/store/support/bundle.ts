import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

/** A new empty folder for one test file. */
export function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "openclaw-store-"));
}

/** Bundles a TypeScript program so that Node 20 can run it; returns the file to run. */
export async function bundle(source: URL, folder: string): Promise<string> {
  const outfile = join(folder, "program.mjs");
  const entryPoints = [source.pathname];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm" });
  return outfile;
}

/** A running program and the lines that it has printed. */
export interface Program {
  process: ChildProcess;
  lines: string[];
  /** The first line from now on that `wanted` accepts, the ones so far included. */
  line(wanted: (line: string) => boolean): Promise<string>;
  /** Sends a line. */
  say(text: string): void;
  /** Kills with SIGKILL; resolves when it is gone and every line has been read. */
  kill(): Promise<void>;
  /** Resolves when it has ended by itself. */
  ended: Promise<void>;
}

export function start(program: string, args: string[]): Program {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => undefined);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const read = new Promise<void>((resolve) => reader.once("close", () => resolve()));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ended = Promise.all([read, exited]).then(() => undefined);
  return {
    process: child,
    lines,
    ended,
    say: (text) => child.stdin.write(`${text}\n`),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    line: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(wanted);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        ended.then(() => reject(new Error(`the program ended after: ${lines.join(" | ")}`)));
      }),
  };
}
