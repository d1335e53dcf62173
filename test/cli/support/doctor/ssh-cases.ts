import { NOW } from "../io.ts";
import { type Case, up } from "./cases.ts";
import { OWNER } from "./facts.ts";

const ENABLE = "sudo openclaw ssh enable";
const KEY = { fingerprint: "SHA256:a" };
const off = { account: undefined, dropInFor: undefined, groups: [] };

export const ssh: Case[] = [
  ["approval over SSH that is off", "ssh.setup", up({ ssh: off }), ["ok", /is off/]],
  [
    "a drop-in that the configuration does not know",
    "ssh.setup",
    up({ ssh: { ...off, dropInFor: "openclaw" } }),
    ["warn", /lets openclaw log in.*does not know/, ENABLE],
  ],
  [
    "a configuration that sshd does not know",
    "ssh.setup",
    up({ ssh: { dropInFor: undefined } }),
    ["warn", /sshd was not told/, ENABLE],
  ],
  [
    "a drop-in for another account",
    "ssh.setup",
    up({ ssh: { dropInFor: "approver" } }),
    ["warn", /Nobody can log in as openclaw/, ENABLE],
  ],
  [
    "scripts of a program that is gone",
    "ssh.setup",
    up({ ssh: { programThere: false } }),
    ["warn", /is missing/, ENABLE],
  ],
  [
    "a script that others may change",
    "ssh.setup",
    up({ ssh: { altered: ["/opt/openclaw-gateway/ssh/answer.sh"] } }),
    ["warn", /answer\.sh is not as/, ENABLE],
  ],
  [
    "another file that decides for the account",
    "ssh.setup",
    up({ ssh: { uncounted: ["ForceCommand", "AuthorizedKeysFile", "Banner", "PermitTTY"] } }),
    [
      "fail",
      /decides for openclaw: ForceCommand, AuthorizedKeysFile, Banner\./,
      `${ENABLE} (it says what; until then: sudo openclaw ssh disable)`,
    ],
  ],
  [
    "a doctor that may not ask sshd",
    "ssh.setup",
    up({ ssh: { uncounted: undefined, published: undefined } }),
    ["ok", /can do nothing else/],
  ],
  [
    "a key that sshd's helper does not know",
    "ssh.keys",
    up({ ssh: { keys: [{ fingerprint: "SHA256:a" }, { fingerprint: "SHA256:b" }] } }),
    ["warn", /sshd does not know 1 key/, ENABLE],
  ],
  [
    "a block in somebody's own file",
    "ssh.setup",
    up({ ssh: { block: "/home/ann/.ssh/authorized_keys", dropInFor: undefined } }),
    ["ok", /by a block in/],
  ],
  [
    "approvers in the owners' group",
    "ssh.groups",
    up({ ssh: { groups: ["openclaw-ssh", "openclaw"] } }),
    ["fail", /whoever gets in as openclaw owns/, "gpasswd -d openclaw openclaw"],
  ],
  [
    "nginx in the owners' group",
    "ssh.groups",
    up({ ssh: { proxyGroups: ["www-data", "openclaw"] }, machine: { uid: OWNER } }),
    ["fail", /www-data is in the group/, "sudo gpasswd -d www-data openclaw"],
  ],
  [
    "an owner who approves as themselves",
    "ssh.groups",
    up({ ssh: { block: "/home/ann/.ssh/authorized_keys", groups: ["ann", "openclaw"] } }),
    ["ok", /Neither/],
  ],
  [
    "no key at all",
    "ssh.keys",
    up({ ssh: { keys: [] } }),
    ["note", /no key may approve/, "openclaw ssh add key.pub"],
  ],
  [
    "only a key whose time is over",
    "ssh.keys",
    up({ ssh: { keys: [{ ...KEY, expiresAtMs: NOW }] } }),
    ["note", /no key may approve/, "openclaw ssh add key.pub"],
  ],
  [
    "a key whose time is over beside one that is good",
    "ssh.keys",
    up({ ssh: { keys: [{ fingerprint: "SHA256:b", expiresAtMs: NOW }, KEY] } }),
    ["note", /time of 1 SSH key is over/, "openclaw ssh list"],
  ],
  [
    "keys that nobody can use",
    "ssh.keys",
    up({ ssh: { ...off, keys: [KEY, { fingerprint: "SHA256:b" }] } }),
    [
      "note",
      /2 keys may approve over SSH, which is off/,
      `${ENABLE} (or take them away: openclaw ssh list)`,
    ],
  ],
];
