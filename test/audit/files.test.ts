import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { headOf } from "../../src/audit/chain.ts";
import { AuditFiles, fileName } from "../../src/audit/files.ts";
import { checkAudit, readAudit } from "../../src/audit/reader.ts";
import { applyTrail, floorText, type Trail } from "../../src/audit/trail.ts";
import { AuditWriter } from "../../src/audit/writer.ts";
import { type FileSystem, systemFiles } from "../../src/lib/atomic-file.ts";
import { limitTable } from "../../src/limits/table.ts";
import { HandWorld } from "../kit/world.ts";
import { signs, trailOf, verifies } from "./support.ts";

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "audit-test-")), "audit");
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

const checks = { verifies, mostFaults: 100 };
const roomy = { auditFileBytes: 1 << 20, auditFiles: 4 };

/** A writer on a trail that is held in memory. */
function writerOf(start: Trail, limits = roomy, files: FileSystem = systemFiles) {
  const world = new HandWorld();
  const state = { trail: start, unsaved: false };
  const said: string[] = [];
  const log = {
    info: (facts: object, message: string) => void said.push(`${message} ${JSON.stringify(facts)}`),
    error: (_facts: object, message: string) => void said.push(`error: ${message}`),
  };
  const writer = new AuditWriter({
    files: new AuditFiles(folder, limits, files),
    world,
    limits: { retryMs: 1000, retryMaxMs: 60_000 },
    trail: () => state.trail,
    unsaved: () => state.unsaved,
    written: (signed) => {
      state.trail = applyTrail(state.trail, { op: "audit-written", signed });
    },
    dropping: async (floor) => {
      const { signed } = state.trail;
      const signature = signs(floorText(floor)).toString("base64url");
      const change = { op: "audit-written" as const, floor: { ...floor, signature } };
      if (signed) state.trail = applyTrail(state.trail, { ...change, signed });
    },
    sign: signs,
    log,
    copy: log.info,
  });
  return { writer, world, state, said };
}

const linesIn = async (name: string) =>
  (await readFile(join(folder, name), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).seq);

test("lines move from the state to the file, once, and are copied to the log", async () => {
  const { lines, trail } = trailOf(3, 3);
  const { writer, state, said } = writerOf(trail);
  writer.flush();
  writer.flush();
  await writer.close();
  expect(await linesIn("audit-000000000001.jsonl")).toEqual([1, 2, 3]);
  expect(state.trail.outbox).toEqual([]);
  expect(said).toHaveLength(3);
  expect(said[2]).toContain(lines[2]?.hash);
  expect(await checkAudit(folder, () => state.trail, checks)).toMatchObject({
    lines: 3,
    faults: [],
  });
});

test("after a crash nothing is doubled and nothing is lost, a torn line included", async () => {
  const { lines, trail } = trailOf(4, 4);
  const first = writerOf(trail);
  first.writer.flush();
  await first.writer.close();
  // The note about what was written is lost with the crash, and the last line was cut short.
  const path = join(folder, "audit-000000000001.jsonl");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.slice(0, -20));
  const second = writerOf(trail);
  second.writer.flush();
  await second.writer.close();
  expect(await linesIn("audit-000000000001.jsonl")).toEqual([1, 2, 3, 4]);
  expect(second.state.trail).toMatchObject({ outbox: [], signed: lines[3] && headOf(lines[3]) });
  expect((await checkAudit(folder, () => second.state.trail, checks)).faults).toEqual([]);
});

test("auditFileBytes and auditFiles: a full file is followed by another, the oldest goes, the chain holds", async () => {
  expect(limitTable.auditFileBytes.value * limitTable.auditFiles.value).toBeLessThanOrEqual(
    2 ** 30,
  );
  let { trail } = trailOf(1, 1);
  const { writer, state } = writerOf(trail, { auditFileBytes: 600, auditFiles: 3 });
  for (let count = 1; count <= 12; count += 1) {
    trail = trailOf(count, 1).trail;
    const [line] = trail.outbox;
    if (line && count > 1) state.trail = applyTrail(state.trail, { op: "audit", line });
    writer.flush();
    while (state.trail.outbox.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.close();
  const names = (await readdir(folder)).sort();
  expect(names).toHaveLength(3);
  expect(state.trail.floor.seq).toBeGreaterThan(0);
  const verdict = await checkAudit(folder, () => state.trail, checks);
  expect(verdict).toMatchObject({ to: 12, from: state.trail.floor.seq + 1, faults: [] });
});

test("a disk that takes nothing loses nothing: the state keeps the lines, and they are tried again", async () => {
  let full = true;
  const files: FileSystem = {
    ...systemFiles,
    openNew: async (path, mode) => {
      const open = await systemFiles.openNew(path, mode);
      return {
        ...open,
        write: async (bytes, at) => {
          if (!full) return open.write(bytes, at);
          await open.write(bytes.subarray(0, 7), at);
          throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        },
      };
    },
  };
  const { writer, world, state, said } = writerOf(trailOf(2, 2).trail, roomy, files);
  writer.flush();
  while (said.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual(["error: the audit can't be written; it is kept in the state"]);
  expect(state.trail.outbox).toHaveLength(2);
  full = false;
  world.advance(1000);
  while (state.trail.outbox.length > 0) await new Promise((resolve) => setImmediate(resolve));
  await writer.close();
  expect((await checkAudit(folder, () => state.trail, checks)).faults).toEqual([]);
  expect(said).toContain("the audit is written again {}");
});

test("auditRows: the newest lines are read, from the files and from what is on its way", async () => {
  const { trail } = trailOf(5, 5);
  const { writer, state } = writerOf(trail);
  writer.flush();
  await writer.close();
  const more = trailOf(6, 1).trail;
  const read = async (options: { sinceMs?: number; limit: number }) =>
    (await readAudit(folder, more, options)).map(({ seq }) => seq);
  expect(await read({ limit: limitTable.auditRows.value })).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await read({ limit: 2 })).toEqual([5, 6]);
  expect(await read({ limit: 100, sinceMs: 1003 })).toEqual([4, 5, 6]);
  expect(state.trail.outbox).toEqual([]);
  expect(await readAudit(join(folder, "nowhere"), more, { limit: 9 })).toEqual(more.outbox);
});

test("a crash between making a file and writing to it leaves an empty one, which is then filled", async () => {
  const { lines, trail } = trailOf(3, 2);
  const files = new AuditFiles(folder, roomy);
  await files.open();
  await files.append(lines.slice(0, 1), async () => undefined);
  await files.close();
  await writeFile(join(folder, "audit-000000000002.jsonl"), "");
  const { writer, state } = writerOf(trail);
  writer.flush();
  await writer.close();
  expect(await linesIn("audit-000000000002.jsonl")).toEqual([2, 3]);
  expect((await checkAudit(folder, () => state.trail, checks)).faults).toEqual([]);
});

test("whatever else lies in the folder is named and left alone", async () => {
  await new AuditFiles(folder, roomy).open();
  const foreign = ["audit-1.jsonl", "audit-000000000001.jsonl.swp", "notes \u202etxt"];
  for (const name of foreign) await appendFile(join(folder, name), "mine");
  await mkdir(join(folder, "kept"));
  const { writer, state } = writerOf(trailOf(2, 2).trail);
  writer.flush();
  await writer.close();
  const problem = "it is no file of the audit: somebody put it there";
  const named = [...foreign, "kept"].sort().map((file) => ({ file, problem }));
  expect((await checkAudit(folder, () => state.trail, checks)).faults).toEqual(named);
  expect(await linesIn("audit-000000000001.jsonl")).toEqual([1, 2]);
  for (const name of foreign) expect(await readFile(join(folder, name), "utf8")).toBe("mine");
});

test("files without a line are named, and change nothing of where the audit goes on", async () => {
  const { trail } = trailOf(2, 2);
  const first = writerOf(trail);
  first.writer.flush();
  await first.writer.close();
  // Older, in between, right behind, newer, newest of all; and one whose only line is torn.
  const added = [0, 2, 3, 4, 999_999_999_999].map(fileName);
  for (const name of added) await writeFile(join(folder, name), "");
  await writeFile(join(folder, fileName(7)), '{"seq":7');
  const found = async (now: Trail) => {
    const { faults } = await checkAudit(folder, () => now, checks);
    return faults.map(({ file, problem }) => `${file} ${problem}`).sort();
  };
  const torn = `${fileName(7)} its last line is cut short`;
  const empties = (names: readonly string[]) => names.map((name) => `${name} it is empty`);
  expect(await found(first.state.trail)).toEqual([...empties(added), torn].sort());

  // Three more lines: they follow in the file that is empty right behind, as after a crash.
  let now = first.state.trail;
  for (const line of trailOf(5, 3).trail.outbox) now = applyTrail(now, { op: "audit", line });
  const second = writerOf(now);
  second.writer.flush();
  await second.writer.close();
  expect(await linesIn(fileName(3))).toEqual([3, 4, 5]);
  const left = added.filter((name) => name !== fileName(3));
  expect(await found(second.state.trail)).toEqual([...empties(left), torn].sort());
});

test("names of lines to come push out no file that is real", async () => {
  const { lines } = trailOf(4);
  const files = new AuditFiles(folder, { auditFileBytes: 1, auditFiles: 2 });
  await files.open();
  for (let at = 0; at < 5; at += 1) await writeFile(join(folder, fileName(900 + at)), "");
  const dropped: number[] = [];
  const dropping = async ({ seq }: { seq: number }) => void dropped.push(seq);
  for (const line of lines.slice(0, 2)) await files.append([line], dropping);
  expect(dropped).toEqual([]);
  for (const line of lines.slice(2)) await files.append([line], dropping);
  expect(dropped).toEqual([1, 2]);
  await files.close();
  const again = new AuditFiles(folder, roomy);
  expect(await again.open()).toBe(4);
  await again.close();
});

test("auditFileBytes: lines that come together make no file larger", async () => {
  const { lines } = trailOf(9);
  const [one] = lines;
  const auditFileBytes = 3 * (Buffer.byteLength(JSON.stringify(one)) + 1);
  const files = new AuditFiles(folder, { auditFileBytes, auditFiles: 9 });
  await files.open();
  await files.append(lines, async () => undefined);
  await files.close();
  expect((await readdir(folder)).sort()).toEqual([1, 4, 7].map(fileName));
});

test("auditReadBytes: a file that is larger than any can be is named, and not read", async () => {
  const { trail } = trailOf(2, 2);
  const { writer, state } = writerOf(trail);
  writer.flush();
  await writer.close();
  await truncate(join(folder, fileName(1)), limitTable.auditReadBytes.value + 1);
  const { faults } = await checkAudit(folder, () => state.trail, checks);
  expect(faults).toContainEqual({
    file: fileName(1),
    problem: "it is larger than a file of the audit can be",
  });
});

test("lines that the disk does not have yet stay in the state: a crash could give their numbers to others", async () => {
  const { lines, trail } = trailOf(2, 1);
  const { writer, world, state } = writerOf(trail);
  await new AuditFiles(folder, roomy).open();
  await writeFile(join(folder, "audit-000000000001.jsonl"), `${JSON.stringify(lines[0])}\n`);
  state.unsaved = true;
  writer.flush();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(await linesIn("audit-000000000001.jsonl")).toEqual([1]);
  expect(world.pendingTimers).toBe(1);
  state.unsaved = false;
  world.advance(1000);
  while (state.trail.outbox.length > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await linesIn("audit-000000000001.jsonl")).toEqual([1, 2]);
  await writer.close();
});

test("where somebody wrote lines that the state does not know, the audit goes on behind them", async () => {
  const { lines, trail } = trailOf(3, 1);
  const forged = trailOf(9).lines.slice(2);
  await new AuditFiles(folder, roomy).open();
  const found = [...lines.slice(0, 2), ...forged].map((line) => `${JSON.stringify(line)}\n`);
  await writeFile(join(folder, "audit-000000000001.jsonl"), found.join(""));
  const { writer, state, said } = writerOf(trail);
  writer.flush();
  await writer.close();
  expect(said[0]).toContain("error: the audit's files go on where the state ends");
  expect(await linesIn("audit-000000000001.jsonl")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 3]);
  expect(state.trail.outbox).toEqual([]);
  const { faults } = await checkAudit(folder, () => state.trail, checks);
  expect(faults).toContainEqual(expect.objectContaining({ line: 10 }));
});

test("something else in a file's place is neither followed nor written to", async () => {
  const { lines, trail } = trailOf(3, 1);
  const files = new AuditFiles(folder, roomy);
  await files.open();
  const elsewhere = join(folder, "..", "elsewhere");
  await writeFile(
    elsewhere,
    `${lines
      .slice(0, 2)
      .map((line) => JSON.stringify(line))
      .join("\n")}\n`,
  );
  await symlink(elsewhere, join(folder, "audit-000000000001.jsonl"));
  const { writer, state } = writerOf(trail);
  writer.flush();
  await writer.close();
  expect((await readFile(elsewhere, "utf8")).split("\n")).toHaveLength(3);
  expect(await linesIn("audit-000000000003.jsonl")).toEqual([3]);
  const { faults } = await checkAudit(folder, () => state.trail, checks);
  expect(faults).toEqual([
    { file: "audit-000000000001.jsonl", problem: "it is no plain file" },
    { file: "audit-000000000003.jsonl", line: 1, problem: "number 3 follows number 0" },
  ]);
  expect(await readAudit(folder, state.trail, { limit: 9 })).toEqual([lines[2]]);
});

test("the oldest file goes only once the state knows where the chain then begins", async () => {
  const { lines } = trailOf(6);
  const small = { auditFileBytes: 1, auditFiles: 2 };
  const files = new AuditFiles(folder, small);
  await files.open();
  const dropped: string[] = [];
  let refuse = false;
  const dropping = async ({ seq }: { seq: number }) => {
    if (refuse) throw new Error("the disk is full");
    dropped.push(`${seq} of ${(await readdir(folder)).length}`);
  };
  for (const line of lines.slice(0, 3)) await files.append([line], dropping);
  // The file was still there when its end was noted.
  expect(dropped).toEqual(["1 of 3"]);
  refuse = true;
  await expect(files.append(lines.slice(3, 4), dropping)).rejects.toThrow("the disk is full");
  expect((await readdir(folder)).sort()).toEqual([2, 3, 4].map(fileName));
  refuse = false;
  await files.open();
  for (const line of lines.slice(3, 5)) await files.append([line], dropping);
  expect((await readdir(folder)).sort()).toEqual([4, 5].map(fileName));
  await files.close();
});

test("a file is read while nobody writes to it", async () => {
  const { trail } = trailOf(2, 2);
  const { writer, state } = writerOf(trail);
  let inside = false;
  const reading = writer.still(async () => {
    inside = true;
    writer.flush();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(state.trail.outbox).toHaveLength(2);
    inside = false;
    return "read";
  });
  expect(inside).toBe(true);
  expect(await reading).toBe("read");
  await writer.close();
  expect(state.trail.outbox).toEqual([]);
  await expect(writer.still(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
});
