import { shellWord } from "../../../lib/shell-word.ts";
import { shown } from "../../kit/words.ts";

interface Options {
  readonly stale?: string | true;
  readonly role?: string;
  readonly query?: string;
  readonly limit?: string;
}

/** The command that goes on where a list ended; all of it, where the gateway knows no pages. */
export function nextCommand(options: Options, cursor: string | undefined): string {
  const { stale, role, query, limit } = options;
  const words = ["openclaw devices list"];
  if (stale !== undefined) words.push(stale === true ? "--stale" : `--stale ${word(stale)}`);
  if (role !== undefined) words.push(`--role ${word(role)}`);
  if (query !== undefined) words.push(`--query ${word(query)}`);
  if (cursor === undefined) return [...words, "--all"].join(" ");
  if (limit !== undefined) words.push(`--limit ${word(limit)}`);
  return [...words, `--cursor ${word(cursor)}`].join(" ");
}

function word(text: string): string {
  return shellWord(shown(text, 256));
}
