import { parseSpan } from "./age.ts";
import { withGateway } from "./connect.ts";
import { printJson } from "./context.ts";
import type { ExitName } from "./exit.ts";
import type { Run } from "./shell.ts";
import { count, scopesInWords, shown } from "./words.ts";

export interface AuditOptions {
  readonly since?: string;
  readonly limit?: string;
}

interface Line {
  readonly seq: number;
  readonly ts: number;
  readonly event: string;
  readonly by: { readonly kind: string; readonly id?: string; readonly claims?: string };
  readonly what?: Readonly<Record<string, unknown>>;
  readonly from?: string;
}

interface Verdict {
  readonly lines: number;
  readonly from: number;
  readonly to: number;
  readonly faults: readonly {
    readonly file: string;
    readonly line?: number;
    readonly problem: string;
  }[];
  /** Faults that are not named, where there are too many. */
  readonly more?: number;
}

const needs = { scopes: [], hostOnly: true, stopped: "existing" } as const;

/** `openclaw audit` */
export const audit: Run<AuditOptions> = async (context, _args, options) => {
  const { io } = context;
  const sinceMs =
    options.since === undefined ? undefined : io.now() - parseSpan(options.since, "--since");
  await withGateway(context, needs, async (gateway) => {
    const params = sinceMs === undefined ? {} : { sinceMs: Math.max(0, sinceMs) };
    const { lines } = await gateway.request<{ lines: Line[] }>("host.audit.list", params);
    if (context.options.json) {
      // As the file has them: one line each, ready for jq and grep.
      for (const line of lines) io.data(JSON.stringify(line));
      return;
    }
    if (lines.length === 0) io.out("Nothing was decided in that time.");
    for (const line of lines) io.out(lineWords(line));
  });
};

function lineWords({ ts, event, by, what = {}, from }: Line): string {
  const who = by.claims ?? (by.id === undefined ? undefined : by.id.slice(0, 16));
  const actor = who === undefined ? by.kind : `${by.kind} (${shown(who)})`;
  const facts = Object.entries(what).flatMap(([name, fact]) => factWords(name, fact));
  const where = from === undefined ? [] : [`from ${shown(from)}`];
  return [timeWords(ts), shown(event), "by", actor, ...where, ...facts].join(" ");
}

/** One fact, as `name=value`; nothing where there is nothing. */
function factWords(name: string, fact: unknown): string[] {
  if (Array.isArray(fact) && fact.length === 0) return [];
  if (typeof fact === "number" && name.endsWith("AtMs")) {
    return [`${name.slice(0, -"AtMs".length)}=${timeWords(fact)}`];
  }
  const isScopes = name === "scopes" && Array.isArray(fact);
  const text = isScopes ? scopesInWords(fact.map(String)) : listWords(fact);
  const word = shown(text, FACT_CHARS);
  return [`${name}=${/\s/.test(word) ? JSON.stringify(word) : word}`];
}

const FACT_CHARS = 240;

function listWords(fact: unknown): string {
  // With a blank a line can be broken there.
  return (Array.isArray(fact) ? fact : [fact]).map(short).join(", ");
}

function timeWords(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Ids of devices, by which every command finds them. */
function short(fact: unknown): string {
  const text = String(fact);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text;
}

/** `openclaw audit verify` */
export const verify: Run<unknown> = (context) =>
  withGateway<ExitName>(context, needs, async (gateway) => {
    const { io } = context;
    const verdict = await gateway.request<Verdict>("host.audit.verify");
    if (context.options.json) printJson(context, verdict);
    else for (const line of verdictLines(verdict)) io.out(line);
    return verdict.faults.length === 0 ? "ok" : "failed";
  });

function verdictLines({ lines, from, to, faults, more = 0 }: Verdict): string[] {
  const whole = lines === 0 ? "The audit is empty." : `${lines} lines, number ${from} to ${to}.`;
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
    "  journalctl -u openclaw-gateway -g audit",
  ];
}
