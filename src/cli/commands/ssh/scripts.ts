import { sshLimitTable } from "../../../limits/ssh.ts";

/** Where the parts of approval over SSH are on a machine. */
export interface SshFacts {
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
 * The script that sshd asks whether a key may log in (AuthorizedKeysCommand). It runs before
 * authentication: so it is a few lines of sh, and nothing from the gateway's file becomes an option
 * of sshd's unchecked.
 */
export function keysScript({ folder, keysFile }: SshFacts): string {
  return `#!/bin/sh
# sshd runs this as "keys.sh <account> <type> <key>" before anybody is logged in. It prints the one line
# of authorized_keys that the key has, or nothing. The gateway's file says which keys there are; what a
# key may do stands here and nowhere else, so that not even the gateway can give one more than that.
# Made by "openclaw ssh enable"; a change here is undone by the next one.
set -fu
LC_ALL=C
export LC_ALL
file=${keysFile}
[ -r "$file" ] || exit 0
head -c ${MAX_KEYS_BYTES} -- "$file" | while read -r expires type key print from rest; do
  if [ "$type" != "\${2-}" ] || [ "$key" != "\${3-}" ]; then continue; fi
  case $expires in '' | *[!0-9]*) exit 0 ;; esac
  if [ "$expires" -ne 0 ] && [ "$expires" -le "$(date +%s)" ]; then exit 0; fi
  case $print in *[!A-Za-z0-9:+/]* | '') exit 0 ;; SHA256:*) ;; *) exit 0 ;; esac
  case $from$rest in *[!0-9a-f.:/,-]* | '') exit 0 ;; esac
  options="restrict,command=\\"${folder}/answer.sh $print\\""
  if [ "$from" != - ]; then options="$options,from=\\"$from\\""; fi
  printf '%s %s %s\\n' "$options" "$type" "$key"
  exit 0
done
`;
}

/**
 * The script that sshd runs for an approver's key, instead of the command that the client sent. The
 * grammar stands here, in sh that a reviewer reads in a minute: nothing but a verb and its one
 * argument, of a few plain characters, gets past.
 */
export function answerScript({ socket, node, program }: SshFacts): string {
  return `#!/bin/sh
# sshd runs this as "answer.sh <fingerprint>" for a key that may approve, whatever was asked for; that
# stands in SSH_ORIGINAL_COMMAND, is never run and never becomes part of a command. Verbs:
#   list, show CODE, approve CODE, reject CODE, revoke DEVICE, help
# Made by "openclaw ssh enable"; a change here is undone by the next one.
set -fu
LC_ALL=C
IFS=' '
PATH=/usr/bin:/bin
export LC_ALL PATH
print=\${1-}
line=\${SSH_ORIGINAL_COMMAND-}

refuse() {
  printf '%s\\n' "$1" 'help says what this key can do.' >&2
  exit 2
}

help() {
  cat <<'HELP'
This key approves devices. It can do
nothing else here.

  list            who waits
  show CODE       who asks, for what
  approve CODE    let it in
  reject CODE     turn it down
  revoke DEVICE   take it out again

CODE stands on the device that waits,
such as 7F3K-Q2MN. DEVICE is the id that
approve and list show.
HELP
}

[ "\${#line}" -le 64 ] || refuse 'That is too long to be one of the verbs.'
case $line in
  *[!0-9A-Za-z\\ -]*) refuse 'That has characters that no verb has.' ;;
esac
# shellcheck disable=SC2086 # split into words at spaces; -f keeps them from becoming file names
set -- $line
verb=\${1-}
[ $# -eq 0 ] || shift

# code WORD…: 7F3K-Q2MN, 7f3kq2mn or 7f3k q2mn.
four='[0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z]'
code() {
  # shellcheck disable=SC2254 # patterns they are
  case $#,$* in
    1,$four-$four | 1,$four$four | 2,$four\\ $four) ;;
    *) refuse "$verb takes the code of a request, such as 7F3K-Q2MN." ;;
  esac
}

case $verb in
  '')
    help >&2
    exit 2
    ;;
  help)
    [ $# -eq 0 ] || refuse 'help stands alone.'
    help
    exit 0
    ;;
  list) [ $# -eq 0 ] || refuse 'list stands alone.' ;;
  show | approve | reject) code "$@" ;;
  revoke)
    case $#,$* in
      1,????????*) ;;
      *) refuse 'revoke takes the id of a device: at least its first eight characters.' ;;
    esac
    ;;
  *) refuse "There is no verb $verb." ;;
esac

address=\${SSH_CONNECTION-}
address=\${address%% *}
case $address in *[!0-9A-Za-z.:%]*) address='' ;; esac
exec /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 \\
  ${node} ${program} ${socket} "$print" "$address" "$verb" "$*"
`;
}

/** One setting of the drop-in, and how `sshd -T` prints it where that differs from how it is written. */
interface Setting {
  readonly name: string;
  readonly value: string;
  readonly printed?: string;
  readonly why?: string;
}

/**
 * Everything that the drop-in sets for the account. No ForceCommand: it would win over the keys'
 * own commands; so one that the admin set for all users must not reach this account either.
 */
function settings({ account, keysAccount, folder, timeouts }: SshFacts): Setting[] {
  const set = (name: string, value: string, more?: Partial<Setting>) => ({ name, value, ...more });
  return [
    set("AllowUsers", account),
    set("AllowGroups", SSH_GROUP),
    set("AuthenticationMethods", "publickey"),
    set("PubkeyAuthentication", "yes"),
    set("PasswordAuthentication", "no"),
    set("KbdInteractiveAuthentication", "no"),
    set("HostbasedAuthentication", "no"),
    set("AuthorizedKeysFile", "none"),
    set("AuthorizedKeysCommand", `${folder}/keys.sh %u %t %k`),
    set("AuthorizedKeysCommandUser", keysAccount),
    set("AuthorizedPrincipalsFile", "none"),
    set("AuthorizedPrincipalsCommand", "none"),
    set("TrustedUserCAKeys", "none"),
    set("ForceCommand", "none", { why: "The command of a key is the one in keys.sh." }),
    set("ChrootDirectory", "none"),
    set("PermitTTY", "no"),
    set("PermitUserRC", "no"),
    set("DisableForwarding", "yes"),
    set("X11Forwarding", "no"),
    set("AcceptEnv", "OPENCLAW_NOTHING", {
      why: "Another list than the usual one, so that no variable of the client's comes along.",
    }),
    set("Banner", "none"),
    set("MaxSessions", "4"),
    set("ClientAliveInterval", "10", {
      why: "sshd runs no command for a session without one (-N): such ones are bounded in time.",
    }),
    set("ClientAliveCountMax", "2"),
    ...(timeouts
      ? [
          set("UnusedConnectionTimeout", "20s", { printed: "20" }),
          set("ChannelTimeout", "session=1m"),
        ]
      : []),
  ];
}

/** The drop-in for sshd, for this one account. */
export function sshdDropIn(facts: SshFacts): string {
  const lines = settings(facts).flatMap(({ name, value, why }) => [
    ...(why === undefined ? [] : [`  # ${why}`]),
    `  ${name} ${value}`,
  ]);
  return `# Approval over SSH: "ssh ${facts.account}@<host> approve CODE", for keys of "openclaw ssh add", and
# nothing else. Made by "openclaw ssh enable", taken away by "openclaw ssh disable".
# Its name makes it the first: of several that fit a user, sshd takes the first.
Match User ${facts.account}
${lines.join("\n")}
Match all
`;
}

/** What of the drop-in does not count for the account, by what `sshd -T -C user=…` printed. */
export function uncounted(facts: SshFacts, effective: string): string[] {
  const lines = new Set(effective.split("\n").map((line) => line.trim()));
  return settings(facts)
    .filter(({ name, value, printed = value }) => !lines.has(`${name.toLowerCase()} ${printed}`))
    .map(({ name }) => name);
}
