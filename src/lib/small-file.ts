import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * The text of a file that a person wrote, at most `maxBytes` of it.
 * @throws Error of the system; code EFTYPE for what is no file: a pipe would be waited for without
 * end
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) {
      throw Object.assign(new Error(`${path} is not a file`), { code: "EFTYPE" });
    }
    const buffer = Buffer.alloc(maxBytes);
    let read = 0;
    while (read < maxBytes) {
      const { bytesRead } = await file.read(buffer, read, maxBytes - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return buffer.toString("utf8", 0, read);
  } finally {
    await file.close();
  }
}

/** The first line without white space around it; `undefined` when nothing is left. */
export function firstLine(text: string): string | undefined {
  const [line = ""] = text.split("\n");
  return line.trim() || undefined;
}

/**
 * Reads the first line of the file that `path` names, at most once in `keepMs` milliseconds while it is the
 * same file. Resolves with `undefined` where `path` names none, it can't be read, or its first line is empty.
 */
export function lineReader(file: {
  readonly path: () => string | undefined;
  readonly maxBytes: number;
  readonly keepMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}): () => Promise<string | undefined> {
  let path: string | undefined;
  let readAt = 0;
  let line: Promise<string | undefined> = Promise.resolve(undefined);
  return () => {
    const wanted = file.path();
    const now = file.now();
    if (wanted === undefined) return Promise.resolve(undefined);
    if (wanted !== path || now - readAt > file.keepMs) {
      path = wanted;
      readAt = now;
      line = readSmallFile(wanted, file.maxBytes).then(firstLine, () => undefined);
    }
    return line;
  };
}
