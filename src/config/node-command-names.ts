import type { Node } from "jsonc-parser";
import { openclaw } from "../protocol/command.ts";
import { knownNodeCommands } from "../protocol/node-commands.ts";
import type { ConfigIssue } from "./errors.ts";
import { nearestWord } from "./nearest.ts";
import type { ConfigPath } from "./schema.ts";

/** So many names of one list are warned of: a list in the wrong place says no more by all of them. */
const MOST_NAMES = 8;

/** A list of node commands that passed its check, as it stands in a file. */
interface NamedCommands {
  readonly path: ConfigPath;
  /** The spelling of the key that it stands under. */
  readonly name: string;
  readonly list: Node;
}

/**
 * A warning for each name that no node of OpenClaw's has: a slip there lets a command through that was
 * meant to be denied, and says nothing.
 */
export function commandWarnings(commands: NamedCommands): { issue: ConfigIssue; at: Node }[] {
  const items = commands.list.children ?? [];
  const unknown = items.filter(({ value }) => !knownNodeCommands.has(value.trim()));
  return unknown
    .slice(0, MOST_NAMES)
    .map((at) => ({ issue: issueOf(at.value.trim(), commands), at }));
}

function issueOf(found: string, { path, name, list }: NamedCommands): ConfigIssue {
  const nearest = nearestWord(found, [...knownNodeCommands]);
  const code = "CONFIG_UNKNOWN_COMMAND";
  if (nearest === undefined) {
    const message = `${name}: no node that comes with OpenClaw has a command "${found}"; it counts for a node that declares exactly this name`;
    return { code, path, message, found, next: openclaw`nodes list` };
  }
  const message = `${name}: no node has a command "${found}"; did you mean ${nearest}?`;
  const meant = (list.children ?? []).map(({ value }) =>
    value.trim() === found ? nearest : value,
  );
  const next = openclaw`config set ${name} ${JSON.stringify([...new Set(meant)])}`;
  return { code, path, message, found, nearest, next };
}
