import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Environment } from "../../../lib/environment.ts";
import { openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { confirm } from "../../kit/confirm.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { shownLines } from "../../kit/words.ts";
import { runTool } from "../gateway/tools.ts";

/** One change of the machine, and how it is taken back. */
export interface Step {
  /** What it does, completing "It will …". */
  readonly words: string;
  /** A change of another program's configuration, which is shown before a person is asked. */
  readonly detail?: string;
  run(): Promise<void> | void;
  undo?(): Promise<void> | void;
}

/**
 * Runs all steps. When one fails, those before it are undone, the last first.
 * @throws the failed step's error
 */
export async function runSteps(steps: readonly Step[], tell: (line: string) => void) {
  const done: Step[] = [];
  try {
    for (const step of steps) {
      done.push(step);
      await step.run();
      tell(`  done: ${step.words}`);
    }
  } catch (error) {
    tell("It failed; what was done is undone.");
    await undoSteps(done, tell);
    throw error;
  }
}

/**
 * Runs all steps, also after one failed: for removing, where going back would leave more behind
 * than going on. Only LAST_WAY_IN, that the last remaining admin would end, stops it at once.
 * @throws CliError that says what is left
 */
export async function runForward(steps: readonly Step[], tell: (line: string) => void) {
  let failed = 0;
  for (const step of steps) {
    try {
      await step.run();
      tell(`  done: ${step.words}`);
    } catch (error) {
      if (error instanceof CliError && error.code === "LAST_WAY_IN") throw error;
      failed += 1;
      const why = error instanceof Error ? error.message : String(error);
      tell(`  not done: ${step.words}: ${shownLines(why)}`);
    }
  }
  if (failed === 0) return;
  throw new CliError("failed", "not everything could be taken away; the rest is", {
    next: say`mend what is said above, then: ${openclaw`ssh disable`}`,
  });
}

async function undoSteps(done: readonly Step[], tell: (line: string) => void): Promise<void> {
  for (const step of [...done].reverse()) {
    try {
      await step.undo?.();
    } catch (error) {
      tell(`  could not be undone: ${step.words}: ${shownLines(String(error))}`);
    }
  }
}

/** Root's programs are found too where `su` left the path as a user has it. */
export function adminPath(env: Environment): Environment {
  return { ...env, PATH: `${env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin` };
}

/** Runs a program that must succeed. @throws CliError (failed) with its last words */
export async function tool(env: Environment, ...words: readonly string[]): Promise<string> {
  const [program = "", ...args] = words;
  const { exit, text } = await runTool(program, args, adminPath(env));
  if (exit === 0) return text;
  const why = exit === undefined ? `${program} was not found` : shownLines(text);
  throw new CliError("failed", `${words.join(" ")} failed: ${why || `exit code ${exit}`}`);
}

/**
 * Shows everything before anything is done, and asks.
 * @throws CliError where the answer is no, or no person can be asked
 */
export async function agree(
  context: Context,
  steps: readonly Step[],
  { yes }: { readonly yes?: boolean },
): Promise<void> {
  context.io.out("This will:");
  for (const [i, { words }] of steps.entries()) context.io.out(`  ${i + 1}. ${words}`);
  await confirm(context, { yes });
}

export interface FileContent {
  readonly text: string;
  readonly mode: number;
}

/** Writes a file of root's, if it is not so already. */
export function fileStep(path: string, { text, mode }: FileContent): Step[] {
  const before = readIf(path);
  if (before === text && (statSync(path).mode & 0o7777) === mode) return [];
  return [
    {
      words: `${before === undefined ? "write" : "change"} ${path}`,
      run: () => writeFile(path, text, mode),
      undo: () =>
        before === undefined ? rmSync(path, { force: true }) : writeFile(path, before, mode),
    },
  ];
}

function readIf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** Writes a file under a temporary name and renames it: sshd must never read half of it. */
export function writeFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.openclaw-new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode, flag: "wx" });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}

/**
 * The step that makes a folder of root's that other users may not write to; none where it exists.
 */
export function folderStep(path: string): Step[] {
  if (existsSync(path)) return [];
  return [
    {
      words: `make the folder ${path}`,
      run: () => {
        mkdirSync(path, { mode: 0o755 });
        chownSync(path, 0, 0);
        chmodSync(path, 0o755);
      },
      undo: () => rmdirSync(path),
    },
  ];
}

/**
 * sshd runs nothing from a folder that users besides root can change.
 * @throws CliError (failed) where `path` lies in one
 */
export function refuseLooseFolders(path: string): void {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (existsSync(at)) {
      const { uid, mode } = lstatSync(at);
      if (uid !== 0 || (mode & 0o022) !== 0) {
        throw new CliError("failed", `sshd would not run what is in ${at}: others can change it`, {
          next: say`${shell`ls -ld ${at}`} (it must belong to root, and to nobody else to write)`,
        });
      }
    }
    if (at === "/") return;
  }
}
