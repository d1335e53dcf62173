import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type LogLine, parseLine } from "./line.ts";
import { type LogAsk, type LogReader, POLL_MS } from "./source.ts";

/** Bytes of a file's end that are read; no line of ours is near that long. */
const TAIL_BYTES = 4 * 1024 * 1024;

/** A file that the gateway, or pm2 for it, wrote. */
export function fileSource(path: string): LogReader {
  return { name: path, read: (ask) => fileLines(path, ask) };
}

async function* fileLines(path: string, ask: LogAsk): AsyncGenerator<readonly LogLine[]> {
  let { end, text } = await readFrom(path, undefined);
  let rest = "";
  let first = true;
  for (;;) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    const whole = lines.filter((line) => line !== "").map((line) => parseLine(line));
    if (first || whole.length > 0) yield first ? whole.slice(-ask.lines) : whole;
    first = false;
    if (!ask.follow) return;
    await sleep(POLL_MS);
    const more = await readFrom(path, end);
    // Another file took its place.
    if (more.end < end) rest = "";
    ({ end, text } = more);
  }
}

/** What stands behind `from`, or at the end of the file without it. */
async function readFrom(
  path: string,
  from: number | undefined,
): Promise<{ end: number; text: string }> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (from !== undefined && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return { end: 0, text: "" };
  try {
    return await readPart(file, from);
  } finally {
    await file.close();
  }
}

async function readPart(file: FileHandle, from: number | undefined) {
  const { size } = await file.stat();
  const known = from !== undefined && from <= size ? from : 0;
  const start = Math.max(known, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  const text = buffer.subarray(0, bytesRead).toString("utf8");
  // The first line of a part that begins in the middle is a torn one.
  const torn = start > known ? text.indexOf("\n") + 1 : 0;
  return { end: start + bytesRead, text: text.slice(torn) };
}
