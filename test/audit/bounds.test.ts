import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bounded } from "../../src/audit/bounds.ts";
import { type AuditEvent, chained } from "../../src/audit/chain.ts";
import { limitTable, limitValues } from "../../src/limits/table.ts";
import { trailOf } from "./support.ts";

const limits = limitValues();
const by = { kind: "host" as const };

function bytesOfLine(event: AuditEvent): number {
  // The longest numbers that there can be.
  const head = { seq: Number.MAX_SAFE_INTEGER - 1, hash: trailOf(1).trail.head.hash };
  const line = chained(head, bounded(event, limits), Number.MAX_SAFE_INTEGER);
  return Buffer.byteLength(JSON.stringify(line)) + 1;
}

/** An event whose line has exactly so many bytes without being cut. */
function listOf(count: number): AuditEvent {
  const commands = Array.from({ length: count }, (_, at) => `c${String(at).padStart(126, "0")}`);
  return { event: "node.approved", by, what: { commands, caps: ["camera"] } };
}

test("auditLineBytes: the longest list is cut where a line would not fit, and says so", () => {
  const most = limitTable.auditLineBytes.value;
  const fits = Math.floor((most - 400) / 130);
  expect(bounded(listOf(fits), limits)).toEqual(listOf(fits));
  const over = listOf(256);
  const all = over.what?.["commands"] as string[];
  expect(Buffer.byteLength(JSON.stringify(over))).toBeGreaterThan(most);
  const { what } = bounded(over, limits);
  const commands = what?.["commands"] as string[];
  expect(commands).toEqual(all.slice(0, commands.length));
  expect(what).toMatchObject({
    caps: ["camera"],
    leftOut: 256 - commands.length,
    whole: createHash("sha256").update(JSON.stringify(over.what)).digest("hex"),
  });
  for (const count of [fits, fits + 1, fits + 2, 256, 5000]) {
    expect(bytesOfLine(listOf(count))).toBeLessThanOrEqual(most);
  }
});

test("auditLineBytes: the ends of many devices fit, as many as one line names", () => {
  const ids = (count: number) =>
    Array.from({ length: count }, (_, at) => String(at).padStart(64, "a"));
  const many = { event: "tokens.revoked", by, what: { devices: ids(256) } };
  const { exceptDevices, pendingRequests, invites } = limitTable;
  const what = {
    except: ids(exceptDevices.value),
    requests: Array(pendingRequests.value).fill("7F3K-Q2MN"),
    links: Array(invites.value).fill("0123456789ab"),
  };
  for (const event of [many, { event: "devices.revoked", by, what }]) {
    expect(bounded(event, limits)).toEqual(event);
  }
});

test("auditLineBytes: no line is longer whatever it is about, however its letters are written", () => {
  const long = "\u{1F512}".repeat(40);
  const many = Object.fromEntries(
    Array.from({ length: 2000 }, (_, at) => [`fact ${at}`, [long, '"\\"'.repeat(20)]]),
  );
  const texts = Object.fromEntries(Object.keys(many).map((name) => [name, long]));
  for (const what of [many, texts]) {
    const event = { event: "x", by: { ...by, claims: long }, from: long, what };
    expect(bytesOfLine(event)).toBeLessThanOrEqual(limitTable.auditLineBytes.value);
    expect(bounded(event, limits).what).toHaveProperty("leftOut");
  }
});

test("auditTextChars: a longer text is cut", () => {
  const max = limitTable.auditTextChars.value;
  const event = (length: number) => {
    const text = "x".repeat(length);
    return {
      event: "e",
      by: { ...by, id: text, claims: text },
      from: text,
      what: { text, of: [text] },
    };
  };
  expect(bounded(event(max), limits)).toEqual(event(max));
  const { what, by: actor, from } = bounded(event(max + 1), limits);
  const cut = `${"x".repeat(max - 1)}…`;
  expect([what, actor.id, actor.claims, from]).toEqual([{ text: cut, of: [cut] }, cut, cut, cut]);
});
