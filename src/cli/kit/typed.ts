import { existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { Environment } from "../../lib/environment.ts";
import { commandName, DEFAULT_COMMAND } from "../../words/command.ts";

/**
 * Our own commands in a text. No more than those: a device may be called `openclaw on laptop`, and
 * what is typed on another machine is typed as that one says.
 */
const COMMANDS =
  /(?<!on (?:the gateway host|that machine): )\bopenclaw (?=(?:gateway|devices|nodes|ssh|config|token|audit|notify|logs|connect|health|status|doctor|help|--help|--url)(?![\w-]))/g;

/**
 * How people must type the program here: `OPENCLAW_COMMAND` where it is set; in a clone, where no
 * `openclaw` is on the path, node and the script as it was started.
 */
export function typedCommand(env: Environment, script: string | undefined): string {
  const named = commandName(env);
  if (named !== DEFAULT_COMMAND || !script || basename(script) !== "index.js") return named;
  const folders = (env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  if (folders.some((folder) => existsSync(join(folder, DEFAULT_COMMAND)))) return named;
  const near = relative(process.cwd(), script);
  return `node ${near.startsWith("..") ? script : near}`;
}

/** `line` with our commands in it written as `command()` says they are typed. */
export function asTypedHere(line: string, command: () => string): string {
  return line.includes("openclaw ") ? line.replace(COMMANDS, () => `${command()} `) : line;
}
