import { shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** The gateway's service in the compose file that comes with it. */
export const SERVICE = "openclaw-gateway";

/** The program for compose files. */
export const COMPOSE = ["docker", "compose"].join(" ");

/** What gives a container the environment that its compose file has now. */
export const UP = shell`docker compose up -d`;

/** What starts the gateway's container again, where the gateway itself can't be asked. */
export const RESTART = shell`docker compose restart ${SERVICE}`;

/**
 * Variables that the compose file that comes with the gateway hands on to the container where a file .env
 * beside it, or the shell, sets them. All others are set under `environment:`.
 */
export const HANDED_ON: readonly string[] = [
  "OPENCLAW_GATEWAY_PUBLIC_URL",
  "OPENCLAW_GATEWAY_TRUSTED_PROXIES",
  "OPENCLAW_GATEWAY_BIND",
  "OPENCLAW_GATEWAY_PASSWORD_FILE",
  "OPENCLAW_COMMAND",
];

/** Where on its host the container's variable `name` is set, in words. */
export function placeOf(name: string): string {
  const own = "under environment: in compose.override.yaml";
  return HANDED_ON.includes(name) ? `in .env beside compose.yaml, or ${own}` : own;
}

/** How a variable of the gateway's environment is set to `value`. */
export function variableSet(name: string, value: string, isContainer: boolean): Text {
  if (!isContainer) return `set ${name}=${value} in the gateway's environment, and start it again`;
  return say`set ${name}=${value} for the container (${placeOf(name)}), then: ${UP}`;
}
