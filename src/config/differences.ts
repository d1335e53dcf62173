import { openclaw, shell } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { say } from "../protocol/text.ts";
import { type ConfigIssue, discreet, formatIssue } from "./errors.ts";
import { interpretConfig } from "./interpret.ts";
import type { LoadedConfig } from "./load.ts";
import { getValue } from "./settings.ts";
import type { ConfigWatcher } from "./watch.ts";

interface Followed {
  /** What the settings in force were read from. */
  readonly loaded: LoadedConfig;
  /** What the file said when it was read last. */
  readonly latest: LoadedConfig;
  /** Absent where the file is not followed. */
  readonly watcher: Pick<ConfigWatcher, "problem" | "mark"> | undefined;
}

/** Where what is in force is not what the file says, or a change of it is not told. */
export function differenceNotes({ loaded, latest, watcher }: Followed): GatewayNote[] {
  const { errors, source } = latest;
  const notes: GatewayNote[] = [];
  const [first] = errors;
  if (first) notes.push(notInForce(discreet(first), source.path));
  if (watcher?.mark?.links === 0n) notes.push(replacedOutside(source.path));
  const { problem } = watcher ?? {};
  if (problem) {
    const { code, message, next } = problem;
    notes.push({ code, message, next, text: say`${message}; next: ${next}` });
  }
  return [...notes, ...overridden(loaded)];
}

/** Keys of the file that do not count, because the environment or a flag says something else. */
function overridden({ overrides, source, config }: LoadedConfig): GatewayNote[] {
  if (overrides.length === 0 || source.raw === null) return [];
  const { values } = interpretConfig(source.raw, source.path);
  return overrides
    .filter(({ path }) => values.has(path) && values.get(path) !== getValue(config, path))
    .map(({ path, by, name }) => {
      const winner = by === "env" ? `the variable ${name}` : "a flag of the command line";
      const message = `${path} in ${source.path} does not count: ${winner} sets it`;
      const next = openclaw`config unset ${path}`;
      return { code: "CONFIG_OVERRIDDEN", message, next, text: say`${message}; next: ${next}` };
    });
}

function notInForce(issue: ConfigIssue, file: string): GatewayNote {
  const message = `what ${file} says is not in force: ${issue.message}`;
  const text = say`what this file says is not in force: ${formatIssue(issue, file)}`;
  return { code: "CONFIG_NOT_IN_FORCE", message, next: issue.next, text };
}

/** A mount of a single file goes on showing the old one when another takes its place. */
function replacedOutside(file: string): GatewayNote {
  const message = `${file} is mounted by itself and was replaced where it comes from: what the new file says is not seen here before the container starts again`;
  const next = shell`findmnt -T ${file}`;
  return { code: "CONFIG_REPLACED", message, next, text: say`${message}; see: ${next}` };
}
