import { readFile } from "node:fs/promises";
import { whyFailed } from "../../../lib/system-words.ts";
import { asRoot, blank, openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { isSshRight, type SshRight, sshRights } from "../../../words/ssh-rights.ts";
import { agoWords, parseSpan, spanWords } from "../../kit/age.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import type { Io } from "../../kit/io.ts";
import { table } from "../../kit/table.ts";
import { quoted, shown, shownLines, shownText } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";
import { durabilityNote } from "../devices/durability.ts";
import { followBlock } from "./authorized-keys.ts";
import type { KeyRow } from "./key-row.ts";
import { approveCommandOf, sshSettings } from "./settings.ts";

const ENABLE = openclaw`ssh enable`;

type Changed = Result<"host.ssh.remove">;

/** Works before the first start too: an owner may set everything up first. */
const needs = { scopes: [], stopped: "existing", hostOnly: true } as const;

export interface AddOptions {
  readonly name?: string;
  readonly may?: string;
  readonly expires?: string;
  readonly from?: string;
}

/** `openclaw ssh add <key or file>` */
export const add: Run<AddOptions> = async (context, words, options) => {
  const params = {
    publicKey: await keyText(context.io, words),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.may !== undefined && { may: rights(options.may) }),
    ...(options.expires !== undefined && { expiresInMs: parseSpan(options.expires, "--expires") }),
    ...(options.from !== undefined && { from: listed(options.from) }),
  };
  await withGateway(context, needs, async (gateway) => {
    const added = await gateway.request("host.ssh.add", params);
    await afterChange(context, gateway, added);
    if (context.options.json) return printJson(context, added);
    const { io } = context;
    io.out(`${quoted(shown(added.key.name))} may approve: ${mayWords(added.key)}.`);
    io.out(`  ${shown(added.key.fingerprint)}${limitWords(added.key, io.now())}`);
    const typed = approveCommandOf(await sshSettings(gateway));
    io.out(typed ? say`  Its holder types: ${shownText(typed)}` : say`  It works after: ${ENABLE}`);
    io.out(say`  To remove it: ${openclaw`ssh remove ${shown(added.key.name)}`}`);
  });
};

/** What was typed: a file, the key's own words, or standard input. */
async function keyText(io: Io, words: readonly string[]): Promise<string> {
  const [first = ""] = words;
  if (first === "") {
    throw new CliError("usage", "say which key: its .pub file, or the line in it", {
      next: openclaw`ssh add ${blank("~/.ssh/id_ed25519.pub")} --name laptop`,
    });
  }
  if (first === "-") return io.readLine();
  if (words.length > 1 && words.every((word) => word.endsWith(".pub"))) {
    throw new CliError("usage", "one key at a time", {
      next: openclaw`ssh add ${first}`,
    });
  }
  if (words.length > 1 || /^[\w@.-]+ +[A-Za-z0-9+/=]{16}/.test(first)) return words.join(" ");
  try {
    return await readFile(first, "utf8");
  } catch (error) {
    const why = whyFailed(error);
    throw new CliError("failed", `${shown(first, 200)} can't be read: ${why}`, {
      next: "give a file that ends in .pub, or the key itself in quotes",
    });
  }
}

function listed(text: string): string[] {
  return text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
}

function rights(text: string): SshRight[] {
  const words = listed(text);
  if (words.length > 0 && words.every(isSshRight)) return words;
  const known = Object.keys(sshRights).join(", ");
  throw new CliError("usage", `--may: expected ${known}, or several with commas`);
}

/** What is said of a change where something else could not follow it. */
async function afterChange(
  context: Context,
  gateway: ReachedGateway,
  changed: Changed,
): Promise<void> {
  const { io } = context;
  durabilityNote(context, changed);
  if (changed.unpublished) {
    io.err(`warning: sshd was not told: ${shownLines(changed.unpublished)}`);
    io.err(say`  next: ${asRoot(ENABLE)} (the gateway itself acts on the change already)`);
  }
  const problem = await followBlock(context, gateway);
  if (problem) {
    io.err(`warning: ${problem.message}`);
    io.err(say`  next: ${problem.next}`);
  }
}

function mayWords({ may }: KeyRow): string {
  // The right to let in all kinds of clients covers the others.
  if (may.includes("admin")) return sshRights.admin;
  return may.map((right) => (isSshRight(right) ? sshRights[right] : shown(right))).join("; ");
}

function limitWords({ expiresAtMs, from }: KeyRow, now: number): string {
  const until = expiresAtMs === undefined ? "" : `, for ${spanWords(expiresAtMs - now + 500)}`;
  return `${until}${from ? `, only from ${from.map((one) => shown(one)).join(", ")}` : ""}`;
}

/** `openclaw ssh list` */
export const list: Run<unknown> = async (context) => {
  await withGateway(context, needs, async (gateway) => {
    const answer = await gateway.request("host.ssh.list");
    if (context.options.json) return printJson(context, answer);
    const { io } = context;
    if (answer.keys.length === 0) {
      io.out("No key may approve over SSH.");
      io.out(say`  next: ${openclaw`ssh add key.pub --name phone`}`);
    } else {
      const titles = ["NAME", "MAY", "KEY", "FROM", "ENDS", "USED"];
      const columns = titles.map((title) => ({ title, fixed: title === "KEY" }));
      const rows = answer.keys.map((key) => keyCells(key, io.now()));
      for (const line of table({ columns, rows, width: io.columns })) io.out(line);
    }
    const typed = approveCommandOf(await sshSettings(gateway));
    io.out(
      typed
        ? say`An approver types: ${shownText(typed)}`
        : say`Approval over SSH is off: ${ENABLE}`,
    );
  });
};

const SHOWN_TO = 19;

function keyCells(key: KeyRow, now: number): string[][] {
  const { name, may, fingerprint, from = [], expiresAtMs, lastUsedAtMs, lastUsedFrom } = key;
  return [
    [shown(name)],
    may.map((right) => shown(right)),
    // The start names it; all of it is in --json, and ssh-keygen -l prints it.
    [`${shown(fingerprint).slice("SHA256:".length, SHOWN_TO)}…`],
    from.length > 0 ? from.map((one) => shown(one)) : ["anywhere"],
    [endWords(expiresAtMs, now)],
    lastUsedAtMs === undefined
      ? ["never"]
      : [agoWords(lastUsedAtMs, now), ...(lastUsedFrom ? [`from ${shown(lastUsedFrom)}`] : [])],
  ];
}

function endWords(expiresAtMs: number | undefined, now: number): string {
  if (expiresAtMs === undefined) return "never";
  return expiresAtMs <= now ? "over" : `in ${spanWords(expiresAtMs - now)}`;
}

export interface RemoveKeyOptions {
  readonly force?: boolean;
}

/**
 * `openclaw ssh remove <name or fingerprint>`: removes an approver's key.
 * @throws CliError (usage) without a name
 */
export const remove: Run<RemoveKeyOptions> = async (context, words, { force = false }) => {
  const key = words.join(" ").trim();
  if (key === "") {
    throw new CliError("usage", "say which key: its name or fingerprint", {
      next: openclaw`ssh list`,
    });
  }
  await withGateway(context, needs, async (gateway) => {
    const params = { key, ...(force && { force }) };
    const removed = await gateway.request("host.ssh.remove", params);
    await afterChange(context, gateway, removed);
    if (context.options.json) return printJson(context, removed);
    context.io.out(`${quoted(shown(removed.key.name))} may not approve any more.`);
    context.io.out(say`  What it let in stays: ${openclaw`devices list`}`);
  });
};
