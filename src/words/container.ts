import { shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** The gateway's service in the compose file that comes with it. */
export const SERVICE = "openclaw-gateway";

/** What gives a container the environment that its compose file has now. */
export const UP = shell`docker compose up -d`;

/** What starts the gateway's container again, where the gateway itself can't be asked. */
export const RESTART = shell`docker compose restart ${SERVICE}`;

/** How a variable of the gateway's environment is set to `value`. */
export function variableSet(name: string, value: string, isContainer: boolean): Text {
  if (!isContainer) return `set ${name}=${value} in the gateway's environment, and start it again`;
  return say`set ${name}=${value} for the container (environment: in compose.yaml, or .env beside it), then: ${UP}`;
}
