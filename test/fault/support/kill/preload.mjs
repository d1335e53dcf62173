// Loaded into a gateway under test with --import: wraps what it changes files with, prints each kind
// of step once, and ends the process with SIGKILL at the step that KILL_AT names:
//   { "step": "datasync gateway.journal", "nth": 3, "when": "before" | "torn" | "after" }
// `torn` lets a write take half of its bytes. FULL_FROM=n makes the disk full for gateway.journal
// from its nth write on, until the reserve file was given up.
import { writeSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

const state = process.env.OPENCLAW_STATE_DIR;
const wanted = process.env.KILL_AT ? JSON.parse(process.env.KILL_AT) : undefined;
const fullFrom = Number(process.env.FULL_FROM ?? Number.POSITIVE_INFINITY);
const seen = new Map();
/** The files that are open, each with the name that it has now. */
const opened = new WeakMap();
const byPath = new Map();
let relieved = false;

function nameOf(path) {
  if (path === state) return ".";
  return basename(String(path))
    .replace(/\.[0-9a-f]{12}\.tmp$/, ".tmp")
    .replace(/^audit-\d{12}/, "audit-*")
    .replace(/^writer-[0-9a-f]{16}/, "writer-*");
}

function say(msg, facts) {
  writeSync(1, `${JSON.stringify({ level: 30, msg, ...facts })}\n`);
}

function die() {
  say("killed", { step: wanted.step, when: wanted.when });
  process.kill(process.pid, wanted.signal ?? "SIGKILL");
}

/** Runs one step of the file system, unless it is the last thing this process does. */
async function step(text, run, tear) {
  const count = (seen.get(text) ?? 0) + 1;
  seen.set(text, count);
  if (count === 1) say("step", { step: text });
  const last = wanted?.step === text && count === (wanted.nth ?? 1);
  if (last && wanted.when === "before") die();
  if (last && wanted.when === "torn") {
    await tear();
    die();
  }
  if (text === "write gateway.journal" && count >= fullFrom && !relieved) {
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  }
  const result = await run().catch((error) => {
    // A folder that is there already is as good as made.
    if (last && error.code === "EEXIST") die();
    throw error;
  });
  if (text === "unlink gateway.reserve") relieved = true;
  if (last) die();
  return result;
}

for (const call of ["unlink", "chmod", "chown", "mkdir"]) {
  const original = files[call];
  files[call] = (path, ...rest) => step(`${call} ${nameOf(path)}`, () => original(path, ...rest));
}
const { rename, symlink, open } = files;
files.rename = (from, to) =>
  step(`rename ${nameOf(from)} > ${nameOf(to)}`, async () => {
    await rename(from, to);
    const file = byPath.get(from);
    if (!file) return;
    byPath.delete(from);
    byPath.set(to, file);
    file.name = nameOf(to);
  });
files.symlink = (target, path) => step(`symlink ${nameOf(path)}`, () => symlink(target, path));
files.open = async (path, ...rest) => {
  const name = nameOf(path);
  const run = () => open(path, ...rest);
  // Of opening, only making a file changes anything.
  const handle = await (name.endsWith(".tmp") ? step(`open ${name}`, run) : run());
  const file = { name };
  opened.set(handle, file);
  byPath.set(path, file);
  return handle;
};

const probe = await open("/dev/null");
const handles = Object.getPrototypeOf(probe);
await probe.close();
for (const call of ["sync", "datasync", "truncate"]) {
  const original = handles[call];
  handles[call] = function (...args) {
    const name = opened.get(this)?.name;
    const run = () => original.apply(this, args);
    return name === undefined ? run() : step(`${call} ${name}`, run);
  };
}
const { write } = handles;
handles.write = function (bytes, offset, length, position) {
  const name = opened.get(this)?.name;
  const run = (count) => write.call(this, bytes, offset, count, position);
  if (name === undefined) return run(length);
  const half = () => run(Math.ceil(length / 2));
  return step(`write ${name}`, () => run(length), half);
};
syncBuiltinESMExports();
