import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError } from "./exit.ts";

/** Node.js and the script, as this program is started. */
export interface ProgramPaths {
  readonly node: string;
  readonly script: string;
}

export function ownPaths(): ProgramPaths {
  // As it was called: a release is changed by a link on the way to it.
  const called = process.argv[1] ?? "";
  // npm's link to it stands in a folder that has nothing else of the program.
  const isWhole = existsSync(join(dirname(called), "ssh-answer.js")) || !existsSync(called);
  const script = isWhole ? called : realpathSync(called);
  const own = join(dirname(script), "../bin/node");
  const node = existsSync(own) ? own : process.execPath;
  return { node, script };
}

/**
 * Node.js and the script of this program, for commands that other users of the machine run.
 * @throws CliError where they lie below /root or /home, where those users cannot reach them
 */
export function sharedPaths(): ProgramPaths {
  const { node, script } = ownPaths();
  for (const path of [node, script]) {
    if (!/^\/(root|home)\//.test(realpathSync(path))) continue;
    throw new CliError("failed", `other users can't run ${path}: they don't see that folder`, {
      next: "install the program below /opt or /usr/local, then run this again",
    });
  }
  return { node, script };
}
