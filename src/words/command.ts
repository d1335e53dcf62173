import { existsSync } from "node:fs";
import { join } from "node:path";
import { inContainer } from "../host/container.ts";
import type { Environment } from "../lib/environment.ts";
import { type Calls, OPENCLAW } from "../protocol/command.ts";
import { COMPOSE, SERVICE } from "./container.ts";
import { containerCommands } from "./container-commands.ts";

/** How a command reaches the container of the gateway's service from its host. */
const COMPOSE_EXEC = `${COMPOSE} exec ${SERVICE}`;

/**
 * How to call the command line where the gateway's words are read: `OPENCLAW_COMMAND` where a start script or
 * an owner set it; of a container the line that reaches it from its host; else `openclaw`.
 */
export function commandName(env: Environment): string {
  const named = env["OPENCLAW_COMMAND"]?.trim();
  if (named) return named;
  return inContainer(env) ? fromOutside(env, programInside(env)) : OPENCLAW;
}

/** The command line in the container at hand, called from its host: `inside` is how it is called in there. */
export function fromOutside(env: Environment, inside: string): string {
  return env["OPENCLAW_COMMAND"]?.trim() || `${COMPOSE_EXEC} ${inside}`;
}

function programInside(env: Environment): string {
  return isOnPath(OPENCLAW, env) ? OPENCLAW : "node dist/index.js";
}

/** Whether a program of that name is found where a shell looks for it. */
export function isOnPath(name: string, env: Environment): boolean {
  const folders = (env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return folders.some((folder) => existsSync(join(folder, name)));
}

/** Calls by a name that is known. */
type NamedCalls = Calls & { readonly here: string };

/** How commands are typed where the gateway's log is read. */
export function callsOf(env: Environment): NamedCalls {
  return callsBy(commandName(env), env);
}

/**
 * As {@link callsOf}, for a gateway that can't start: nothing can be typed into its container, so the
 * command gets one of its own, with the same volume.
 */
export function callsOfStopped(env: Environment): Calls {
  const name = commandName(env);
  if (!inContainer(env)) return callsBy(name, env);
  return callsBy(name.replace(/^((?:\S+ )*docker[ -]compose .*?)exec /, "$1run --rm "), env);
}

/** Calls by the name of our program; in a container with how other programs are reached. */
export function callsBy(name: string, env: Environment): NamedCalls {
  // What is told of a gateway that is elsewhere is typed there, wherever this program was started.
  if (!inContainer(env)) return { here: name };
  const inside = /^(.*\S) (?:openclaw|(?:\S*\/)?node \S*index\.js)$/.exec(name)?.[1];
  return { here: name, gateway: name, otherwise: containerCommands(inside) };
}

/** What runs a program in a container: a path behind it is one of that container. */
const ENTERS = /^(?:sudo )?(?:docker|podman|nerdctl|kubectl)(?:[ -][^/]*)? (?:exec|run) /;

/**
 * The command as strangers may see it: where things are installed is none of their business, so one
 * that names a path of the machine is the plain `openclaw`. The owner's own terminal and log have the
 * whole of it.
 */
export function publicCommand(command: string): string {
  return command.includes("/") && !ENTERS.test(command) ? OPENCLAW : command;
}
