import { configReference } from "../../src/config/reference.ts";
import type { Limit } from "../../src/limits/limit.ts";
import { allLimits, limitValues } from "../../src/limits/table.ts";
import { byMemory, fitting } from "../../src/limits/usable-memory.ts";
import { worstCase, worstCaseBytes } from "../../src/limits/worst-case.ts";
import { allMethods } from "../../src/methods/index.ts";
import type { Method } from "../../src/methods/method.ts";
import { closes } from "../../src/protocol/close.ts";
import { eventTable } from "../../src/protocol/events.ts";
import { openclawMethods } from "../../src/protocol/openclaw-methods.ts";
import { amountWords } from "./amounts.ts";
import { budgetLines } from "./budgets.ts";
import { commandPage } from "./commands.ts";
import { errorLines } from "./errors.ts";
import { guessingLines } from "./guessing.ts";
import { metricsLines } from "./metrics.ts";
import { reliabilityLines } from "./reliability.ts";
import { architecturePage } from "./rooms.ts";
import { typeNotation } from "./type-notation.ts";
import { variableReference } from "./variables.ts";

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
    "config.md": `${NOTE}\n\n${configReference().trim()}\n\n${variableReference()}\n`,
  };
}

function page(title: string, lines: readonly string[]): string {
  return `${[`# ${title}`, "", NOTE, "", ...lines].join("\n")}\n`;
}

function methodLines(): string[] {
  return [
    ...methodNotes,
    ...allMethods.flatMap((method: Method) => methodSection(method)),
    ...notServedLines(),
  ];
}

/** OpenClaw's methods that this gateway has not, by who may call them there. */
function notServedLines(): string[] {
  const served = new Set(allMethods.map(({ name }): string => name));
  const groups = new Map<string, string[]>();
  for (const [name, access] of openclawMethods()) {
    if (served.has(name)) continue;
    const who = accessWords(access);
    groups.set(who, [...(groups.get(who) ?? []), `\`${name}\``]);
  }
  return [
    "## Methods of OpenClaw that are not served",
    "",
    "OpenClaw has these as well. Whoever may call them there is told here that they are not served:",
    "`unknown method: …` with the code `METHOD_NOT_SERVED`, and no scope, which would not help.",
    "",
    "| who may call it in OpenClaw | methods |",
    "|---|---|",
    ...[...groups].map(([who, names]) => `| ${who} | ${names.join(", ")} |`),
    "",
  ];
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
    "",
    ...memoryLines(),
    ...nginxLines(),
  ];
}

const MiB = 1024 * 1024;
/** Machines, by their memory in GiB. */
const MACHINES = [0.5, 1, 2, 4, 8, 16];

/** The limits as they are where so much memory may be used, on any machine the same. */
function limitsFor(memory: number) {
  const names = Object.keys(byMemory) as (keyof typeof byMemory)[];
  const numbers = names.map((name) => [name, fitting(byMemory[name], memory)]);
  const argon2AtOnce = memory < 1024 * MiB ? 1 : 2;
  return limitValues({ argon2AtOnce, ...Object.fromEntries(numbers) });
}

function memoryLines(): string[] {
  const all = MACHINES.map((gib) => limitsFor(gib * 1024 * MiB));
  const inMiB = (bytes: number) => Math.ceil(bytes / MiB).toLocaleString("en");
  const parts = worstCase(limitValues()).map(({ what, how }, row) => {
    const numbers = all.map((limits) => inMiB(worstCase(limits)[row]?.bytes ?? 0));
    return `| ${what} | ${how} | ${numbers.join(" | ")} |`;
  });
  return [
    "## Memory at worst",
    "",
    "What any number of strangers and one paired device can make the gateway take together, in MiB, beside",
    "what it takes by itself (about 70) and for its state. By the memory that it may use, which is the",
    "machine's, or what its control group leaves it: systemd's unit leaves it 80 %. A test goes there",
    "([test](../test/siege/worst-case.test.ts)).",
    "What the kernel holds for sockets is its own, and bounded by it.",
    "",
    `| what | from the table | ${MACHINES.map((gib) => `${gib} GiB`).join(" | ")} |`,
    `|---|---|${MACHINES.map(() => "---:|").join("")}`,
    ...parts,
    `| in all | | ${all.map((limits) => inMiB(worstCaseBytes(limits))).join(" | ")} |`,
    "",
    "Past `heldBytes` those who hold most are dropped first, by device or address.",
    "",
  ];
}

/** What an nginx with so many workers of so many connections holds (nginx/render-site.sh). */
const NGINX = [
  ["as Debian ships it, one processor", 1, 768],
  ["as Debian ships it, two processors", 2, 768],
  ["as the installer leaves it, one processor", 1, 16_384],
  ["as the installer leaves it, two processors", 2, 16_384],
] as const;

function nginxLines(): string[] {
  const rows = NGINX.map(([what, workers, connections]) => {
    const perAddress = Math.floor(connections / (workers < 2 ? 8 : 4));
    const plain = Math.ceil(perAddress / 4);
    const all = (workers * connections) / 2;
    return `| ${what} | ${all.toLocaleString("en")} | ${perAddress.toLocaleString("en")} | ${plain} |`;
  });
  return [
    "## What nginx holds",
    "",
    "A client takes two of the connections of one of nginx's workers, one to it and one to the gateway, and",
    "all clients of one address may come to one worker. So an address may have half of what one worker holds",
    "(a quarter where there is one worker only), and the installer raises Debian's number. Nginx has no",
    "limit of its own for connections that say nothing: it ends them after 10 s, and until then each takes",
    "a place there. As Debian ships it, somebody with some hundred of them a second keeps others out.",
    "",
    "| nginx | clients in all | of one address | other requests of one address at once |",
    "|---|---:|---:|---:|",
    ...rows,
  ];
}
