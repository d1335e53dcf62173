import { configReference } from "../../src/config/reference.ts";
import type { Limit } from "../../src/limits/limit.ts";
import { allLimits } from "../../src/limits/table.ts";
import { allMethods } from "../../src/methods/index.ts";
import type { Method } from "../../src/methods/method.ts";
import { closes } from "../../src/protocol/close.ts";
import { eventTable } from "../../src/protocol/events.ts";
import { amountWords } from "./amounts.ts";
import { budgetLines } from "./budgets.ts";
import { commandPage } from "./commands.ts";
import { errorLines } from "./errors.ts";
import { guessingLines } from "./guessing.ts";
import { metricsLines } from "./metrics.ts";
import { reliabilityLines } from "./reliability.ts";
import { architecturePage } from "./rooms.ts";
import { typeNotation } from "./type-notation.ts";

const NOTE = "<!-- Made by `npm run docs` from the declarations in src/; a test keeps it true. -->";

/** The reference pages by file name below docs/, made from what the code declares. */
export function references(): Record<string, string> {
  return {
    "architecture.md": architecturePage(),
    "cli.md": commandPage(),
    "methods.md": page("Methods", methodLines()),
    "events.md": page("Events", eventLines()),
    "closes.md": page("Closes", closeLines()),
    "errors.md": page("Errors", errorLines()),
    "limits.md": page("Limits", limitLines()),
    "reliability.md": page("Reliability", reliabilityLines()),
    "guessing.md": page("Guessing", guessingLines()),
    "budgets.md": page("Budgets", budgetLines()),
    "metrics.md": page("Metrics", metricsLines()),
    "config.md": `${NOTE}\n\n${configReference().trim()}\n`,
  };
}

function page(title: string, lines: readonly string[]): string {
  return `${[`# ${title}`, "", NOTE, "", ...lines].join("\n")}\n`;
}

function methodLines(): string[] {
  return [...methodNotes, ...allMethods.flatMap((method: Method) => methodSection(method))];
}

const methodNotes = [
  "Params and results are written as types: `name?` may be absent, `integer 1..20` has bounds, and",
  "`string 1..64` has a length. A name that begins with a capital is a schema of",
  "the package `@openclaw/gateway-protocol`; `config.schema` is what that method answers. Properties of",
  "params that are not named here are ignored; clients must ignore those of a result likewise.",
  "",
];

function methodSection({ name, summary, access, params, result }: Method): string[] {
  return [
    `## ${name}`,
    "",
    summary,
    "",
    `Who may call it: ${accessWords(access)}.`,
    "",
    "```ts",
    `params: ${params ? typeNotation(params) : "none"}`,
    `result: ${typeNotation(result())}`,
    "```",
    "",
  ];
}

function accessWords(access: Method["access"]): string {
  if (access.hostOnly) return "the owner on the gateway host (admin socket)";
  const roles = access.roles.join(" and ");
  return access.scope ? `${roles} with \`${access.scope}\`` : `${roles}, no scope needed`;
}

function eventLines(): string[] {
  const rows = Object.entries(eventTable).map(([name, rule]) => {
    const scope = "scope" in rule ? `\`${rule.scope}\`` : "none";
    const drop = "latestState" in rule ? "yes" : "no";
    return `| \`${name}\` | ${rule.what} | ${rule.roles.join(", ")} | ${scope} | ${drop} |`;
  });
  return [
    "`seq` counts the events sent to one connection and has no gaps. A slow connection may miss an",
    "event only where the last column says so; it does not use up a number then.",
    "",
    "| event | says | roles | scope needed | may be left out |",
    "|---|---|---|---|---|",
    ...rows,
  ];
}

function closeLines(): string[] {
  const rows = Object.values(closes).map((c) => `| ${c.code} | ${c.reason} | \`${c.metric}\` |`);
  return [
    "Every close has a reason. Refused connects close with the message of their error besides these.",
    "",
    "| code | reason | counted in `status` as |",
    "|---|---|---|",
    ...rows,
  ];
}

function limitLines(): string[] {
  const rows = Object.entries(allLimits).map(([name, limit]: [string, Limit]) => {
    const amount = amountWords(name, limit);
    const metric = limit.metric === "-" ? "–" : `\`${limit.metric}\``;
    return `| \`${name}\` | ${amount} | ${limit.bounds} | ${limit.past} | ${metric} | ${limit.test} |`;
  });
  return [
    "| limit | number | bounds | past it | counted as | test |",
    "|---|---|---|---|---|---|",
    ...rows,
  ];
}
