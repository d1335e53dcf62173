import { inOrder, type LogLine } from "./line.ts";
import type { LogAsk, LogReader } from "./source.ts";

/**
 * Two logs as one, by the time of their lines; for one look, not to be followed. The second only adds to
 * the first: where it can't be read there is the first.
 */
export function mergedSource(first: LogReader, second: LogReader): LogReader {
  return {
    name: `${first.name} and ${second.name}`,
    read: async function* (ask) {
      const lines = await all(first, ask);
      const more = await all(second, ask).catch(() => []);
      yield inOrder([lines, more], ({ atMs }) => atMs).slice(-ask.lines);
    },
  };
}

async function all({ read }: LogReader, ask: LogAsk): Promise<LogLine[]> {
  const parts: (readonly LogLine[])[] = [];
  for await (const part of read(ask)) parts.push(part);
  return parts.flat();
}
