import { createInterface } from "node:readline";
import { acquireWriterLock, type WriterLock } from "../../../src/store/lock.ts";

/**
 * Contends for a folder's lock as it is told: `take <n>` prints `<n> held` or `<n> <code> <message>`,
 * `drop` releases. It ends with its input.
 */
const [folder = "", name = "test"] = process.argv.slice(2);
let lock: WriterLock | undefined;

async function take(round: string): Promise<void> {
  const describe = { pid: process.pid, version: name, startedAt: Date.now() };
  try {
    lock = await acquireWriterLock(folder, { describe, answerMs: 1_000 });
    console.log(`${round} held`);
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    console.log(`${round} ${code} ${message}`);
  }
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  const [order, round = ""] = line.split(" ");
  if (order === "take") return take(round);
  await lock?.release();
  lock = undefined;
  console.log(`${round} dropped`);
});
