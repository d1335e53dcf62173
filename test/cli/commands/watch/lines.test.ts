import { beforeEach, describe, expect, test } from "vitest";
import { Printer } from "../../../../src/cli/commands/watch/lines.ts";
import { FakeIo, NOW } from "../../support/io.ts";
import { asking } from "./support.ts";

const A = asking("AAAA-0001");
const MORE = asking("BBBB-0002", {
  scopes: ["operator.pairing", "operator.read"],
  approvedRoles: ["operator"],
  approvedScopes: ["operator.read"],
});
const NODE = asking("NNNN-0003", {
  nodeId: "ab".repeat(32),
  clientId: "node-host",
  commands: ["system.run"],
  displayName: "attic\u001b[2J",
});

let io: FakeIo;
beforeEach(() => {
  io = new FakeIo();
});

describe("lines", () => {
  test("say who waits, who asks and what was decided", () => {
    const printer = new Printer({ io, options: {} });
    printer.print({ on: "list", rows: [A] });
    printer.print({ on: "asked", row: MORE });
    printer.print({ on: "asked", row: NODE });
    printer.print({ on: "resolved", code: "AAAA-0001", why: "approved" });
    printer.print({ on: "resolved", code: "BBBB-0002", why: "superseded" });
    printer.print({ on: "resolved", code: "unknown", why: "approved" });
    const key = "key rail-rail-rail-rail-rail-rail-rail-rail";
    const who = "(Android app, Android 16) from 203.0.113.7 for operator: see chats and devices";
    expect(io.lines).toEqual([
      `2026-09-01T12:00:00Z AAAA-0001 waits: “Phone A” ${who} ${key}`,
      `2026-09-01T12:00:00Z BBBB-0002 asks: “Phone B” ${who}, let other devices in (has now: operator: see chats and devices; new: operator: let other devices in) ${key}`,
      `2026-09-01T12:00:00Z NNNN-0003 asks: “attic[2J” (node, Android 16) from 203.0.113.7 for command system.run ${key}`,
      "2026-09-01T12:00:00Z AAAA-0001 was approved",
      "2026-09-01T12:00:00Z BBBB-0002 was replaced: that device asks for something else, or came in by a link",
    ]);
    expect(io.errors).toEqual([]);
  });

  test("tell of a gateway that went away beside the answer, and what changed meanwhile", () => {
    const printer = new Printer({ io, options: {} });
    printer.print({ on: "list", rows: [A] });
    printer.print({ on: "away" });
    printer.print({ on: "list", rows: [NODE] });
    expect(io.errors).toEqual(["the gateway went away; waiting for it", "the gateway is back"]);
    expect(io.lines.map((line) => line.split(" ").slice(1, 4).join(" "))).toEqual([
      "AAAA-0001 waits: “Phone",
      "AAAA-0001 is gone:",
      "NNNN-0003 asks: “attic[2J”",
    ]);
  });

  test("say once that nobody waits, where a pipe does not carry it", () => {
    const printer = new Printer({ io, options: {} });
    printer.print({ on: "list", rows: [] });
    printer.print({ on: "asked", row: A });
    expect(io.errors).toEqual(["Nobody waits for approval yet."]);
    expect(io.lines).toHaveLength(1);
  });

  test("are one JSON object each with --json, hostile characters escaped", () => {
    const printer = new Printer({ io, options: { json: true } });
    printer.print({ on: "list", rows: [] });
    printer.print({ on: "asked", row: asking("AAAA-0001", { displayName: "\u202eevil" }) });
    printer.print({ on: "resolved", code: "AAAA-0001", why: "expired" });
    printer.print({ on: "away" });
    printer.print({ on: "list", rows: [] });
    expect(io.lines.join("")).not.toMatch(/\u202e/);
    expect(io.lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: "asked", requestId: "AAAA-0001", displayName: "\u202eevil" },
      { event: "resolved", requestId: "AAAA-0001", why: "expired", ts: NOW },
      { event: "away" },
      { event: "back" },
    ]);
    expect(io.errors).toEqual([]);
  });
});
