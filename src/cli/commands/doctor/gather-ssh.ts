import { lstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { APPROVERS_FILE } from "../../../host/paths.ts";
import type { Environment } from "../../../lib/environment.ts";
import { runTool } from "../gateway/tools.ts";
import * as scripts from "../ssh/scripts.ts";
import { DROP_IN, effective, neverRan } from "../ssh/sshd.ts";
import type { GatewayFacts, SshFacts } from "./facts.ts";

interface Settings {
  readonly account?: string | undefined;
  readonly authorizedKeys?: string | undefined;
}

/** What approval over SSH consists of on this machine. Nothing of it may be missing or loose. */
export async function gatherSsh(
  env: Environment,
  { account, authorizedKeys }: Settings,
  gateway: GatewayFacts,
): Promise<SshFacts> {
  const dropIn = await readText(DROP_IN);
  const answer = await readText(ANSWER);
  const dropInFor = /^Match User (\S+)$/m.exec(dropIn ?? "")?.[1];
  const parts = { dropIn, answer, account: dropInFor ?? account };
  const program = programOf(answer)?.program;
  const own = dropInFor !== undefined && process.getuid?.() === 0;
  return {
    account,
    block: authorizedKeys,
    dropInFor,
    programThere: program !== undefined && (await readText(program)) !== undefined,
    groups: account === undefined ? [] : await groupsOf(account, env),
    proxyGroups: await groupsOf("www-data", env),
    keys: gateway.how === "running" ? gateway.sshKeys : undefined,
    altered: await alteredParts(parts),
    uncounted: own ? await uncountedFor(madeFrom(parts), env) : undefined,
    published: own ? await publishedKeys() : undefined,
  };
}

const ANSWER = `${scripts.SSH_FOLDER}/answer.sh`;
const KEYS = `${scripts.SSH_FOLDER}/keys.sh`;

interface Parts {
  readonly dropIn: string | undefined;
  readonly answer: string | undefined;
  readonly account: string | undefined;
}

/** What runs the answers: another program of ours may have been the one that set it up. */
function programOf(answer = ""): { node: string; program: string; socket: string } | undefined {
  const found = /^ {2}(\/\S+) (\/\S+ssh-answer\.js) (\/\S+) /m.exec(answer);
  if (!found) return undefined;
  const [, node = "", program = "", socket = ""] = found;
  return { node, program, socket };
}

/** What `openclaw ssh enable` made it all from. */
function madeFrom({ dropIn = "", answer, account = "" }: Parts): scripts.SshSetup {
  return {
    account,
    keysAccount: scripts.KEYS_ACCOUNT,
    folder: scripts.SSH_FOLDER,
    keysFile: APPROVERS_FILE,
    timeouts: dropIn.includes("UnusedConnectionTimeout"),
    ...(programOf(answer) ?? { node: "", program: "", socket: "" }),
  };
}

async function alteredParts(parts: Parts): Promise<string[]> {
  const facts = madeFrom(parts);
  const { dropIn } = parts;
  const files = [
    ...(dropIn === undefined ? [] : [[DROP_IN, scripts.sshdDropIn(facts)] as const]),
    ...(dropIn === undefined ? [] : [[KEYS, scripts.keysScript(facts)] as const]),
    ...(parts.answer === undefined ? [] : [[ANSWER, scripts.answerScript(facts)] as const]),
  ];
  const altered = await Promise.all(
    files.map(async ([path, text]) => (await readText(path)) !== text || isLoose(path)),
  );
  return files.filter((_, i) => altered[i]).map(([path]) => path);
}

/** Whether users besides root could change the file. */
function isLoose(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return uid !== 0 || (mode & 0o022) !== 0;
}

async function uncountedFor(facts: scripts.SshSetup, env: Environment): Promise<string[]> {
  try {
    return scripts.uncounted(facts, await effective(facts.account, env));
  } catch {
    return neverRan() ? [] : ["all of it"];
  }
}

async function publishedKeys(): Promise<string[]> {
  const lines = ((await readText(APPROVERS_FILE)) ?? "").split("\n");
  return lines.flatMap((line) => /SHA256:\S+/.exec(line)?.[0] ?? []);
}

async function groupsOf(user: string, env: Environment): Promise<string[]> {
  const { exit, text } = await runTool("id", ["-nG", user], env).catch(() => ({
    exit: 1,
    text: "",
  }));
  return exit === 0 ? text.split(/\s+/) : [];
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
