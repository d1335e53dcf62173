import { existsSync, lchownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asRoot, openclaw, shell } from "../../protocol/command.ts";
import { say } from "../../protocol/text.ts";
import { askSystemd } from "../commands/gateway/supervisor.ts";
import { runTool } from "../commands/gateway/tools.ts";
import { confirm } from "../kit/confirm.ts";
import type { Context } from "../kit/context.ts";
import { CliError } from "../kit/exit.ts";
import { sharedPaths } from "../kit/program-paths.ts";
import { shown, shownLines } from "../kit/words.ts";
import type { ConnectOptions } from "./options.ts";
import { type Ids, pairAs } from "./pair-process.ts";
import { type ConnectTarget, MAKE_LINK } from "./target.ts";
import { allowTemplate, NODE_ETC, NODE_STATE, NODE_UNIT, NODE_USER, unitText } from "./unit.ts";

const UNIT_FILE = `/etc/systemd/system/${NODE_UNIT}.service`;

export interface ServiceAsk {
  readonly target: ConnectTarget;
  /** The link or address as it was typed. */
  readonly typed: string;
  readonly options: ConnectOptions;
}

/**
 * `openclaw connect … --install-service`: shows what it does, asks, and does it.
 * @throws CliError where it is not root, systemd does not run, or a step fails
 */
export async function installService(context: Context, ask: ServiceAsk): Promise<void> {
  const { io } = context;
  const unit = unitText(sharedPaths());
  const settings = envText(context, ask);
  const pairsNow = ask.target.invite !== undefined;
  if (ask.options.newKey && !pairsNow) {
    throw new CliError("usage", "a service with --new-key takes a link", { next: MAKE_LINK });
  }
  for (const line of planLines(pairsNow)) io.out(line);
  io.out(`\n${UNIT_FILE}:\n\n${unit}\n${NODE_ETC}/connect.env:\n\n${settings}`);
  if (process.getuid?.() !== 0) throw notRoot(ask);
  if (!existsSync("/run/systemd/system")) {
    const [word] = typedWord(ask);
    throw new CliError("failed", "systemd does not run here; the above was not done", {
      next: say`run ${openclaw`connect ${word}`} under whatever starts services here`,
    });
  }
  await confirm(context, { yes: ask.options.yes });
  const ids = await serviceUser(context);
  mkdirSync(NODE_STATE, { recursive: true, mode: 0o700 });
  lchownSync(NODE_STATE, ids.uid, ids.gid);
  if (pairsNow) await pairAs(ids, context, { link: ask.typed, options: ask.options });
  mkdirSync(NODE_ETC, { recursive: true, mode: 0o755 });
  if (!existsSync(join(NODE_ETC, "allow"))) {
    writeFileSync(join(NODE_ETC, "allow"), allowTemplate, { mode: 0o644 });
  }
  writeFileSync(join(NODE_ETC, "connect.env"), settings, { mode: 0o644 });
  writeFileSync(UNIT_FILE, unit, { mode: 0o644 });
  await tool(context, "systemctl", ["daemon-reload"]);
  await tool(context, "systemctl", ["enable", NODE_UNIT]);
  await askSystemd("restart", NODE_UNIT, io.env);
  io.out(say`Runs as ${NODE_UNIT}. What it says: ${shell`journalctl -u ${NODE_UNIT} -f`}`);
  io.out(`  What the gateway may run here: ${NODE_ETC}/allow`);
}

function planLines(pairsNow: boolean): string[] {
  const steps = [
    `makes the system user ${NODE_USER} and its folder ${NODE_STATE}`,
    ...(pairsNow ? ["pairs this machine with the gateway by the link, which is then used up"] : []),
    `writes ${NODE_ETC}/connect.env and, where there is none, an empty ${NODE_ETC}/allow`,
    `writes ${UNIT_FILE}, enables and starts it`,
  ];
  return ["This installs a service. It", ...steps.map((step, i) => `  ${i + 1}. ${step}`)];
}

/** What to type behind `connect`, and what follows from that. */
function typedWord({ target, typed }: ServiceAsk): readonly [word: string, hint: string] {
  // A link is as good as a password until it is used: it is not repeated.
  return target.invite === undefined ? [shown(typed), ""] : ["-", " (it asks for the link)"];
}

function notRoot(ask: ServiceAsk): CliError {
  const [word, hint] = typedWord(ask);
  return new CliError("failed", "the above was not done: it takes root", {
    next: say`${asRoot(openclaw`connect ${word} --install-service`)}${hint}`,
  });
}

/**
 * The text of the unit's environment file: the address, and the pinned certificate. The secret of a
 * link is used up here and written nowhere.
 */
function envText({ options }: Context, { target }: ServiceAsk): string {
  const { tlsFingerprint = target.tlsFingerprint } = options;
  const pin =
    tlsFingerprint && `OPENCLAW_NODE_OPTIONS=--tls-fingerprint ${shown(tlsFingerprint, 200)}\n`;
  return `OPENCLAW_NODE_URL=${target.url.href}\n${pin ?? ""}`;
}

async function serviceUser(context: Context): Promise<Ids> {
  const found = await idsOf(context);
  if (found) return found;
  const words = ["--system", "--user-group", "--home-dir", NODE_STATE, "--no-create-home"];
  await tool(context, "useradd", [...words, "--shell", "/usr/sbin/nologin", NODE_USER]);
  const made = await idsOf(context);
  if (!made) throw new CliError("failed", `the user ${NODE_USER} could not be made`);
  return made;
}

async function idsOf({ io }: Context): Promise<Ids | undefined> {
  const { exit, text } = await runTool("getent", ["passwd", NODE_USER], io.env);
  const [, , uid, gid] = text.split(":");
  return exit === 0 ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

async function tool({ io }: Context, program: string, args: readonly string[]): Promise<void> {
  const { exit, text } = await runTool(program, args, io.env);
  if (exit === 0) return;
  const why = exit === undefined ? `${program} was not found` : shownLines(text);
  throw new CliError("failed", `${program} ${args.join(" ")} failed: ${why}`);
}
