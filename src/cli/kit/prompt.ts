import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CliError } from "./exit.ts";

/** No secret or answer is longer; a mistaken pipe must not fill the memory. */
const longestLine = 64 * 1024;

/** Asks on the terminal. A secret is not echoed. */
export function promptLine(question: string, secret: boolean): Promise<string> {
  const { stdin, stdout, stderr } = process;
  const screen = stdout.isTTY ? stdout : stderr;
  screen.write(question);
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: secret ? mute : screen, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once("line", (line) => {
      if (secret) screen.write("\n");
      resolve(line);
      lines.close();
    });
    lines.once("SIGINT", () => lines.close());
    lines.once("close", () => reject(new CliError("failed", "cancelled; nothing was changed")));
  });
}

/**
 * The first line of a stream, without its line break.
 * @throws CliError (usage) where it is too long
 */
export async function firstLine(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of input) {
    text += typeof part === "string" ? part : decoder.decode(part, { stream: true });
    if (text.includes("\n") || text.length > longestLine) break;
  }
  if (text.length > longestLine)
    throw new CliError("usage", "the line on standard input is too long");
  return text.split(/\r?\n/)[0] ?? "";
}
