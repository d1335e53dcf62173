import { cleanText } from "../lib/text.ts";
import { type Command, openclaw } from "../protocol/command.ts";
import { plainText } from "../protocol/text.ts";
import { type ConfigIssue, editCommand } from "./errors.ts";
import { REDACTED, showPath } from "./hide.ts";
import { valueIssue } from "./interpret.ts";
import { nearestKey } from "./nearest.ts";
import { type ConfigPath, specOf } from "./schema.ts";
import { Refused } from "./values.ts";

const MAX_TYPED = 512;

/** Why the network may not set `path` to `value` (undefined: take it out), or undefined. */
export function refusalOf(path: ConfigPath, value: unknown): ConfigIssue | undefined {
  const { type, hostOnly } = specOf(path);
  if (JSON.stringify(value)?.includes(REDACTED)) return redactedIssue(path);
  const read = value === undefined ? undefined : type.read(value);
  if (read instanceof Refused) return valueIssue(path, value, read);
  if (!hostOnly) return undefined;
  const next = hostCommand(path, value);
  // Forms show the message alone, so the command stands there too.
  const message = `${path} can be changed on the gateway host alone: ${plainText(next)}`;
  return { code: "CONFIG_HOST_ONLY", path, message, next };
}

/** A value that nothing of ours reads is nothing the network has to change. */
export function unknownIssue(segments: readonly string[], file: string): ConfigIssue {
  const path = showPath(segments);
  const nearest = nearestKey(segments);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const message = `${path} is not a key of this gateway${hint}`;
  return { code: "CONFIG_UNKNOWN_KEY", path, message, next: editCommand(file) };
}

function redactedIssue(path: ConfigPath): ConfigIssue {
  const message = `${path}: ${REDACTED} stands for a hidden value, and none is stored there`;
  return { code: "CONFIG_REDACTED", path, message, next: openclaw`config get ${path}` };
}

/** What the owner types on the host for the same change. */
function hostCommand(path: ConfigPath, value: unknown): Command {
  if (value === undefined) return openclaw`config unset ${path}`;
  const { secret, example } = specOf(path);
  if (secret) return openclaw`config set ${path} -`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // Text that is not fit to be shown is not fit to be pasted into a shell.
  const fit = cleanText(text, MAX_TYPED) === text;
  return openclaw`config set ${path} ${fit ? text : example}`;
}
