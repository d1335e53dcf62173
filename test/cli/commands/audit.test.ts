import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeAdmin } from "../support/admin-server.ts";
import { NOW, openclaw } from "../support/io.ts";

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
});
afterEach(() => admin.close());

const line = {
  seq: 1,
  ts: NOW,
  event: "devices.revoked",
  by: { kind: "host", claims: "uid 0" },
  what: { except: ["ab".repeat(32)], devices: 3, requests: [], links: ["l1", "l2"] },
  from: "203.0.113.7",
  prev: "0",
  hash: "1",
};

test("a line is read as it is, with the ids short", async () => {
  admin.answers["host.audit.list"] = () => ({ lines: [line] });
  const io = admin.io();
  expect(await openclaw("audit --since 1h", io)).toBe(0);
  expect(admin.askedOf("host.audit.list")).toEqual([{ sinceMs: NOW - 3_600_000, cursor: "" }]);
  expect(io.lines).toEqual([
    '2026-09-01T12:00:00Z devices.revoked by host (uid 0) from 203.0.113.7 except=abababababab devices=3 links="l1, l2"',
  ]);
});

test("scopes are read as elsewhere, times as times, and what is empty is left out", async () => {
  const what = {
    role: "operator",
    scopes: ["operator.admin"],
    caps: [],
    expiresAtMs: NOW + 60_000,
  };
  admin.answers["host.audit.list"] = () => ({ lines: [{ ...line, event: "link.made", what }] });
  const io = admin.io();
  expect(await openclaw("audit", io)).toBe(0);
  expect(io.lines[0]).toMatch(/ role=operator scopes="full control" expires=2026-09-01T12:01:00Z$/);
  const json = admin.io();
  expect(await openclaw("audit --json", json)).toBe(0);
  expect(JSON.parse(json.text).what).toEqual(what);
});

test("a whole audit ends well; every fault is named, and those left out are counted", async () => {
  const whole = { lines: 9, from: 1, to: 9, faults: [] };
  admin.answers["host.audit.verify"] = () => whole;
  const well = admin.io();
  expect(await openclaw("audit verify", well)).toBe(0);
  expect(well.lines[0]).toBe("9 lines, number 1 to 9.");
  admin.answers["host.audit.verify"] = () => ({ ...whole, waiting: 2 });
  const waits = admin.io();
  expect(await openclaw("audit verify", waits)).toBe(0);
  const rest = "2 lines in the state that the gateway will write.";
  expect(waits.lines[0]).toBe(`9 lines, number 1 to 9. ${rest}`);
  const file = "audit-000000000001.jsonl";
  const faults = [
    { file, line: 2, problem: "it was changed: its hash is another's" },
    { file: "the state", problem: "its end does not follow from what it knows" },
  ];
  admin.answers["host.audit.verify"] = () => ({ ...whole, faults, more: 7 });
  const io = admin.io();
  expect(await openclaw("audit verify", io)).toBe(1);
  expect(io.lines.slice(1, 5)).toEqual([
    "9 faults:",
    `  ${file}, line 2: it was changed: its hash is another's`,
    "  the state: its end does not follow from what it knows",
    "  … and 7 more",
  ]);
});

test("it is read to its end, page by page, an empty one included", async () => {
  const pages = [
    { lines: [line, line], cursor: "a" },
    { lines: [], cursor: "b" },
    { lines: [line] },
  ];
  admin.answers["host.audit.list"] = () => pages.shift();
  const io = admin.io();
  expect(await openclaw("audit", io)).toBe(0);
  expect(io.lines).toHaveLength(3);
  expect(admin.askedOf("host.audit.list")).toEqual([
    { cursor: "" },
    { cursor: "a" },
    { cursor: "b" },
  ]);
});

/** Control, escape, bidirectional, zero-width and other invisible characters, and half a letter. */
const hostile = "a\u001b[2J\u0007\r\n\u009b31m\u202e\u2066\u200b\u200d\ufeff\u2028\u{e0041}\ud800z";
const invisible = /[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/u;

test("whatever somebody wrote into the file, a terminal gets plain text and one line each", async () => {
  const everywhere = {
    ...line,
    event: hostile,
    by: { kind: hostile, id: hostile, claims: hostile },
    what: { [hostile]: hostile, list: [hostile, { [hostile]: hostile }], deep: { a: hostile } },
    from: hostile,
  };
  const odd = [
    { ...line, ts: 9e15, by: undefined, what: "text" },
    { ...line, by: null, what: null, from: { a: 1 } },
    { ...line, by: "host", what: [hostile], event: 7 },
    { ...line, by: { kind: 1, id: 2 }, what: { n: null, b: true } },
  ];
  const lines = [everywhere, { ...everywhere, by: { kind: hostile, id: hostile } }, ...odd];
  admin.answers["host.audit.list"] = () => ({ lines });
  const io = admin.io();
  expect(await openclaw("audit", io)).toBe(0);
  expect(io.lines).toHaveLength(lines.length);
  for (const words of io.lines) expect(words).not.toMatch(invisible);
  expect(io.lines.join("\n")).not.toContain("\u001b");
  expect(io.lines[2]).toMatch(/^- devices\.revoked by -/);

  const json = admin.io();
  expect(await openclaw("audit --json", json)).toBe(0);
  expect(json.lines).toHaveLength(lines.length);
  for (const [at, text] of json.lines.entries()) {
    expect(text).not.toMatch(invisible);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(lines[at])));
  }
});

test("a file's name and what is wrong with it are cleaned too", async () => {
  const faults = [{ file: hostile, line: 1, problem: hostile }];
  admin.answers["host.audit.verify"] = () => ({ lines: 1, from: 1, to: 1, faults });
  const io = admin.io();
  expect(await openclaw("audit verify", io)).toBe(1);
  for (const words of io.lines) expect(words).not.toMatch(invisible);
  const json = admin.io();
  expect(await openclaw("audit verify --json", json)).toBe(1);
  expect(json.lines.join("\n")).not.toMatch(invisible);
  expect(JSON.parse(json.lines.join("\n")).faults).toEqual(faults);
});
