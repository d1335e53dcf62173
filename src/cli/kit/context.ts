import type { Text } from "../../protocol/text.ts";
import type { Io } from "./io.ts";

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly url?: string;
  readonly token?: string;
  readonly password?: string;
  readonly tlsFingerprint?: string;
}

/** What a command gets: the terminal or pipe, and the options of every command. */
export interface Context {
  readonly io: Io;
  readonly options: GlobalOptions;
}

/**
 * Characters that a terminal could act on, besides the control characters that JSON escapes itself.
 */
const UNSAFE = /[\u007f-\u009f]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/gu;

/** Prints a payload as it came and nothing else. Hostile characters are escaped, none is lost. */
export function printJson(context: Context, payload: unknown): void {
  context.io.data(jsonText(payload));
}

/** JSON as {@link printJson} prints it; `indent` columns for every line but the first. */
export function jsonText(payload: unknown, indent = 0): string {
  const text = JSON.stringify(payload ?? null, null, 2).replace(UNSAFE, escapeUnits);
  return indent === 0 ? text : text.replaceAll("\n", `\n${" ".repeat(indent)}`);
}

/** JSON on one line, with the characters escaped that a terminal could act on. */
export function jsonLine(payload: unknown): string {
  return JSON.stringify(payload ?? null).replace(UNSAFE, escapeUnits);
}

function escapeUnits(char: string): string {
  const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** A remark beside the answer: where a script reads the output it must not carry it. */
export function remark({ io, options }: Context, line: Text): void {
  if (io.showsPerson && !options.json) io.out(line);
  else io.err(line);
}
