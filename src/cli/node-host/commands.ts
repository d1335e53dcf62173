import { cleanText } from "../../lib/text.ts";
import { nodeHostLimitTable as limits } from "../../limits/node-host.ts";
import type { AllowFile } from "./allow-file.ts";
import type { HostCall, HostFacts } from "./call.ts";
import { HostError, invalid } from "./errors.ts";
import { findProgram } from "./programs.ts";
import { systemRun } from "./run.ts";

type Handler = (call: HostCall, facts: HostFacts) => Promise<unknown>;

const handlers: Readonly<Record<string, Handler>> = {
  "system.notify": systemNotify,
  "system.run": systemRun,
  "system.which": async (call) => systemWhich(call),
};

/** The commands to declare: without an allow-list nothing can be run, so that is not offered. */
export function declaredCommands(allow: AllowFile): string[] {
  const names = Object.keys(handlers);
  return allow.kind === "list" ? names : names.filter((name) => name !== "system.run");
}

/** Runs one command and returns its result. @throws HostError where it is unknown or fails */
export async function runCommand(name: string, call: HostCall, facts: HostFacts): Promise<unknown> {
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (!handler) throw invalid(`this machine has no command ${cleanText(name) ?? "-"}`);
  return handler(call, facts);
}

/** `{bins: [names]}` → `{bins: {name: path}}` with those that are there. */
function systemWhich({ params }: HostCall): unknown {
  const { bins } = params;
  const most = limits.hostWhichNames.value;
  if (!Array.isArray(bins) || !bins.every((name) => typeof name === "string")) {
    throw invalid("bins: expected an array of program names");
  }
  if (bins.length > most) throw invalid(`bins: expected at most ${most} names`);
  const found = bins.flatMap((name: string) => {
    const path = findProgram(name);
    return path === undefined ? [] : [[name, path]];
  });
  return { bins: Object.fromEntries(found) };
}

const MOST_TITLE = 120;
const MOST_BODY = 1_000;
const NOTIFY_MS = 5_000;
const SESSION = ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];

/** Shows a notification where there is a desktop; the log of this machine has it in any case. */
async function systemNotify(call: HostCall, { log, programs }: HostFacts): Promise<unknown> {
  const title = cleanText(call.params["title"], MOST_TITLE);
  const body = cleanText(call.params["body"], MOST_BODY);
  if (title === undefined && body === undefined) throw invalid("expected a title or a body");
  log(`notification: ${[title, body].filter((text) => text !== undefined).join(": ")}`);
  const program = findProgram("notify-send");
  if (!program) {
    throw new HostError("UNAVAILABLE", "logged only: this machine has no notify-send");
  }
  const session = SESSION.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const words = [title ?? "OpenClaw", ...(body === undefined ? [] : [asMarkup(body)])];
  const ended = await programs.run({
    argv: [program, "--app-name=OpenClaw", "--", ...words],
    env: Object.fromEntries(session),
    timeoutMs: NOTIFY_MS,
    outputBytes: 4_096,
    signal: call.signal,
  });
  if (ended.exitCode === 0) return { shown: true };
  const why = cleanText(ended.stderr, 200) ?? "it gave no reason";
  throw new HostError("UNAVAILABLE", `logged only: notify-send failed: ${why}`);
}

/** Bodies of notifications are markup. */
function asMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
