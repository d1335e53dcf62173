import { expect } from "vitest";
import type { Result } from "../../kit/outcome.ts";
import type { ExecOptions, Vps } from "../../kit/vps.ts";
import { type Login, run } from "./login.ts";

export interface TypingThere extends ExecOptions {
  /** What the reader puts in the place of these words. */
  readonly fill?: Readonly<Record<string, string>>;
  /** What a person is asked at a terminal, by words of each question, and answers; then there is one. */
  readonly answers?: Readonly<Record<string, string>>;
  /** The exit code that shows that it worked; 0 if absent. */
  readonly exit?: number;
  /** It goes on until it is stopped, which happens once it said this. */
  readonly until?: string;
  /** A line that is typed in another terminal while it goes on; what that says counts as said too. */
  readonly meanwhile?: string;
}

/**
 * The command, with its blanks filled in, which `said` must name whole: another one that only begins with
 * its words does not count.
 */
export function named(
  { stdout, stderr }: Result,
  command: string,
  fill: TypingThere["fill"] = {},
): string {
  const said = `${stdout}${stderr}`.replaceAll("\r", "");
  const ends = /^(?:$|[)”"`;,.]| [(]| writes| under| keeps| checks)/;
  const found = said.split("\n").some((line) => {
    for (let at = line.indexOf(command); at >= 0; at = line.indexOf(command, at + 1)) {
      const whole = at === 0 || /[\s“"`(]/.test(line[at - 1] ?? "");
      if (whole && ends.test(line.slice(at + command.length))) return true;
    }
    return false;
  });
  expect(found, `${command}\nis not named in:\n${said}`).toBe(true);
  return Object.entries(fill).reduce((line, [words, by]) => line.replace(words, by), command);
}

/** Whether a program reads from a terminal key by key, as one that asks does. */
const READS =
  "reads() { for one in /dev/pts/[0-9]*; do stty -a -F $one | grep -q -- -icanon && return; done; false; }";

/** A person at a machine who types there what its programs tell them. */
export class Reader {
  constructor(private readonly machine: Pick<Vps, "exec">) {}

  /** Types something of one's own accord, at a terminal where there are `answers`. */
  async does(line: string, how: TypingThere = {}): Promise<Result> {
    const { answers, ...options } = how;
    if (answers === undefined) return this.machine.exec(["bash", "-c", line], options);
    // A program that asks for several things drops what was typed before each question; another may ask nothing.
    const typing = Object.entries(answers).map(([question, answer]) => {
      const asks = `{ grep -q '${question}' "$out" && reads; }`;
      return `until [ -e "$out.end" ] || ${asks}; do sleep 0.02; done; echo '${answer}';`;
    });
    const terminal = `script -qefc "$1" "$out"; code=$?; touch "$out.end"; exit $code`;
    const end = 'code=$?; rm -f "$out" "$out.end"; exit $code';
    const shell = `${READS}; out=$(mktemp); { ${typing.join(" ")} } | { ${terminal}; }; ${end}`;
    const words = ["bash", "-c", shell, "bash", line];
    return this.machine.exec(words, options);
  }

  /** Types what `said` names, and expects that it works. Root, who has no sudo here, leaves it out. */
  async types(said: Result, command: string, how: TypingThere = {}): Promise<Result> {
    const typed = named(said, command, how.fill).replace(/^sudo /, "");
    const line = how.until === undefined ? typed : watching(typed, how.until, how.meanwhile);
    const done = await this.does(line, how);
    expect({ line, ...done }).toMatchObject({ line, code: how.exit ?? 0 });
    return done;
  }
}

/**
 * A shell's line that types one which goes on until it is stopped, and stops it once it said `fact`; then it
 * `meanwhile` did what there was to do.
 */
export function watching(line: string, fact: string, meanwhile = ":"): string {
  const out = "$(mktemp -d)/said";
  const seen = `until grep -q -- '${fact}' "$out"; do sleep 0.05; done`;
  return `out=${out}; set -m; { ${line}; } >"$out" 2>&1 & ${meanwhile}; ${seen}; kill -- -$!; cat "$out"; rm "$out"`;
}

/** Types, at a computer of one's own, the line over SSH that `said` names. `tools`: see {@link ownSsh}. */
export async function typesFar(
  { login, tools }: { login: Login; tools: string },
  said: Result,
  { command, fill }: { command: string; fill?: TypingThere["fill"] },
): Promise<Result> {
  const line = named(said, command, fill);
  const env = { ...process.env, PATH: `${tools}:${process.env["PATH"]}`, KEY: login.facts.key };
  const done = await run("bash", ["-c", line], { env });
  expect({ line, ...done }).toMatchObject({ line, code: 0 });
  return done;
}
