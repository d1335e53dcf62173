import { relative } from "node:path";
import type * as commands from "../../src/protocol/command.ts";
import { src } from "../architecture/sources.ts";

/** A command with where its template stands, `file:line:column` below src/. */
export type Said = commands.Command & { readonly origin?: string };

type Maker = (parts: TemplateStringsArray, ...filled: commands.Filled[]) => commands.Command;

const shown: Said[] = [];

/** The commands that were shown as text so far; what was shown since `mark` is `since(mark)`. */
export function mark(): number {
  return shown.length;
}

export function since(from: number): Said[] {
  return shown.slice(from);
}

/**
 * `src/protocol/command.ts` with each command carrying the place of its template, which also crosses the
 * wire, and with every command noted that is shown as text.
 */
export function recorded(real: typeof commands): typeof commands {
  const making =
    (make: Maker): Maker =>
    (parts, ...filled) => ({ ...make(parts, ...filled), ...placeOf(parts) });
  return {
    ...real,
    openclaw: making(real.openclaw),
    shell: making(real.shell),
    commandText: (command, calls) => {
      shown.push(command);
      return real.commandText(command, calls);
    },
  };
}

/** Where each template stands: a stack takes longer to read than a command to make, and they are made often. */
const origins = new WeakMap<TemplateStringsArray, { origin?: string }>();

/** The place of a template, which is found by the stack of whom it calls first. */
function placeOf(parts: TemplateStringsArray): { origin?: string } {
  const known = origins.get(parts) ?? originOf(new Error().stack);
  origins.set(parts, known);
  return known;
}

/** The place that called, of a stack of this file's callers. */
function originOf(stack = ""): { origin?: string } {
  const line = stack
    .split("\n")
    .find((one) => one.includes(`${src}/`) && !one.includes(import.meta.filename));
  const [, file, at] = /\(?(\/[^()]+\.ts):(\d+:\d+)\)?$/.exec(line ?? "") ?? [];
  return file === undefined ? {} : { origin: `${relative(src, file)}:${at}` };
}
