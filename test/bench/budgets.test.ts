import { expect, test } from "vitest";
import { budgetOf, budgets } from "../../scripts/bench/budgets.mjs";
import { groups, idsOf } from "../../scripts/bench/groups.mjs";
import { result } from "../../scripts/bench/result.mjs";

test("every row that a budget names is a row of the bench, and has that budget alone", () => {
  const ids = idsOf(groups);
  const budgeted = budgets.flatMap(({ rows }) => rows);
  expect(budgeted.length).toBeGreaterThan(20);
  for (const id of budgeted) expect(ids).toContain(id);
  expect(new Set(budgeted).size).toBe(budgeted.length);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a budget has rows of the bench, or says why it has none", () => {
  for (const budget of budgets) {
    const unmeasured = "unmeasured" in budget ? budget.unmeasured : "";
    expect(budget.rows.length > 0, budget.what).toBe(unmeasured === "");
  }
});

const measured = (floor: number, ours: number) => {
  return { floor: [floor], ours: [ours], control: [ours + 1], added: 1, operations: 1 };
};

test("floors of the same run decide: a slow machine neither breaks nor keeps a budget", () => {
  const row = { id: "presence", title: "small request", unit: "µs" };
  const { times } = budgetOf("presence") as { times: number };
  for (const machine of [1, 20]) {
    const kept = result(row, measured(5 * machine, 5 * machine * times * 0.99));
    expect(kept.budget).toMatchObject({ unit: "×", limit: times, verdict: "kept", missedBy: 0 });
    const missed = result(row, measured(5 * machine, 5 * machine * (times + 0.1)));
    expect(missed.budget).toMatchObject({ verdict: "missed", missedBy: expect.closeTo(0.1) });
  }
});

test("where somebody waits, milliseconds decide", () => {
  const row = { id: "stall-pages-100k", title: "longest turn", unit: "ms" };
  expect(result(row, measured(0.01, 14)).budget).toMatchObject({ unit: "ms", verdict: "kept" });
  expect(result(row, measured(10, 16)).budget).toMatchObject({ verdict: "missed", missedBy: 1 });
});

test("a row without a budget is not judged", () => {
  const row = { id: "listening", title: "start to listening", unit: "ms" };
  expect(result(row, measured(1, 2)).budget).toBeNull();
});
