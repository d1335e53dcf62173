import type { Programs } from "./process.ts";

/** One invoke as a command sees it. */
export interface HostCall {
  readonly params: Readonly<Record<string, unknown>>;
  /** Milliseconds until the caller gives up. */
  readonly timeoutMs: number;
  /** Aborted when the caller gave up or the connection is gone. */
  readonly signal: AbortSignal;
  /** Hands output to the caller while the command runs. */
  readonly progress: (chunk: string) => void;
}

/** What this machine is, as far as commands need to know. */
export interface HostFacts {
  readonly allowPath: string;
  readonly programs: Programs;
  /** Writes a line to this machine's log. */
  readonly log: (line: string) => void;
}
