import { inContainer } from "../host/container.ts";
import type { Environment } from "../lib/environment.ts";
import { shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** What takes a container with another environment. */
const RECREATE = shell`docker compose up -d`;

/** How a variable of the gateway's environment is changed or taken away. */
export function variableCure(name: string, env: Environment): Text {
  if (!inContainer(env)) return shell`unset ${name}`;
  return say`mend ${name} under environment: in compose.yaml (or take it out there), then: ${RECREATE}`;
}

/** How a variable of the gateway's environment is set to `value`. */
export function variableSet(name: string, value: string): Text {
  return say`put ${name}: ${JSON.stringify(value)} under environment: in compose.yaml, then: ${RECREATE}`;
}
