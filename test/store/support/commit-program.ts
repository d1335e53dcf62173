import { systemWorld } from "../../../src/lib/world.ts";
import { openDocument } from "../../../src/store/document.ts";
import { acquireWriterLock } from "../../../src/store/lock.ts";
import { tallyShape } from "./shapes.ts";

/** Commits numbers until it is killed, a few at a time, and prints each one once it is durable. */
const [folder = "", first = "0"] = process.argv.slice(2);
const describe = { pid: process.pid, version: "test", startedAt: Date.now() };
await acquireWriterLock(folder, { describe });
const limits = { journalBytes: 4096 };
const document = await openDocument(tallyShape, { folder, world: systemWorld, limits });
let next = Number(first);

async function work(): Promise<never> {
  for (;;) {
    const id = next++;
    await document.commit([{ add: id, padding: "x".repeat(id % 50) }]);
    process.stdout.write(`${id}\n`);
    // Staggered, so that groups of all sizes are under way when the end comes.
    if (id % 7 === 0) await new Promise((done) => setTimeout(done, 1));
  }
}

for (let worker = 0; worker < 4; worker += 1) void work();
