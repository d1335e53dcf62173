import { describe, expect, test } from "vitest";
import {
  type AuditHead,
  type AuditLine,
  breakOf,
  chained,
  genesis,
  headOf,
} from "../../src/audit/chain.ts";
import { LockoutLines } from "../../src/audit/lockouts.ts";
import { floorText, type Trail } from "../../src/audit/trail.ts";
import { AuditCheck, type AuditVerdict, type FoundFile } from "../../src/audit/verify.ts";
import { limitTable } from "../../src/limits/table.ts";
import { inOneTurn } from "../../src/store/time-slices.ts";
import { HandWorld } from "../kit/world.ts";
import { byHost, signs, trailOf, verifies } from "./support.ts";

function fileOf(lines: readonly unknown[], name = "audit-000000000001.jsonl") {
  return { name, text: lines.map((line) => `${JSON.stringify(line)}\n`).join("") };
}

/** Follows `files`; `after` is the trail once they were read. */
function verifyAudit(files: FoundFile[], trail: Trail, after = trail): AuditVerdict {
  const check = new AuditCheck(trail, verifies, 100);
  for (const file of files) inOneTurn(check.file(file));
  return check.end(after);
}

const faultsOf = (files: { name: string; text: string }[], trail: Trail) =>
  verifyAudit(files, trail).faults.map(({ line, problem }) => [line, problem]);

describe("a chain", () => {
  test("follows from the beginning, line by line", () => {
    const { lines, trail } = trailOf(5);
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(lines[0]?.prev).toBe(genesis.hash);
    const verdict = verifyAudit([fileOf(lines)], trail);
    expect(verdict).toEqual({ lines: 5, from: 1, to: 5, faults: [] });
  });

  test("does not mind in which order a program writes the keys of a line", () => {
    const [line] = trailOf(1).lines;
    const turned = Object.fromEntries(Object.entries(line ?? {}).reverse());
    expect(breakOf(turned, genesis)).toBeUndefined();
  });

  test("no part of a line can be changed without its hash", () => {
    const [line] = trailOf(1).lines as [AuditLine];
    const changes: Partial<AuditLine>[] = [
      { ts: 1 },
      { event: "device.rejected" },
      { by: { kind: "gateway" } },
      { what: { device: "d1" } },
      { from: "203.0.113.7" },
    ];
    for (const change of changes) {
      expect(breakOf({ ...line, ...change }, genesis)).toContain("changed");
    }
  });
});

test("an audit that goes on while it is followed has no fault, and its end is still known", () => {
  const before = trailOf(3, 1);
  const after = trailOf(6, 1);
  expect(verifyAudit([fileOf(after.lines)], before.trail, after.trail).faults).toEqual([]);
  expect(verifyAudit([fileOf(after.lines.slice(0, 4))], before.trail, after.trail).faults).toEqual(
    [],
  );
  // Behind what the state knows, or on another way than through its end, nothing goes on.
  const beyond = [{ problem: "it goes on behind number 3, where the state ends" }];
  expect(verifyAudit([fileOf(after.lines)], before.trail).faults).toMatchObject(beyond);
  const other = { ...before.trail, head: { seq: 3, hash: "0".repeat(64) } };
  expect(verifyAudit([fileOf(after.lines)], other, after.trail).faults).toMatchObject([
    ...beyond,
    { file: "the state", problem: "its end does not follow from what it knows" },
  ]);
});

test("a long audit lets others have their turn", () => {
  const { lines, trail } = trailOf(1000);
  const rests = [...new AuditCheck(trail, verifies, 100).file(fileOf(lines))].length;
  expect(rests).toBeGreaterThan(1000 / 100);
});

describe("verify finds", () => {
  const { lines, trail } = trailOf(6);

  test("an edit, with its line", () => {
    const edited = lines.map((line) =>
      line.seq === 3 ? { ...line, what: { device: "x" } } : line,
    );
    const problem = "it was changed: its hash is another's";
    expect(faultsOf([fileOf(edited)], trail)).toEqual([[3, problem]]);
  });

  test("an edit whose hash was made anew, by the line behind it", () => {
    const { seq, prev } = lines[2] as AuditLine;
    const event = { event: "device.approved", by: byHost, what: { device: "x" } };
    const forged = chained({ seq: seq - 1, hash: prev }, event, 1);
    const edited = lines.map((line) => (line.seq === 3 ? forged : line));
    const problem = "the line before it was changed or replaced";
    expect(faultsOf([fileOf(edited)], trail)).toEqual([[4, problem]]);
  });

  test("a whole chain made anew: the state knows another end", () => {
    const other = trailOf(5).lines;
    const end = chained(headOf(other.at(-1) as AuditLine), { event: "x", by: byHost }, 1);
    const problem = "the last line is another than the state knows";
    expect(faultsOf([fileOf([...other, end])], trail)).toEqual([
      [6, "it is another than the gateway signed"],
      [undefined, problem],
    ]);
  });

  test("a chain and a state made anew, by the end that the gateway signed", () => {
    const { seq, prev } = lines[2] as AuditLine;
    let head: AuditHead = { seq: seq - 1, hash: prev };
    const anew = lines.slice(2).map((line) => {
      const forged = chained(head, { ...line, what: { device: "x" } }, line.ts);
      head = headOf(forged);
      return forged;
    });
    const files = [fileOf([...lines.slice(0, 2), ...anew])];
    const problem = "it is another than the gateway signed";
    const unsigned =
      "it knows lines up to number 6, of which the gateway signed only up to number 6";
    expect(faultsOf(files, { ...trail, head })).toEqual([
      [6, problem],
      [undefined, unsigned],
    ]);
    const { signed: _, ...bare } = trail;
    expect(faultsOf(files, { ...bare, head })).toEqual([
      [undefined, "it knows lines up to number 6, of which the gateway signed nothing"],
    ]);
  });

  test("a line that is on its way, changed in the state", () => {
    const { lines: all, trail: before } = trailOf(6, 2);
    const outbox = before.outbox.map((line) => ({ ...line, ts: 1 }));
    expect(faultsOf([fileOf(all.slice(0, 4))], { ...before, outbox })).toEqual([
      [undefined, "number 5, which is on its way to the file, was changed"],
    ]);
    const short = before.outbox.slice(0, 1);
    expect(faultsOf([fileOf(all.slice(0, 4))], { ...before, outbox: short })).toEqual([
      [undefined, "its end does not follow from what it knows"],
    ]);
  });

  test("a line in another spelling: what reads the file may be misled by it", () => {
    const [first] = lines as [AuditLine];
    const text = JSON.stringify(first);
    const spelled = [
      text.replace(":", ": "),
      `${text}\r`,
      text.replace('"seq"', '"event":"device.rejected","seq"'),
      text.replace('"device.approved"', '"device.\\u0061pproved"'),
    ];
    for (const other of spelled) {
      const rest = lines.slice(1).map((line) => JSON.stringify(line));
      const file = { name: "audit-000000000001.jsonl", text: `${[other, ...rest].join("\n")}\n` };
      expect(faultsOf([file], trail)).toEqual([
        [1, "it is written in another way than the gateway writes"],
      ]);
    }
  });

  test("a file with another's name, an empty one, and one that can't be read", () => {
    const renamed = fileOf(lines, "audit-000000000003.jsonl");
    expect(faultsOf([renamed], trail)).toEqual([[1, "its name says that it begins with number 3"]]);
    const empty = { name: "audit-000000000007.jsonl", text: "" };
    expect(faultsOf([fileOf(lines), empty], trail)).toEqual([[undefined, "it is empty"]]);
    // Made for a line that is on its way, before it was written: no crash leaves a fault.
    const coming = trailOf(7, 1);
    expect(verifyAudit([fileOf(lines), empty], coming.trail)).toMatchObject({
      faults: [],
      waiting: 1,
    });
    expect(verifyAudit([fileOf(lines), empty], trail, coming.trail).faults).toEqual([]);
    const gone = { name: "audit-000000000004.jsonl", text: "" };
    expect(faultsOf([fileOf(lines.slice(0, 3)), gone], trail)).toEqual([
      [undefined, "it is empty"],
      [undefined, "3 lines are missing at the end (4 to 6)"],
    ]);
    const bad = { name: gone.name, text: "", problem: "it can't be read: EACCES" };
    expect(faultsOf([fileOf(lines.slice(0, 3)), bad], trail)).toContainEqual([
      undefined,
      "it can't be read: EACCES",
    ]);
  });

  test("auditFaults: so many are named, the rest is counted", () => {
    const check = new AuditCheck(trail, verifies, 2);
    inOneTurn(check.file({ name: "audit-000000000001.jsonl", text: "nonsense\n".repeat(5) }));
    // The end and five lines, of which two are named.
    expect(check.end(trail)).toMatchObject({ faults: [{ line: 1 }, { line: 2 }], more: 4 });
    expect(limitTable.auditFaults.value).toBeGreaterThan(2);
  });

  test("a gap", () => {
    const gap = lines.filter(({ seq }) => seq !== 4);
    expect(faultsOf([fileOf(gap)], trail)).toEqual([[4, "number 5 follows number 3"]]);
  });

  test("a cut tail, a file that is gone, and one that goes on", () => {
    const missing = (n: number, range: string) => `${n} lines are missing at the end (${range})`;
    const cut = faultsOf([fileOf(lines.slice(0, 4))], trail);
    expect(cut).toEqual([[undefined, missing(2, "5 to 6")]]);
    expect(faultsOf([], trail)).toEqual([[undefined, missing(6, "1 to 6")]]);
    const more = chained(trail.head, { event: "x", by: byHost }, 1);
    expect(faultsOf([fileOf([...lines, more])], trail)).toEqual([
      [undefined, "it goes on behind number 6, where the state ends"],
    ]);
  });

  test("a line cut short, and text that is no line", () => {
    const { name, text } = fileOf(lines);
    const cut = faultsOf([{ name, text: text.slice(0, -10) }], trail);
    expect(cut).toContainEqual([undefined, "its last line is cut short"]);
    const odd = faultsOf([{ name, text: `nonsense\n${text}` }], trail);
    expect(odd).toEqual([[1, "it is not a line of the audit"]]);
  });

  test("an end that another key signed", () => {
    const { signed } = trail;
    const forged = { ...trail, ...(signed && { signed: { ...signed, signature: "AAAA" } }) };
    const problem = "the gateway's key did not sign the end that the state knows";
    expect(faultsOf([fileOf(lines)], forged)).toEqual([[undefined, problem]]);
  });
});

describe("verify accepts", () => {
  test("lines that are still on their way: the state has them", () => {
    const { lines, trail } = trailOf(4, 1);
    expect(faultsOf([fileOf(lines.slice(0, 3))], trail)).toEqual([]);
    // Written, and the note about it lost by a crash.
    expect(faultsOf([fileOf(lines)], trail)).toEqual([]);
  });

  test("files whose oldest were removed: the state knows where the chain then begins", () => {
    const { lines, trail } = trailOf(6);
    const head = headOf(lines[2] as AuditLine);
    const floor = { ...head, signature: signs(floorText(head)).toString("base64url") };
    const rest = [fileOf(lines.slice(3), "audit-000000000004.jsonl")];
    expect(faultsOf(rest, { ...trail, floor })).toEqual([]);
    expect(faultsOf(rest, trail)).toEqual([[1, "number 4 follows number 0"]]);
    // A crash came before the file that was due to go was removed.
    const old = fileOf(lines.slice(1, 3), "audit-000000000002.jsonl");
    expect(faultsOf([old, ...rest], { ...trail, floor })).toEqual([]);
    const forged = { ...floor, hash: "0".repeat(64) };
    expect(faultsOf([old, ...rest], { ...trail, floor: forged })).toEqual([
      [2, "it is another than the gateway signed"],
      [undefined, "the gateway's key did not sign where the audit begins"],
    ]);
    // Nobody hides lines by calling their file removed.
    expect(faultsOf([], { ...trail, floor: trail.head })).toEqual([
      [undefined, "the gateway's key did not sign where the audit begins"],
    ]);
  });
});

test("auditLockoutsPerHour: strangers cannot fill the audit, and it says how many were left out", () => {
  const world = new HandWorld();
  const lines = new LockoutLines(2, world);
  expect([lines.next(), lines.next(), lines.next(), lines.next()]).toEqual([
    { leftOut: 0 },
    { leftOut: 0 },
    undefined,
    undefined,
  ]);
  world.advance(3_600_000);
  expect([lines.next(), lines.next()]).toEqual([{ leftOut: 2 }, { leftOut: 0 }]);
  expect(limitTable.auditLockoutsPerHour.value).toBeGreaterThan(0);
});
