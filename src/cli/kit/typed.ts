import { basename, relative } from "node:path";
import { hasOwnContainer, inContainer, ownWords } from "../../host/container.ts";
import type { Environment } from "../../lib/environment.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { type Calls, OPENCLAW } from "../../protocol/command.ts";
import {
  callsBy,
  callsOfStopped,
  commandName,
  fromOutside,
  isOnPath,
} from "../../words/command.ts";

/** This program among the processes, and its command line as it was typed. */
export interface OwnProcess {
  readonly pid: number;
  /** 0 where the parent is outside the container. */
  readonly ppid: number;
  readonly words: readonly string[];
}

const thisProcess = (): OwnProcess => ({
  pid: process.pid,
  ppid: process.ppid,
  words: ownWords(),
});

/**
 * How people must type the program here: `OPENCLAW_COMMAND` where it is set; in a clone, where no
 * `openclaw` is on the path, node and the script as it was started. In a container as it was typed there,
 * behind what reaches the container for who typed that as well.
 */
export function typedCalls(
  env: Environment,
  script: string | undefined,
  own: () => OwnProcess = thisProcess,
): Calls {
  if (!inContainer(env)) return callsBy(typedOnMachine(env, script), env);
  const { pid, ppid, words } = own();
  // Its own container: `docker compose run`, for a gateway that does not run.
  if (hasOwnContainer({ pid, ppid })) return callsOfStopped(env);
  const inside = typedInside(env, script, words);
  return callsBy(ppid === 0 ? fromOutside(env, inside) : inside, env);
}

function typedOnMachine(env: Environment, script: string | undefined): string {
  const named = commandName(env);
  if (named !== OPENCLAW || !script || basename(script) !== "index.js") return named;
  if (isOnPath(OPENCLAW, env)) return named;
  const near = relative(process.cwd(), script);
  return `node ${shellWord(near.startsWith("..") ? script : near)}`;
}

/** `node dist/index.js` for who typed that; a script that is on the path names the whole of its own. */
function typedInside(
  env: Environment,
  script: string | undefined,
  words: readonly string[],
): string {
  const near = words.find((word) => basename(word) === "index.js");
  if (near !== undefined && !near.startsWith("/")) return `node ${shellWord(near)}`;
  return isOnPath(OPENCLAW, env) ? OPENCLAW : `node ${shellWord(script ?? near ?? "")}`;
}
