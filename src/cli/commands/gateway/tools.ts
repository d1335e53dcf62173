import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "../../../lib/environment.ts";

/** What a program said and how it ended; `exit` is undefined where there is no such program. */
export interface ToolResult {
  readonly exit: number | undefined;
  readonly text: string;
}

const mostText = 64 * 1024;

/** Runs another program to its end and collects what it prints. */
export function runTool(
  command: string,
  args: readonly string[],
  env: Environment,
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const collect = (part: Buffer) => {
      if (text.length < mostText) text += part.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve({ exit: undefined, text: "" });
      else reject(error);
    });
    child.once("close", (code) => resolve({ exit: code ?? 1, text: text.trim() }));
  });
}

/** A program of this project's own packages: on the path, else in a `node_modules/.bin` above. */
export function findTool(name: string, env: Environment): string {
  const onPath = (env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, name)));
  if (onPath) return name;
  const starts = [dirname(fileURLToPath(import.meta.url)), process.cwd()];
  const found = starts
    .flatMap(foldersAbove)
    .map((folder) => join(folder, "node_modules", ".bin", name));
  return found.find((path) => existsSync(path)) ?? name;
}

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersAbove(above)];
}
