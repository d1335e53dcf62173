// Preloaded into the gateway (or a bare node, the floor): measures how long turns of its event loop
// last. SIGUSR2 writes what was found to BENCH_PROBE and begins anew. As the control of a row it also
// delays each fdatasync, or blocks the loop once, by what BENCH_PROBE_SLOW says.
import { closeSync, openSync, readSync, renameSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** @type {{ syncMs?: number, blockMs?: number }} */
const slow = JSON.parse(process.env["BENCH_PROBE_SLOW"] ?? "{}");
const file = process.env["BENCH_PROBE"] ?? "";
const TICK_MS = 1;

/** Main thread: ns on a core, ns it waited for one. */
const stat = openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
const text = Buffer.alloc(64);
process.once("exit", () => closeSync(stat));

/** Milliseconds that this thread was ready to run while other processes had the core. */
function waited() {
  const length = readSync(stat, text, 0, text.length, 0);
  return Number(text.toString("latin1", 0, length).split(" ")[1]) / 1e6;
}

let longest = { wall: 0, own: 0 };
let last = { wall: performance.now(), waited: waited() };

function tick() {
  const now = { wall: performance.now(), waited: waited() };
  const wall = now.wall - last.wall - TICK_MS;
  const own = wall - (now.waited - last.waited);
  longest = { wall: Math.max(longest.wall, wall), own: Math.max(longest.own, own) };
  last = now;
}

if (file !== "") {
  setInterval(tick, TICK_MS).unref();
  process.on("SIGUSR2", () => {
    tick();
    writeFileSync(`${file}.part`, JSON.stringify(longest));
    renameSync(`${file}.part`, file);
    longest = { wall: 0, own: 0 };
    last = { wall: performance.now(), waited: waited() };
    if (slow.blockMs) setTimeout(block, 20, slow.blockMs);
  });
  // From here on it can be asked.
  writeFileSync(file, JSON.stringify(longest));
}

function block(/** @type {number} */ ms) {
  const own = () => performance.now() - waited();
  const end = own() + ms;
  while (own() < end);
}

if (slow.syncMs) {
  const handle = await open("/dev/null");
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { datasync } = prototype;
  prototype.datasync = async function delayed() {
    await datasync.call(this);
    await sleep(slow.syncMs);
  };
}
