import type { Environment } from "../../../lib/environment.ts";
import { blank, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { CliError } from "../../kit/exit.ts";
import { shown } from "../../kit/words.ts";
import { runTool } from "../gateway/tools.ts";
import { adminPath, type Step, tool } from "./steps.ts";

/** How accounts of ours are told from others of the same name. */
const ABOUT = {
  approvers: "OpenClaw approval over SSH",
  keys: "OpenClaw approvers' keys",
} as const;
const OURS: readonly string[] = Object.values(ABOUT);

interface Account {
  readonly name: string;
  readonly about: string;
  readonly group: string;
  readonly home: string;
  readonly shell: string;
}

/** The account that approvers log in to. Its shell runs the one command that sshd gives it. */
export function approverAccount(name: string, group: string, home: string): Account {
  return { name, about: ABOUT.approvers, group, home, shell: "/bin/sh" };
}

/** The account that looks keys up for sshd. It can read them and is in no other group. */
export function keysAccount(name: string): Account {
  const shell = "/usr/sbin/nologin";
  return { name, about: ABOUT.keys, group: name, home: "/nonexistent", shell };
}

/** Makes a group that accounts of ours alone are in. @throws CliError where others are */
export async function groupSteps(group: string, env: Environment): Promise<Step[]> {
  const there = await entry("group", group, env);
  if (there) {
    const stranger = await strangerIn(there, env);
    if (stranger === undefined) return [];
    const name = shown(stranger.name);
    throw new CliError("failed", `${name} is in the group ${group}, which lets approve`, {
      // Nobody can leave the group that is their first one, but for another.
      next: stranger.isFirst
        ? say`${shell`usermod -g ${blank("GROUP")} ${name}`} (with another group of theirs)`
        : shell`gpasswd -d ${name} ${group}`,
    });
  }
  return [
    {
      words: `make the group ${group}`,
      run: async () => void (await tool(env, "groupadd", "--system", group)),
      undo: () => removeGroup(group, env),
    },
  ];
}

interface Stranger {
  readonly name: string;
  /** Whether the group is that user's first one, which stands in passwd. */
  readonly isFirst: boolean;
}

/** A member of a group that is no account of ours. */
async function strangerIn(group: string[], env: Environment): Promise<Stranger | undefined> {
  const [, , gid, members = ""] = group;
  const users = await passwd(env);
  const ours = new Set(users.filter(([, , , , about]) => OURS.includes(about ?? "")).map(first));
  const listed = members.split(",").filter(Boolean);
  const firsts = users.filter(([, , , primary]) => primary === gid).map(first);
  const inside = [
    ...listed.map((name) => ({ name, isFirst: false })),
    ...firsts.map((name) => ({ name, isFirst: true })),
  ];
  return inside.find(({ name }) => !ours.has(name));
}

const first = ([name = ""]: string[]) => name;

/**
 * The steps that make the account and its group; none where it is there.
 * @throws CliError (failed) where another user has the name
 */
export async function accountSteps(account: Account, env: Environment): Promise<Step[]> {
  const { name, about, group, home } = account;
  const there = await entry("passwd", name, env);
  if (there) {
    if (there[4] === about) return [];
    throw new CliError("failed", `there is a user ${name} already, who is somebody else`, {
      next: openclaw`ssh enable --account openclaw-approve`,
    });
  }
  const kind = ["--system", "--gid", group, "--no-create-home", "--home-dir", home];
  // "*" is no password and, unlike "!", no lock: sshd refuses locked accounts.
  const words = [...kind, "--shell", account.shell, "--password", "*", "--comment", about, name];
  return [
    {
      words: `make the user ${name} (${about}; group ${group}, no password)`,
      run: async () => void (await tool(env, "useradd", ...words)),
      undo: async () => removeAccount(name, env),
    },
  ];
}

/** The names of all accounts that this program made, known by their comment field. */
export async function ownAccounts(env: Environment): Promise<string[]> {
  const users = await passwd(env);
  return users.filter(([, , , , about]) => OURS.includes(about ?? "")).map(first);
}

/** The names of accounts of ours for approvers other than `name`. */
export async function otherApprovers(name: string, env: Environment): Promise<string[]> {
  const users = await passwd(env);
  return users
    .filter(([user, , , , about]) => about === ABOUT.approvers && user !== name)
    .map(first);
}

/** Ends the processes of the account, and removes it; does nothing if it is not ours. */
export async function removeAccount(name: string, env: Environment): Promise<void> {
  const there = await entry("passwd", name, env);
  if (!there || !OURS.includes(there[4] ?? "")) return;
  await runTool("pkill", ["-KILL", "-U", there[2] ?? name], adminPath(env));
  await tool(env, "userdel", name);
}

export async function removeGroup(name: string, env: Environment): Promise<void> {
  if (await entry("group", name, env)) await tool(env, "groupdel", name);
}

/** A line of the system's databases in its fields. */
async function entry(
  database: "passwd" | "group",
  name: string,
  env: Environment,
): Promise<string[] | undefined> {
  const { exit, text } = await runTool("getent", [database, name], adminPath(env));
  return exit === 0 ? text.split(":") : undefined;
}

async function passwd(env: Environment): Promise<string[][]> {
  const { text } = await runTool("getent", ["passwd"], adminPath(env));
  return text.split("\n").map((line) => line.split(":"));
}
