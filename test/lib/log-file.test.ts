import { execFileSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import fs, {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLog, type OpenLog } from "../../src/lib/log.ts";
import { LogFile, type LogStream } from "../../src/lib/log-file.ts";
import { logLimitTable } from "../../src/limits/log.ts";
import { until } from "../kit/until.ts";

/** Limits logFileBytes, logFilesKept and logBufferBytes. */

const KiB = 1024;
const bounds = { fileBytes: 256 * KiB, kept: 2 };

let folder: string;
let file: string;
let open: OpenLog | undefined;
let now = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-file-"));
  file = join(folder, "gateway.log");
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** By itself with room for all that a test writes, so that a slow disk costs no line of it. */
async function start(bufferBytes = 8 * KiB * KiB): Promise<OpenLog> {
  const options = { level: "info", pretty: false, bufferBytes };
  const world = { monotonic: () => now };
  open = await createLog({ ...options, file, fileBounds: bounds, world });
  return open;
}

/** Writes a line and waits until it is in the file of that name. */
async function write(words: string): Promise<void> {
  open?.log.info({}, words);
  await until(() => existsSync(file) && readFileSync(file, "utf8").includes(words), words);
}

/** A link leads nowhere between the moment its file is moved and the next one's beginning. */
const sizes = () =>
  readdirSync(folder).map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  );
const total = () => sizes().reduce((sum, size) => sum + size, 0);

/** Writes this many KiB. */
async function flood(kib: number): Promise<number> {
  let most = 0;
  for (let n = 0; n < kib; n += 1) {
    open?.log.info({ n }, "x".repeat(KiB));
    if (n % 50 !== 49) continue;
    await new Promise((resolve) => setTimeout(resolve, 2));
    most = Math.max(most, total());
  }
  return most;
}

test("logFileBytes, logFilesKept: whatever is written, the files stay within their budget", async () => {
  await start();
  const most = await flood(2000);
  await write("the last line");
  expect(most).toBeLessThanOrEqual(3 * bounds.fileBytes);
  expect(Math.max(...sizes())).toBeLessThanOrEqual(bounds.fileBytes);
  expect(readdirSync(folder).sort()).toEqual(["gateway.log", "gateway.log.1", "gateway.log.2"]);
  const lines = ["gateway.log.2", "gateway.log.1", "gateway.log"]
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line).n)
    .slice(0, -1);
  // Nothing is lost between two files, and no line is torn.
  expect(lines).toEqual(lines.map((_, i) => lines[0] + i));
  expect(lines.at(-1)).toBe(1999);
});

test("the budget of the shipped numbers is 80 MiB", () => {
  const { logFileBytes, logFilesKept } = logLimitTable;
  expect(logFileBytes.value * (logFilesKept.value + 1)).toBe(80 * KiB * KiB);
});

test("where nothing can be moved the file begins anew, within the budget", async () => {
  for (const n of [1, 2]) mkdirSync(`${file}.${n}/in-use`, { recursive: true });
  await start();
  await flood(1000);
  await write("the last line");
  expect(statSync(file).size).toBeLessThanOrEqual(bounds.fileBytes);
  expect(readdirSync(folder).sort()).toEqual(["gateway.log", "gateway.log.1", "gateway.log.2"]);
});

test("a file of an earlier release that is larger than the budget goes", async () => {
  appendFileSync(file, `${JSON.stringify({ level: 30, time: "2026-01-01T00:00:00.000Z" })}\n`);
  truncateSync(file, 10 * bounds.fileBytes);
  await start();
  await write("hello");
  expect(total()).toBeLessThan(bounds.fileBytes);
});

describe("a file that is no log of ours", () => {
  const notes = `my notes\n${"x".repeat(2 * KiB)}\n`;
  const names = () => readdirSync(folder).sort();
  const textOf = (name: string) => readFileSync(join(folder, name), "utf8");

  test("keeps its name and what it says, and the log makes do with the other names", async () => {
    appendFileSync(`${file}.1`, notes);
    await start();
    await flood(2000);
    await write("the last line");
    expect(names()).toEqual(["gateway.log", "gateway.log.1", "gateway.log.2"]);
    expect(textOf("gateway.log.1")).toBe(notes);
    expect(total()).toBeLessThanOrEqual(2 * bounds.fileBytes + notes.length);
  });

  test("is not replaced at the last of the names either, nor is a link or an empty one", async () => {
    appendFileSync(join(folder, "elsewhere"), notes);
    symlinkSync("elsewhere", `${file}.1`);
    appendFileSync(`${file}.2`, "");
    await start();
    await flood(1000);
    await write("the last line");
    expect(names()).toEqual(["elsewhere", "gateway.log", "gateway.log.1", "gateway.log.2"]);
    expect(textOf("gateway.log.1")).toBe(notes);
    expect(textOf("gateway.log.2")).toBe("");
    expect(statSync(file).size).toBeLessThanOrEqual(bounds.fileBytes);
  });

  test("is moved and kept where the log was sent there by mistake", async () => {
    appendFileSync(file, notes);
    await start();
    await flood(2000);
    await write("the last line");
    expect(names()).toEqual(["gateway.log", "gateway.log.1", "gateway.log.2", "gateway.log.3"]);
    expect(textOf("gateway.log.3").startsWith(notes)).toBe(true);
  });

  test("is not emptied where nothing can be moved: only what the log wrote goes", async () => {
    // With a number behind it the name is longer than a file system takes.
    file = join(folder, "x".repeat(255));
    appendFileSync(file, notes);
    await start();
    await flood(1000);
    await write("the last line");
    expect(names()).toHaveLength(1);
    expect(readFileSync(file, "utf8").startsWith(notes)).toBe(true);
    expect(total()).toBeLessThanOrEqual(notes.length + bounds.fileBytes);
  });
});

test("a line goes to the file that has the name now: moved, deleted, replaced", async () => {
  await start();
  await write("one");
  renameSync(file, `${file}.old`);
  now += 1000;
  await write("two");
  expect(readFileSync(`${file}.old`, "utf8")).not.toContain("two");
  rmSync(file);
  now += 1000;
  await write("three");
  expect(readFileSync(file, "utf8")).not.toContain("two");
});

test("it is opened anew at once where that is asked for", async () => {
  await start();
  await write("one");
  renameSync(file, `${file}.old`);
  open?.reopen();
  await write("two");
  expect(readFileSync(`${file}.old`, "utf8")).not.toContain("two");
});

test("a link stays a link: what it leads to is rotated", async () => {
  mkdirSync(join(folder, "disk"));
  symlinkSync(join(folder, "disk", "real.log"), file);
  await start();
  await flood(600);
  await write("the last line");
  expect(readdirSync(folder).sort()).toEqual(["disk", "gateway.log"]);
  expect(readdirSync(join(folder, "disk")).sort()).toEqual([
    "real.log",
    "real.log.1",
    "real.log.2",
  ]);
});

test("standard output by its name is never moved away, though it is a file", async () => {
  const fd = openSync(file, "a");
  const name = join(folder, "stdout");
  symlinkSync(`/proc/self/fd/${fd}`, name);
  const options = { level: "info", pretty: false, bufferBytes: 1024 * KiB, fileBounds: bounds };
  open = await createLog({ ...options, file: name });
  await flood(600);
  await write("the last line");
  closeSync(fd);
  expect(readdirSync(folder).sort()).toEqual(["gateway.log", "stdout"]);
  expect(statSync(file).size).toBeGreaterThan(600 * KiB);
});

test("who may not read a file may not read the next one", async () => {
  appendFileSync(file, "");
  chmodSync(file, 0o600);
  await start();
  await flood(300);
  await write("the last line");
  const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600]);
});

test("where two processes write one file, none of their lines goes with it", async () => {
  const first = await start();
  const second = await start();
  const lines: string[] = [];
  for (let n = 0; n < 10; n += 1) {
    now += 1000;
    open = n % 2 === 0 ? first : second;
    await flood(40);
    lines.push(`line ${n}.`);
    await write(`line ${n}.`);
  }
  await first.close();
  const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  expect(lines.filter((line) => !kept.join("").includes(line))).toEqual([]);
});

test("a file that can be neither moved nor emptied is written on", () => {
  mkdirSync(`${file}.2/in-use`, { recursive: true });
  appendFileSync(file, "x".repeat(bounds.fileBytes));
  // Not open for writing, so it can't be emptied, as one with chattr +a can't.
  const fd = openSync(file, "r");
  const stream = Object.assign(new EventEmitter(), { fd, file, mode: 0, reopen: () => {} });
  const world = { monotonic: () => now };
  new LogFile(stream as LogStream, file, { ...bounds, world });
  expect(() => stream.emit("ready")).not.toThrow();
  expect(() => stream.emit("write", KiB)).not.toThrow();
  closeSync(fd);
});

test("however often a folder was missing, the file of before is closed once", async () => {
  const logs = join(folder, "logs");
  mkdirSync(logs);
  file = join(logs, "gateway.log");
  await start();
  await write("one");
  renameSync(logs, `${logs}.away`);
  for (let n = 0; n < 5; n += 1) {
    now += 1000;
    open?.log.info({}, `away ${n}.`);
    // The time in which a try fails.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  mkdirSync(logs);
  const closed = vi.spyOn(fs, "close");
  now += 1000;
  await write("back");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(closed).toHaveBeenCalledOnce();
  closed.mockRestore();
});

test("logBufferBytes: what a stuck reader has not taken is kept so far, and newer lines are lost", async () => {
  execFileSync("mkfifo", [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const most = logLimitTable.logBufferBytes.value;
  await start(most);
  for (let n = 0; n < (4 * most) / KiB; n += 1) open?.log.info({ n }, "x".repeat(KiB));
  let taken = 0;
  const socket = new Socket({ fd: reader, writable: false });
  socket.on("data", (part) => {
    taken += part.length;
  });
  const ended = once(socket, "end");
  await open?.close();
  open = undefined;
  await ended;
  expect(taken).toBeGreaterThan(most / 2);
  expect(taken).toBeLessThan(2 * most);
});
