import { readFile } from "node:fs/promises";
import { runTool } from "../gateway/tools.ts";
import type { Environment } from "../io.ts";
import { SSH_FOLDER } from "../ssh/scripts.ts";
import { DROP_IN } from "../ssh/sshd.ts";
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
  const script = await readText(`${SSH_FOLDER}/answer.sh`);
  const program = /^ {2}\/\S+ (\/\S+ssh-answer\.js) /m.exec(script ?? "")?.[1];
  return {
    account,
    block: authorizedKeys,
    dropInFor: /^Match User (\S+)$/m.exec(dropIn ?? "")?.[1],
    programThere: program !== undefined && (await readText(program)) !== undefined,
    groups: account === undefined ? [] : await groupsOf(account, env),
    proxyGroups: await groupsOf("www-data", env),
    keys: gateway.how === "running" ? gateway.sshKeys : undefined,
  };
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
