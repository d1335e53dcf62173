import answerText from "../../../../deploy/ssh/answer.sh";
import keysText from "../../../../deploy/ssh/keys.sh";
import dropInText from "../../../../deploy/ssh/sshd.conf";
import { sshLimitTable } from "../../../limits/ssh.ts";

/** Where the parts of approval over SSH are on a machine. */
export interface SshSetup {
  /** The account that approvers log in to. */
  readonly account: string;
  /** The account that looks keys up for sshd, and may do nothing else. */
  readonly keysAccount: string;
  /** Folder of the two scripts: root's alone, as sshd demands. */
  readonly folder: string;
  /** What the gateway writes: the keys that may log in. */
  readonly keysFile: string;
  readonly socket: string;
  readonly node: string;
  /** `ssh-answer.js` of this program. */
  readonly program: string;
  /** Whether this OpenSSH knows `UnusedConnectionTimeout` and `ChannelTimeout` (9.2). */
  readonly timeouts: boolean;
}

export const SSH_FOLDER = "/opt/openclaw-gateway/ssh";
export const TMPFILES = "/etc/tmpfiles.d/openclaw-gateway-ssh.conf";
export const SSH_ACCOUNT = "openclaw";
export const KEYS_ACCOUNT = "openclaw-keys";
export const SSH_GROUP = "openclaw-ssh";

/** More than the keys that fit (sshKeys) take; a file without an end must not keep sshd's helper busy. */
const MAX_KEYS_BYTES = sshLimitTable.sshKeysFileBytes.value;

/**
 * Fills in a template of deploy/ssh: `@name@` becomes the fact of that name. A line `#@ 9.2` keeps the
 * line below it for that OpenSSH and newer ones; other lines that begin with `#@` are notes.
 * @throws Error for a name that is no fact.
 */
function render(template: string, facts: SshSetup): string {
  const values: Readonly<Record<string, string>> = {
    account: facts.account,
    "keys-account": facts.keysAccount,
    group: SSH_GROUP,
    folder: facts.folder,
    "keys-file": facts.keysFile,
    "max-bytes": String(MAX_KEYS_BYTES),
    socket: facts.socket,
    node: facts.node,
    program: facts.program,
  };
  return template
    .replace(/^ *#@ 9\.2\n(.*\n)/gm, facts.timeouts ? "$1" : "")
    .replace(/^ *#@.*\n/gm, "")
    .replace(/@([a-z-]+)@/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`no such fact for a template: ${name}`);
      return value;
    });
}

/**
 * The script that sshd asks whether a key may log in (AuthorizedKeysCommand). It runs before
 * authentication: so it is a few lines of sh, and nothing from the gateway's file becomes an option
 * of sshd's unchecked.
 */
export const keysScript = (facts: SshSetup): string => render(keysText, facts);

/**
 * The script that sshd runs for an approver's key, instead of the command that the client sent. The
 * grammar stands there, in sh that a reviewer reads in a minute: nothing but a verb and its one
 * argument, of a few plain characters, gets past.
 */
export const answerScript = (facts: SshSetup): string => render(answerText, facts);

/** The drop-in for sshd, for this one account. */
export const sshdDropIn = (facts: SshSetup): string => render(dropInText, facts);

/** How `sshd -T` prints a setting, where that differs from how the drop-in has it. */
const printed: Readonly<Record<string, string>> = {
  "UnusedConnectionTimeout 20s": "unusedconnectiontimeout 20",
};

/** The settings of the drop-in, as it writes them: `["PermitTTY", "no"]`. */
export function settingsOf(facts: SshSetup): (readonly [name: string, value: string])[] {
  const found = [...sshdDropIn(facts).matchAll(/^ {2}([A-Z]\w*) (.+)$/gm)];
  return found.map(([, name = "", value = ""]) => [name, value]);
}

/**
 * Names of the drop-in's settings that do not count for the account. `effective`: what
 * `sshd -T -C user=…` printed.
 */
export function uncounted(facts: SshSetup, effective: string): string[] {
  const lines = new Set(effective.split("\n").map((line) => line.trim()));
  return settingsOf(facts)
    .filter(([name, value]) => {
      const line = `${name} ${value}`;
      return !lines.has(printed[line] ?? `${name.toLowerCase()} ${value}`);
    })
    .map(([name]) => name);
}
