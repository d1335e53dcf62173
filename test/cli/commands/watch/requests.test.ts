import { describe, expect, test } from "vitest";
import { follow, type News, newsOf } from "../../../../src/cli/commands/watch/requests.ts";
import { watchLimitTable } from "../../../../src/limits/watch.ts";
import type { RequestRow } from "../../../../src/words/request-kinds.ts";

const row = (requestId: string, ts = 0, more: Partial<RequestRow> = {}): RequestRow => ({
  requestId,
  deviceId: requestId.toLowerCase(),
  ts,
  ...more,
});

function outcome(...all: News[]) {
  let rows: readonly RequestRow[] = [];
  const went: string[] = [];
  for (const news of all) {
    const changed = follow(rows, news);
    rows = changed.rows;
    went.push(...changed.went.map((one) => `${one.row.requestId} ${one.why}`));
  }
  return { codes: rows.map(({ requestId }) => requestId), rows, went };
}

const list = (...rows: RequestRow[]): News => ({ on: "list", rows });
const asked = (one: RequestRow): News => ({ on: "asked", row: one });
const resolved = (code: string, why: "approved" | "expired" = "approved"): News => ({
  on: "resolved",
  code,
  why,
});

describe("the requests", () => {
  test("stand in the order in which they came, new ones below", () => {
    const { codes } = outcome(list(row("B", 2), row("A", 1)), asked(row("C", 0)));
    expect(codes).toEqual(["A", "B", "C"]);
  });

  test("stay at their places when others go", () => {
    const { codes, went } = outcome(
      list(row("A", 1), row("B", 2), row("C", 3)),
      resolved("B", "expired"),
    );
    expect(codes).toEqual(["A", "C"]);
    expect(went).toEqual(["B expired"]);
  });

  test("keep place and order over a gateway that was away", () => {
    const before = list(row("A", 5), row("B", 6), row("C", 7));
    const back = list(row("D", 1), row("C", 7, { displayName: "renamed" }), row("A", 5));
    const { codes, rows, went } = outcome(before, { on: "away" }, back);
    expect(codes).toEqual(["A", "C", "D"]);
    expect(rows[1]?.displayName).toBe("renamed");
    expect(went).toEqual(["B gone"]);
  });

  test("are there once, also when they are announced twice", () => {
    const { codes, rows } = outcome(list(row("A")), asked(row("A", 0, { displayName: "new" })));
    expect(codes).toEqual(["A"]);
    expect(rows[0]?.displayName).toBe("new");
  });

  test("that nobody knows end without a word", () => {
    expect(outcome(list(row("A")), resolved("B")).went).toEqual([]);
  });

  test("watchRows: no more are kept, and those that are stay", () => {
    const most = watchLimitTable.watchRows.value;
    const many = Array.from({ length: most + 5 }, (_, i) => row(`R${i}`, i));
    const { codes } = outcome(list(...many), asked(row("late")));
    expect(codes).toHaveLength(most);
    expect(codes[0]).toBe("R0");
    expect(codes).not.toContain("late");
  });
});

describe("news from an event", () => {
  test.each<[string, unknown, News | undefined]>([
    ["device.pair.requested", row("A"), asked(row("A"))],
    [
      "node.pair.requested",
      { requestId: "N" },
      { on: "asked", row: { requestId: "N" } as RequestRow },
    ],
    [
      "device.pair.resolved",
      { requestId: "A", decision: "rejected", why: "expired" },
      resolved("A", "expired"),
    ],
    // Another gateway than ours says only what was decided.
    ["node.pair.resolved", { requestId: "A", decision: "approved" }, resolved("A")],
    [
      "device.pair.resolved",
      { requestId: "A", why: "constructor" },
      { on: "resolved", code: "A", why: "gone" },
    ],
    ["device.pair.changed", {}, undefined],
    ["tick", { requestId: "A" }, undefined],
    ["device.pair.requested", null, undefined],
    ["device.pair.requested", { requestId: 7 }, undefined],
  ])("%s %j", (event, payload, news) => expect(newsOf(event, payload)).toEqual(news));
});
