import { mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AuditLine } from "../../src/audit/chain.ts";
import { fileName } from "../../src/audit/files.ts";
import { auditPage, type PageLimits } from "../../src/audit/pages.ts";
import { readAudit } from "../../src/audit/reader.ts";
import type { Trail } from "../../src/audit/trail.ts";
import { limitTable } from "../../src/limits/table.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { trailOf } from "./support.ts";

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "audit-pages-")), "audit");
  await mkdir(folder);
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

const bytesOf = (line: unknown) => Buffer.byteLength(JSON.stringify(line)) + 1;
const roomy: PageLimits = { rows: 100, bytes: 1 << 20, scanBytes: 1 << 23 };
const write = (first: number, text: string) => writeFile(join(folder, fileName(first)), text);
const textOf = (lines: readonly unknown[]) =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join("");

/** All pages from the beginning; `meanwhile` runs after each. */
async function all(
  trail: () => Trail,
  limits: PageLimits,
  more: { sinceMs?: number; meanwhile?: () => Promise<unknown> } = {},
): Promise<AuditLine[][]> {
  const pages: AuditLine[][] = [];
  const { meanwhile, ...since } = more;
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page = await auditPage(folder, trail(), { cursor, limits, ...since });
    if (!page) throw new Error(`no cursor: ${cursor}`);
    pages.push([...page.lines]);
    cursor = page.cursor;
    await meanwhile?.();
  }
  return pages;
}

test("auditRows: every line comes once, in order, over files and what is on its way to them", async () => {
  const { lines, trail } = trailOf(11, 3);
  await write(1, textOf(lines.slice(0, 5)));
  await write(6, textOf(lines.slice(5, 8)));
  for (const rows of [1, 2, 3, 8, 11, 12]) {
    const pages = await all(() => trail, { ...roomy, rows });
    expect(pages.flat()).toEqual(lines);
    expect(pages).toHaveLength(Math.max(1, Math.ceil(11 / rows)));
  }
  const since = await all(() => trail, { ...roomy, rows: 2 }, { sinceMs: lines[6]?.ts ?? 0 });
  expect(since.flat()).toEqual(lines.slice(6));
});

test("auditAnswerBytes: a page holds what fits, and one line at least", async () => {
  const { lines, trail } = trailOf(6);
  await write(1, textOf(lines));
  const two = bytesOf(lines[0]) + bytesOf(lines[1]);
  expect((await all(() => trail, { ...roomy, bytes: two })).map((page) => page.length)).toEqual([
    2, 2, 2,
  ]);
  expect(
    (await all(() => trail, { ...roomy, bytes: two - 1 })).map(({ length }) => length),
  ).toEqual([1, 1, 1, 1, 1, 1]);
  expect(await readAudit(folder, trail, { limit: 9, bytes: two })).toEqual(lines.slice(4));
  expect(await readAudit(folder, trail, { limit: 9, bytes: two - 1 })).toEqual(lines.slice(5));
  expect(await readAudit(folder, trail, { limit: 9, bytes: 1 })).toEqual(lines.slice(5));
});

test("auditScanBytes: who finds nothing for long is answered, and goes on", async () => {
  const { lines, trail } = trailOf(6);
  await write(1, textOf(lines));
  const limits = { rows: 9, bytes: bytesOf(lines[0]), scanBytes: 1 };
  const pages = await all(() => trail, limits, { sinceMs: lines[4]?.ts ?? 0 });
  expect(pages.flat()).toEqual(lines.slice(4));
  expect(pages.length).toBeGreaterThanOrEqual(6);
});

test("lines that reach the file between two pages come once", async () => {
  const { lines, trail } = trailOf(8, 6);
  const moved = trailOf(8, 3).trail;
  await write(1, textOf(lines.slice(0, 2)));
  let now = trail;
  const meanwhile = async () => {
    now = moved;
    await write(1, textOf(lines.slice(0, 5)));
  };
  const pages = await all(() => now, { ...roomy, rows: 3 }, { meanwhile });
  expect(pages.flat()).toEqual(lines);
});

test("of a damaged file every line that is one is shown, and nothing else is opened", async () => {
  const { lines, trail } = trailOf(4);
  const [one, two, three, four] = lines;
  await write(1, `${textOf([one])}junk\n${"x".repeat(3000)}\n${textOf([three, two, two])}{"torn":`);
  const secret = join(folder, "..", "elsewhere");
  await writeFile(secret, textOf(lines));
  await symlink(secret, join(folder, fileName(2)));
  await mkdir(join(folder, fileName(3)));
  await write(4, textOf([four]));
  const pages = await all(() => trail, { ...roomy, bytes: 600 });
  expect(pages.flat()).toEqual([one, three, two, two, four]);
});

test("the oldest file may go between two pages; a cursor that is none is refused", async () => {
  const { lines, trail } = trailOf(6);
  await write(1, textOf(lines.slice(0, 3)));
  await write(4, textOf(lines.slice(3)));
  const meanwhile = () => unlink(join(folder, fileName(1))).catch(() => undefined);
  const pages = await all(() => trail, { ...roomy, rows: 2 }, { meanwhile });
  expect(pages.flat().map(({ seq }) => seq)).toEqual([1, 2, 4, 5, 6]);
  for (const cursor of ["x", "../secret:0:0:0", "audit-000000000001.jsonl", `${"9".repeat(99)}`]) {
    expect(await auditPage(folder, trail, { cursor, limits: roomy })).toBeUndefined();
  }
});

test.each([
  ["auditRows", { auditRows: 2 }],
  ["auditAnswerBytes", { auditAnswerBytes: 600 }],
])("%s bounds the method, with a cursor and without", async (_, limits) => {
  const gateway = await startTestGateway({ limits });
  for (let i = 0; i < 5; i += 1) await gateway.host("device.pair.invite", { role: "node" });
  type Page = { lines: AuditLine[]; cursor?: string };
  const ask = (params: object) => gateway.host<Page>("host.audit.list", params);
  const seen: number[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page: Page = await ask({ cursor });
    expect(page.lines.length).toBeLessThanOrEqual(2);
    seen.push(...page.lines.map(({ seq }) => seq));
    cursor = page.cursor;
  }
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  const { lines } = await ask({ limit: 5 });
  expect(lines.at(-1)?.seq).toBe(5);
  expect(lines.length).toBeLessThanOrEqual(2);
  await expect(ask({ cursor: "nonsense" })).rejects.toThrow("unknown cursor");
  const most = limitTable.auditRows.value;
  await expect(ask({ limit: most + 1 })).rejects.toThrow("/limit");
  // The file follows what is decided.
  await until(() => gateway.core.documents.host.durable.trail.outbox.length === 0, "the file");
  const path = join(gateway.stateDir, "audit", fileName(1));
  expect((await readFile(path, "utf8")).split("\n")).toHaveLength(6);
  await gateway.close();
});
