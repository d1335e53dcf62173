import { type Command, extended, openclaw } from "../../../protocol/command.ts";
import { shown } from "../../kit/words.ts";

interface Options {
  readonly stale?: string | true;
  readonly role?: string;
  readonly query?: string;
  readonly limit?: string;
}

/** The command that goes on where a list ended; all of it, where the gateway knows no pages. */
export function nextCommand(options: Options, cursor: string | undefined): Command {
  const { stale, role, query, limit } = options;
  const words: string[] = [];
  if (stale !== undefined) words.push("--stale", ...(stale === true ? [] : [word(stale)]));
  if (role !== undefined) words.push("--role", word(role));
  if (query !== undefined) words.push("--query", word(query));
  const list = openclaw`devices list ${words}`;
  if (cursor === undefined) return extended(list, "--all");
  const limited = limit === undefined ? [] : ["--limit", word(limit)];
  return extended(list, ...limited, "--cursor", word(cursor));
}

function word(text: string): string {
  return shown(text, 256);
}
