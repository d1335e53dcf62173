import { setTimeout as sleep } from "node:timers/promises";
import { FileReader } from "./file-reader.ts";
import { type LogLine, parseLine } from "./line.ts";
import { type LogAsk, type LogReader, POLL_MS } from "./source.ts";

/** A file that the gateway, or pm2 for it, wrote, with the older ones that it was rotated to. */
export function fileSource(path: string): LogReader {
  return { name: path, read: (ask) => fileLines(path, ask) };
}

async function* fileLines(path: string, ask: LogAsk): AsyncGenerator<readonly LogLine[]> {
  const reader = new FileReader(path);
  try {
    const lines = await reader.tail((found) => found.length >= ask.lines);
    yield lines.slice(-ask.lines).map((line) => parseLine(line));
    while (ask.follow) {
      await sleep(POLL_MS);
      const more = await reader.more();
      if (more.length > 0) yield more.map((line) => parseLine(line));
    }
  } finally {
    await reader.close();
  }
}
