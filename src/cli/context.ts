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

/** What a command is run with. */
export interface Context {
  readonly io: Io;
  readonly options: GlobalOptions;
}

/** Prints a payload as it came and nothing else. */
export function printJson(context: Context, payload: unknown): void {
  context.io.out(JSON.stringify(payload ?? null, null, 2));
}
