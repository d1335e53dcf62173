import { type Budget, budgets } from "../bench/budgets.mjs";
import { plans, ruleOf } from "../bench/compare.mjs";

/** The page of budgets: the table that `npm run bench` judges by, and how two builds are compared. */
export function budgetLines(): string[] {
  return [
    "What things may cost. A budget is a ratio to a floor that is measured beside it in the same run:",
    "figures of one machine say nothing about another. `npm run bench` measures, judges by the ratios",
    "and prints what was measured beside them. The table is `scripts/bench/budgets.mjs`.",
    "",
    "| what | at most | floor, or why there is none | rows of the bench |",
    "|---|---|---|---|",
    ...budgets.map(budgetRow),
    "",
    "## Two builds",
    "",
    "```sh",
    "npm run bench -- --against main --quick          # a few minutes",
    "npm run bench -- --against main cpu invoke       # longer, these groups",
    "npm run bench -- --against main --rows presence  # one row",
    "```",
    "",
    "The other commit is built in a temporary folder, and the two are measured in turn, again and",
    "again. What got worse or better is named, and anything worse is exit code 1.",
    "",
    "```text",
    ...ruleOf(plans.full).split("\n"),
    "```",
  ];
}

function budgetRow(budget: Budget): string {
  const rows = budget.rows.map((id) => `\`${id}\``).join(", ");
  const cells = [budget.what, atMost(budget), why(budget), rows || "–"];
  return `| ${cells.join(" | ")} |`;
}

function atMost(budget: Budget): string {
  if ("unmeasured" in budget) return budget.limit;
  if ("ms" in budget) return `${budget.ms} ms`;
  const times = `${Number(budget.times.toFixed(2))}×`;
  return budget.written ? `${times} (${budget.written})` : times;
}

function why(budget: Budget): string {
  if ("unmeasured" in budget) return `not measured: ${budget.unmeasured}`;
  return "ms" in budget ? `none: ${budget.because}` : budget.floor;
}
