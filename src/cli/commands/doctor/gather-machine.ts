import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { inContainer } from "../../../host/container.ts";
import { openFilesIn } from "../../../host/descriptors.ts";
import type { Environment } from "../../../lib/environment.ts";
import { ownUser } from "../../../words/mount-owner.ts";
import { UNIT } from "../../reach/connect.ts";
import { runTool } from "../gateway/tools.ts";
import { isAlive } from "../gateway/wait.ts";
import type { GatewayFacts, MachineState } from "./facts.ts";
import { listeners } from "./listeners.ts";

interface Asked {
  readonly env: Environment;
  readonly gateway: GatewayFacts;
  readonly stateDir: string;
  /** Absent where the configuration does not tell. */
  readonly port: number | undefined;
}

const DEFAULT_PORT = 18_789;

/** Looks at the machine around the gateway; other programs are looked at, never asked or touched. */
export async function gatherMachine(asked: Asked): Promise<MachineState> {
  const { env, gateway, port } = asked;
  const home = env["HOME"] || homedir();
  const listening = await listeners([DEFAULT_PORT, ...(port === undefined ? [] : [port])]);
  const [unit, pm2, others] = await Promise.all([
    unitFacts(env),
    pm2Facts(env["PM2_HOME"] || join(home, ".pm2")),
    otherFacts(asked, home),
  ]);
  const own = gateway.how === "running" ? gateway.info.listening.join(" ") : `:${port}`;
  const defaultPort = listening?.has(DEFAULT_PORT) && !own.includes(`:${DEFAULT_PORT}`);
  return {
    ...ownUser(),
    isContainer: inContainer(env),
    unit,
    pm2,
    port:
      port === undefined ? undefined : listening && { number: port, takenBy: listening.get(port) },
    // A unit has limits of its own, which only the gateway under it shows.
    openFiles: gateway.how === "running" || !unit ? await openFiles(gateway) : undefined,
    others: { ...others, defaultPort: defaultPort ?? false },
  };
}

async function unitFacts(env: Environment): Promise<MachineState["unit"]> {
  const names = ["LoadState", "ActiveState", "UnitFileState"];
  const args = ["show", ...names.map((name) => `--property=${name}`), UNIT];
  const { exit, text } = await runTool("systemctl", args, env).catch(() => ({ exit: 1, text: "" }));
  if (exit !== 0 || !/^LoadState=loaded$/m.test(text)) return undefined;
  const active = /^ActiveState=(\w+)$/m.exec(text)?.[1] ?? "unknown";
  return { active, enabled: /^UnitFileState=enabled/m.test(text) };
}

/** What pm2 left in its folder: asking it would start one. */
async function pm2Facts(folder: string): Promise<MachineState["pm2"]> {
  const pids = join(folder, "pids");
  const names = await readdir(pids).catch(() => []);
  const own = names.filter((name) => name.startsWith(`${UNIT}-`));
  const numbers = await Promise.all(own.map((name) => readText(join(pids, name))));
  const alive = numbers.some((text) => /^\d+\s*$/.test(text) && isAlive(Number(text)));
  return { alive, saved: isSaved(await readText(join(folder, "dump.pm2"))) };
}

function isSaved(dump: string): boolean {
  try {
    const saved: unknown = JSON.parse(dump);
    return Array.isArray(saved) && saved.some((one) => one?.name === UNIT);
  } catch {
    return false;
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

/** Node raises its own soft limit to the hard one, so the gateway's process has the true figures. */
async function openFiles(gateway: GatewayFacts): Promise<MachineState["openFiles"]> {
  const pid = gateway.how === "running" ? gateway.info.pid : "self";
  return openFilesIn(await readText(`/proc/${pid}/limits`));
}

async function otherFacts({ env, stateDir }: Asked, home: string) {
  const folder = join(home, ".openclaw");
  const there = folder !== stateDir && (await stat(folder).catch(() => undefined))?.isDirectory();
  return { home: there ? folder : undefined, binary: await otherBinary(env) };
}

/** The first `openclaw` on the path, unless it is this program or starts it. */
async function otherBinary(env: Environment): Promise<string | undefined> {
  const own = await realpath(process.argv[1] ?? "").catch(() => "");
  for (const folder of (env["PATH"] ?? "").split(":").filter((one) => one.startsWith("/"))) {
    const path = join(folder, "openclaw");
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) continue;
    return target === own || (await isOurs(target, own)) ? undefined : path;
  }
  return undefined;
}

const mostScript = 64 * 1024;

/** An installed copy of this gateway, or a shell script that starts one. */
async function isOurs(path: string, own: string): Promise<boolean> {
  if (path.includes("/openclaw-gateway")) return true;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > mostScript) return false;
  const text = await readText(path);
  return (
    /^#!\S*\/(env )?(ba|da)?sh\b/.test(text) &&
    [own, "openclaw-gateway"].some((it) => it !== "" && text.includes(it))
  );
}
