import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeAdmin } from "./support/admin-server.ts";
import { NOW, openclaw } from "./support/io.ts";

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
  expect(admin.askedOf("host.audit.list")).toEqual([{ sinceMs: NOW - 3_600_000 }]);
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
