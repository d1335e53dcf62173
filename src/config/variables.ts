import { inContainer } from "../host/container.ts";
import type { Environment } from "../lib/environment.ts";
import { shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";
import { placeOf, UP } from "../words/container.ts";

/** How a variable of the gateway's environment is changed or taken away. */
export function variableCure(name: string, env: Environment): Text {
  if (!inContainer(env)) return shell`unset ${name}`;
  return say`mend ${name} where the container gets it (${placeOf(name)}), or take it out there, then: ${UP}`;
}
