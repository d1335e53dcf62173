import { existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { Environment } from "../../lib/environment.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { OPENCLAW } from "../../protocol/command.ts";
import { commandName } from "../../words/command.ts";

/**
 * How people must type the program here: `OPENCLAW_COMMAND` where it is set; in a clone, where no
 * `openclaw` is on the path, node and the script as it was started.
 */
export function typedCommand(env: Environment, script: string | undefined): string {
  const named = commandName(env);
  if (named !== OPENCLAW || !script || basename(script) !== "index.js") return named;
  const folders = (env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  if (folders.some((folder) => existsSync(join(folder, OPENCLAW)))) return named;
  const near = relative(process.cwd(), script);
  return `node ${shellWord(near.startsWith("..") ? script : near)}`;
}
