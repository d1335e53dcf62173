import { execFile } from "node:child_process";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** Runs a program; resolves with its standard output. Its own words are in the error. */
export async function run(program, args, options = {}) {
  try {
    const { stdout } = await exec(program, args, { maxBuffer: 1 << 28, ...options });
    return stdout;
  } catch (error) {
    const said = String(error.stderr ?? "").trim();
    throw new Error(`${program} ${args[0] ?? ""} failed: ${said || error.message}`, {
      cause: error,
    });
  }
}
