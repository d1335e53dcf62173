import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { outcomeOf, type Result } from "../../kit/outcome.ts";

export interface LoginFacts {
  /** File of the private key. */
  readonly key: string;
  /** File with the machine's own key. */
  readonly known: string;
  readonly user: string;
  readonly port: number;
}

/** Somebody at a computer of their own who logs in through SSH with a key. */
export class Login {
  constructor(readonly facts: LoginFacts) {}

  /** What stands before `user@host` on every line of this person's: their key, and nothing else. */
  get options(): string[] {
    const { key, known, port } = this.facts;
    const options = [
      "BatchMode=yes",
      "IdentitiesOnly=yes",
      "StrictHostKeyChecking=yes",
      `UserKnownHostsFile=${known}`,
    ];
    return [
      ...["-F", "none", "-i", key, "-p", String(port)],
      ...options.flatMap((option) => ["-o", option]),
    ];
  }

  get target(): string {
    return `${this.facts.user}@127.0.0.1`;
  }

  /** `ssh user@host words…` */
  ssh(...words: string[]): Promise<Result> {
    return this.with([], ...words);
  }

  /** The same with options before `user@host`. */
  with(options: readonly string[], ...words: string[]): Promise<Result> {
    return run("ssh", [...this.options, ...options, "--", this.target, ...words]);
  }

  /** A connection that stays open with these options until its `end`. */
  holding(options: readonly string[]): { ended: Promise<Result>; end: () => void } {
    const stop = new AbortController();
    const words = [...this.options, "-N", ...options, "--", this.target];
    const ended = run("ssh", words, { stop: stop.signal });
    return { ended, end: () => stop.abort() };
  }

  /** A connection that is open already, so that commands over it need no login. */
  async hold(path: string): Promise<Held> {
    const { code, stderr } = await this.with(["-M", "-S", path, "-f", "-N"]);
    if (code !== 0) throw new Error(stderr);
    return new Held(path, this.target);
  }
}

export class Held {
  constructor(
    private readonly path: string,
    private readonly target: string,
  ) {}

  ssh(...words: string[]): Promise<Result> {
    return run("ssh", ["-F", "none", "-S", this.path, "--", this.target, ...words]);
  }

  async close(): Promise<void> {
    await run("ssh", ["-F", "none", "-S", this.path, "-O", "exit", this.target]);
    await rm(this.path, { force: true });
  }
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; stop?: AbortSignal } = {},
): Promise<Result> {
  const { env = process.env, input } = options;
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  options.stop?.addEventListener("abort", () => child.kill());
  return outcomeOf(child, input ?? "");
}
