import { shell } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { parseSpan } from "../../kit/age.ts";
import { jsonLine, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import type { ExitName } from "../../kit/exit.ts";
import { count, scopesInWords, shown } from "../../kit/words.ts";
import { UNIT, withGateway } from "../../reach/connect.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";

export interface AuditOptions {
  readonly since?: string;
}

/**
 * A line as a file has it. Other programs may have written to the file, so any part may be missing
 * or of another type.
 */
interface Line {
  readonly ts?: unknown;
  readonly event?: unknown;
  readonly by?: unknown;
  readonly what?: unknown;
  readonly from?: unknown;
}

type AuditVerdictShown = Result<"host.audit.verify">;

const needs = { scopes: [], hostOnly: true, stopped: "existing" } as const;

/** `openclaw audit` */
export const audit: Run<AuditOptions> = async (context, _args, options) => {
  const { io } = context;
  const sinceMs =
    options.since === undefined ? undefined : io.now() - parseSpan(options.since, "--since");
  await withGateway(context, needs, async (gateway) => {
    let any = false;
    for await (const line of linesOf(gateway, sinceMs)) {
      any = true;
      // As the file has them: one line each, ready for jq and grep.
      if (context.options.json) io.data(jsonLine(line));
      else io.out(lineWords(line));
    }
    if (!any && !context.options.json) io.out("Nothing was decided in that time.");
  });
};

/** All lines, oldest first, asked for page by page. */
async function* linesOf(
  gateway: ReachedGateway,
  sinceMs: number | undefined,
): AsyncGenerator<Line> {
  const since = sinceMs === undefined ? {} : { sinceMs: Math.max(0, sinceMs) };
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const page: Result<"host.audit.list"> = await gateway.request("host.audit.list", {
      ...since,
      cursor,
    });
    yield* page.lines;
    cursor = page.cursor;
  }
}

function lineWords({ ts, event, by, what, from }: Line): string {
  const facts = Object.entries(recordOf(what)).flatMap(([name, fact]) => factWords(name, fact));
  const where = from === undefined ? [] : [`from ${shown(from)}`];
  return [timeWords(ts), shown(event), "by", actorWords(by), ...where, ...facts].join(" ");
}

function actorWords(by: unknown): string {
  const { kind, id, claims } = recordOf(by);
  const who = claims ?? (typeof id === "string" ? id.slice(0, 16) : id);
  return who === undefined ? shown(kind) : `${shown(kind)} (${shown(who)})`;
}

/** The time in words; the file may hold something that is no time. */
function timeWords(ts: unknown): string {
  const time = new Date(typeof ts === "number" ? ts : Number.NaN);
  return Number.isNaN(time.getTime()) ? "-" : time.toISOString().replace(/\.\d+Z$/, "Z");
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** One fact, as `name=value`; nothing where there is nothing. */
function factWords(name: string, fact: unknown): string[] {
  if (Array.isArray(fact) && fact.length === 0) return [];
  if (typeof fact === "number" && name.endsWith("AtMs")) {
    return [`${shown(name.slice(0, -"AtMs".length))}=${timeWords(fact)}`];
  }
  const isScopes = SCOPES.has(name) && Array.isArray(fact);
  const text = isScopes ? scopesInWords(fact.map(String)) : listWords(fact);
  const word = shown(text, FACT_CHARS);
  return [`${shown(name)}=${/\s/.test(word) ? JSON.stringify(word) : word}`];
}

const FACT_CHARS = 240;
/** The facts that are lists of scopes. */
const SCOPES: ReadonlySet<string> = new Set(["scopes", "without"]);

function listWords(fact: unknown): string {
  // With a blank a line can be broken there.
  return (Array.isArray(fact) ? fact : [fact]).map(short).join(", ");
}

/** Ids of devices, by which every command finds them. */
function short(fact: unknown): string {
  const text = typeof fact === "object" ? JSON.stringify(fact) : String(fact);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text;
}

/** `openclaw audit verify` */
export const verify: Run<unknown> = (context) =>
  withGateway<ExitName>(context, needs, async (gateway) => {
    const { io } = context;
    const verdict = await gateway.request("host.audit.verify");
    if (context.options.json) printJson(context, verdict);
    else for (const line of verdictLines(verdict)) io.out(line);
    return verdict.faults.length === 0 ? "ok" : "failed";
  });

function verdictLines({
  lines,
  from,
  to,
  faults,
  more = 0,
  waiting = 0,
}: AuditVerdictShown): Text[] {
  const written = lines === 0 ? "The audit is empty." : `${lines} lines, number ${from} to ${to}.`;
  const rest = `${count(waiting, "line")} in the state that the gateway will write.`;
  const whole = waiting === 0 ? written : `${lines === 0 ? "" : `${written} `}${rest}`;
  if (faults.length === 0) {
    return [
      whole,
      "Every line follows from the one before, and the end is the one that the state knows.",
    ];
  }
  const named = faults.map(({ file, line, problem }) => {
    return `  ${shown(file)}${line === undefined ? "" : `, line ${line}`}: ${shown(problem, 200)}`;
  });
  return [
    whole,
    `${count(faults.length + more, "fault")}:`,
    ...named,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    "Somebody who may write the state's files changed them. Compare with a backup or with the journal:",
    say`  ${shell`journalctl -u ${UNIT} -g audit`}`,
  ];
}
