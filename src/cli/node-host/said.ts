import { readFileSync } from "node:fs";
import { whyFailed } from "../../lib/system-words.ts";
import type { Context } from "../kit/context.ts";
import { CliError } from "../kit/exit.ts";
import { readSecret } from "../reach/remote-options.ts";
import { MAKE_LINK } from "./target.ts";

/** A link, a setup code or an address is shorter by far. */
const FILE_CHARS = 64 * 1024;

/**
 * Where to connect, as it was typed: `word`, the first line of standard input for `-`, or of a file. Only
 * the last two keep a link's secret out of process lists and shell history.
 * @throws CliError (usage) without any, with two, and for a file that can't be read
 */
export async function readSaid(
  context: Context,
  word: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (file !== undefined && word !== undefined) {
    throw new CliError("usage", "--link-file names the link: no other goes with it");
  }
  if (file !== undefined) return fromFile(file);
  const said = word === "-" ? await readSecret(context, "Link, setup code or address: ") : word;
  const found = (said ?? context.options.url ?? "").trim();
  if (found !== "" || (said !== undefined && word !== "-")) return found;
  throw new CliError(
    "usage",
    "say where: a link or setup code of “devices invite --role node”, or wss://…",
    { next: MAKE_LINK },
  );
}

function fromFile(file: string): string {
  try {
    const [line = ""] = readFileSync(file, "utf8").slice(0, FILE_CHARS).trim().split(/\r?\n/);
    if (line !== "") return line;
  } catch (cause) {
    throw new CliError("usage", `--link-file can't be read: ${whyFailed(cause)}`, { cause });
  }
  throw new CliError("usage", "--link-file has no link in it");
}
