import {
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import {
  type AuditHead,
  type AuditLine,
  chained,
  genesis,
  headOf,
} from "../../../src/audit/chain.ts";
import type { AuditVerdict } from "../../../src/audit/verify.ts";
import { openCore } from "../../../src/main/core.ts";
import { instantHasher } from "../../kit/gateway.ts";

/** Writes lines to the audit of the state in `folder`, as the gateway does; three to a file. */
export async function writeAudit(folder: string, count: number): Promise<void> {
  const log = { info() {}, warn() {}, error() {} };
  // Each line takes a little less than a third of a file.
  const limits = { auditFileBytes: 1200 };
  const env = { OPENCLAW_STATE_DIR: folder, HOME: folder };
  const core = await openCore({ env, log, limits, hasher: instantHasher });
  for (let i = 0; i < count; i += 1) {
    const what = { device: `d${i}`.padEnd(64, "x") };
    await core.audit.note({ event: "device.approved", by: { kind: "host" }, what });
    while (core.documents.host.durable.trail.outbox.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await core.close();
}

/** A file of the audit in lines, without their ends. */
type Lines = string[];

/** The files of an audit that are about to be damaged, oldest first. */
export class Found {
  private constructor(
    readonly folder: string,
    readonly names: readonly string[],
  ) {}

  static async in(stateDir: string): Promise<Found> {
    const folder = join(stateDir, "audit");
    return new Found(folder, (await readdir(folder)).sort());
  }

  name(at: number): string {
    return this.names.at(at) ?? "";
  }

  path(at: number): string {
    return join(this.folder, this.name(at));
  }

  async lines(at: number): Promise<Lines> {
    return (await readFile(this.path(at), "utf8")).split("\n").slice(0, -1);
  }

  /** Changes one file's lines. */
  async edit(at: number, change: (lines: Lines) => Lines): Promise<void> {
    const lines = change(await this.lines(at));
    await writeFile(this.path(at), lines.map((line) => `${line}\n`).join(""));
  }

  /** Writes everything anew from a line of the file `at` on, each line chained to the one before. */
  async rewrite(at: number, line: number): Promise<AuditHead> {
    let head: AuditHead = genesis;
    for (const [index, name] of this.names.entries()) {
      const file = index === (at + this.names.length) % this.names.length;
      const later = index > (at + this.names.length) % this.names.length;
      const texts: string[] = [];
      for (const [number, text] of (await this.lines(index)).entries()) {
        const parsed = JSON.parse(text) as AuditLine;
        const forged = later || (file && number + 1 >= line);
        const written = forged
          ? chained(head, { ...parsed, by: { kind: "gateway" } }, parsed.ts)
          : parsed;
        head = headOf(written);
        texts.push(forged ? JSON.stringify(written) : text);
      }
      await writeFile(join(this.folder, name), texts.map((text) => `${text}\n`).join(""));
    }
    return head;
  }
}

/** What is done to the files, and what must be said about it. */
export interface Damage {
  readonly what: string;
  readonly do: (found: Found) => Promise<unknown>;
  /** Faults that must be among those that are named: the file by its place, its line, the problem. */
  readonly faults: readonly (readonly [
    file: number | string,
    line: number | undefined,
    problem: RegExp,
  ])[];
}

const CHANGED = /it was changed: its hash is another's/;
const SPELLED = /written in another way than the gateway writes/;
const follows = (n: number, before: number) => new RegExp(`^number ${n} follows number ${before}$`);
const swapped = <T>([a, b, ...rest]: T[]): T[] => [b as T, a as T, ...rest];

/** A line that follows from the one before it, of an event that never was. */
function forgedAfter(text: string | undefined): string {
  const before = JSON.parse(text ?? "") as AuditLine;
  const event = {
    event: "device.approved",
    by: { kind: "host" as const },
    what: { device: "evil" },
  };
  return JSON.stringify(chained(headOf(before), event, before.ts + 1));
}

/**
 * Of an audit of twelve lines in four files of three: numbers 1-3, 4-6, 7-9, 10-12. Every kind of damage
 * that somebody can do who may write the files and not the state.
 */
export const damages: readonly Damage[] = [
  {
    what: "a letter is another, in the first line of all",
    do: (f) => f.edit(0, ([one = "", ...rest]) => [one.replace('"host"', '"hoSt"'), ...rest]),
    faults: [[0, 1, CHANGED]],
  },
  {
    what: "a digit of a time is another, in the middle",
    do: (f) =>
      f.edit(1, (lines) => lines.map((l, i) => (i === 1 ? l.replace(/"ts":1/, '"ts":2') : l))),
    faults: [[1, 2, CHANGED]],
  },
  {
    what: "a letter is another, in the last line of all",
    do: (f) =>
      f.edit(-1, (lines) => [...lines.slice(0, 2), (lines[2] ?? "").replace("d11", "d12")]),
    faults: [[-1, 3, CHANGED]],
  },
  {
    what: "a digit of a hash is another",
    do: (f) =>
      f.edit(2, ([one = "", ...rest]) => [
        one.replace(/"hash":"(.)/, (_all, c) => `"hash":"${c === "0" ? "1" : "0"}`),
        ...rest,
      ]),
    faults: [
      [2, 1, CHANGED],
      [2, 2, /the line before it was changed or replaced/],
    ],
  },
  {
    what: "a blank is put in, where it says nothing",
    do: (f) => f.edit(1, ([one = "", ...rest]) => [one.replace(",", ", "), ...rest]),
    faults: [[1, 1, SPELLED]],
  },
  {
    what: "a key stands there twice, so that another program reads another line",
    do: (f) =>
      f.edit(1, ([one = "", ...rest]) => [`{"event":"device.rejected",${one.slice(1)}`, ...rest]),
    faults: [[1, 1, SPELLED]],
  },
  {
    what: "a letter is spelled as a number",
    do: (f) => f.edit(1, ([one = "", ...rest]) => [one.replace('"host"', '"\\u0068ost"'), ...rest]),
    faults: [[1, 1, SPELLED]],
  },
  {
    what: "a byte is no text",
    do: async (f) => {
      const bytes = await readFile(f.path(1));
      bytes[bytes.indexOf("host")] = 0xff;
      await writeFile(f.path(1), bytes);
    },
    faults: [
      [1, undefined, /bytes that are no text/],
      [1, 1, CHANGED],
    ],
  },
  {
    what: "a line is no JSON",
    do: (f) => f.edit(1, (lines) => ["not me", ...lines.slice(1)]),
    faults: [
      [1, 1, /not a line of the audit/],
      [1, 2, follows(5, 3)],
    ],
  },
  {
    what: "the first line of all is gone",
    do: (f) => f.edit(0, (lines) => lines.slice(1)),
    faults: [[0, 1, follows(2, 0)]],
  },
  {
    what: "a line in the middle is gone",
    do: (f) => f.edit(1, ([one = "", , three = ""]) => [one, three]),
    faults: [[1, 2, follows(6, 4)]],
  },
  {
    what: "the last line of all is gone",
    do: (f) => f.edit(-1, (lines) => lines.slice(0, -1)),
    faults: [[-1, undefined, /1 line is missing at the end \(12 to 12\)/]],
  },
  {
    what: "the first file is gone",
    do: (f) => unlink(f.path(0)),
    faults: [[1, 1, follows(4, 0)]],
  },
  {
    what: "a file in the middle is gone",
    do: (f) => unlink(f.path(1)),
    faults: [[2, 1, follows(7, 3)]],
  },
  {
    what: "the last file is gone",
    do: (f) => unlink(f.path(-1)),
    faults: [[2, undefined, /3 lines are missing at the end \(10 to 12\)/]],
  },
  {
    what: "all files are gone",
    do: (f) => rm(f.folder, { recursive: true }),
    faults: [["audit", undefined, /12 lines are missing at the end \(1 to 12\)/]],
  },
  {
    what: "two lines are swapped",
    do: (f) => f.edit(1, swapped),
    faults: [
      [1, 1, follows(5, 3)],
      [1, 2, follows(4, 5)],
    ],
  },
  {
    what: "the lines of two files are swapped",
    do: async (f) => {
      await rename(f.path(1), `${f.path(1)}.x`);
      await rename(f.path(2), f.path(1));
      await rename(`${f.path(1)}.x`, f.path(2));
    },
    faults: [
      [1, 1, /its name says that it begins with number 4/],
      [1, 1, follows(7, 3)],
      [2, 1, follows(4, 9)],
    ],
  },
  {
    what: "a line stands there twice",
    do: (f) => f.edit(1, ([one = "", ...rest]) => [one, one, ...rest]),
    faults: [[1, 2, follows(4, 4)]],
  },
  {
    what: "the last line stands there twice",
    do: (f) => f.edit(-1, (lines) => [...lines, lines[2] ?? ""]),
    faults: [[-1, 4, follows(12, 12)]],
  },
  {
    what: "a line is put in that follows from the one before",
    do: (f) => f.edit(1, ([one = "", ...rest]) => [one, forgedAfter(one), ...rest]),
    faults: [[1, 3, follows(5, 5)]],
  },
  {
    what: "a line is put behind the end that follows from it",
    do: (f) => f.edit(-1, (lines) => [...lines, forgedAfter(lines[2])]),
    faults: [[-1, undefined, /goes on behind number 12, where the state ends/]],
  },
  {
    what: "a line is replaced, with a hash of its own",
    do: (f) => f.edit(1, ([one = "", , ...rest]) => [one, forgedAfter(one), ...rest]),
    faults: [[1, 3, /the line before it was changed or replaced/]],
  },
  {
    what: "everything is written anew from some line on",
    do: (f) => f.rewrite(1, 2),
    faults: [
      [-1, 3, /another than the gateway signed/],
      [-1, undefined, /the last line is another than the state knows/],
    ],
  },
  {
    what: "everything is written anew from the first line on",
    do: (f) => f.rewrite(0, 1),
    faults: [[-1, undefined, /the last line is another than the state knows/]],
  },
  {
    what: "the tail is cut in the middle of a line",
    do: async (f) => writeFile(f.path(-1), (await readFile(f.path(-1))).subarray(0, -40)),
    faults: [
      [-1, undefined, /its last line is cut short/],
      [-1, undefined, /1 line is missing at the end \(12 to 12\)/],
    ],
  },
  {
    what: "the tail is cut by its last byte",
    do: async (f) => writeFile(f.path(-1), (await readFile(f.path(-1))).subarray(0, -1)),
    faults: [[-1, undefined, /its last line is cut short/]],
  },
  {
    what: "a file in the middle is emptied",
    do: (f) => writeFile(f.path(1), ""),
    faults: [
      [1, undefined, /it is empty/],
      [2, 1, follows(7, 3)],
    ],
  },
  {
    what: "the last file is emptied",
    do: (f) => writeFile(f.path(-1), ""),
    faults: [
      [-1, undefined, /it is empty/],
      [-1, undefined, /3 lines are missing at the end/],
    ],
  },
  {
    what: "a copy of a file is put there",
    do: (f) => cp(f.path(1), join(f.folder, "audit-000000000005.jsonl")),
    faults: [
      ["audit-000000000005.jsonl", 1, /its name says that it begins with number 5/],
      ["audit-000000000005.jsonl", 1, follows(4, 6)],
    ],
  },
  {
    what: "an empty file is put there",
    do: (f) => writeFile(join(f.folder, "audit-000000000008.jsonl"), ""),
    faults: [["audit-000000000008.jsonl", undefined, /it is empty/]],
  },
  ...["audit-000000000000.jsonl", "audit-000000000013.jsonl", "audit-999999999999.jsonl"].map(
    (name): Damage => ({
      what: `an empty file is put there, ${name}`,
      do: (f) => writeFile(join(f.folder, name), ""),
      faults: [[name, undefined, /it is empty/]],
    }),
  ),
  ...["notes.txt", "audit-13.jsonl", "audit-000000000004.jsonl.swp"].map(
    (name): Damage => ({
      what: `a file with a name of its own is put there, ${name}`,
      do: (f) => writeFile(join(f.folder, name), "mine"),
      faults: [[name, undefined, /it is no file of the audit/]],
    }),
  ),
  {
    what: "a file has another number",
    do: (f) => rename(f.path(1), join(f.folder, "audit-000000000005.jsonl")),
    faults: [["audit-000000000005.jsonl", 1, /its name says that it begins with number 5/]],
  },
  {
    what: "a file has a name that is none of the audit's",
    do: (f) => rename(f.path(2), `${f.path(2)}.bak`),
    faults: [[-1, 1, follows(10, 6)]],
  },
  {
    what: "a file is a link to a copy of itself",
    do: async (f) => {
      await rename(f.path(1), `${f.path(1)}.real`);
      await symlink(`${f.path(1)}.real`, f.path(1));
    },
    faults: [[1, undefined, /it is no plain file/]],
  },
  {
    what: "a file is a folder",
    do: async (f) => {
      await unlink(f.path(1));
      await mkdir(f.path(1));
    },
    faults: [[1, undefined, /it is no plain file/]],
  },
];

/** Every fault that the damage must have is among those that were found. */
export function expectNamed({ faults }: AuditVerdict, damage: Damage, found: Found): void {
  for (const [place, line, problem] of damage.faults) {
    const file = typeof place === "number" ? found.name(place) : place;
    const named = faults.filter((one) => one.file === file && one.line === line);
    const problems = named.map((one) => one.problem);
    expect(problems, JSON.stringify(faults)).toContainEqual(expect.stringMatching(problem));
  }
}
