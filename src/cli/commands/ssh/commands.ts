import { blank, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { declare } from "../../kit/declare.ts";

const enable = declare({
  name: "enable",
  summary: "let approvers log in; shows what it does, tests it, undoes it where it fails",
  shape: (command) =>
    command
      .option("--account <name>", "the account they log in to (default: openclaw)")
      .option("--host <name>", "this machine's name in the line that people copy")
      .option(
        "--port <port>",
        "sshd's port in that line, where people use another than it listens on",
      )
      .option("--authorized-keys", "keep a block in the account's authorized_keys instead")
      .option("--dry-run", "only show what it would do")
      .option("--yes", "do not ask"),
}).runs(async () => (await import("./enable.ts")).enable);

const disable = declare({
  name: "disable",
  summary: "undo that; keys stay listed",
  shape: (command) =>
    command
      .option("--force", "even if a key is the owner's last way in")
      .option("--yes", "do not ask"),
}).runs(async () => (await import("./disable.ts")).disable);

const add = declare({
  name: "add",
  summary: "let a public key approve: a .pub file, the key itself, or - for standard input",
  shape: (command) =>
    command
      .argument("[key...]")
      .option("--name <name>", "your name for it (default: the key's comment)")
      .option("--may <what>", "operator (default), node, admin; several with commas")
      .option("--expires <time>", "how long, such as 90d; without it until it is removed")
      .option("--from <networks>", "only from these addresses or networks, with commas"),
  completes: { key: "file", may: ["operator", "node", "admin", "operator,node"] },
}).runs(async () => (await import("./keys.ts")).add);

const list = declare({
  name: "list",
  summary: "the keys that may approve",
}).runs(async () => (await import("./keys.ts")).list);

const remove = declare({
  name: "remove",
  summary: "remove a key, by its name or fingerprint: refused from that moment",
  shape: (command) =>
    command.argument("[key...]").option("--force", "even if it is the owner's last way in"),
  completes: { key: "ssh-key" },
}).runs(async () => (await import("./keys.ts")).remove);

/** `openclaw ssh …` */
export const ssh = declare({
  name: "ssh",
  summary: "approval over SSH, by keys that can do nothing else",
  about: say`A key that is added may list, show, approve, reject and revoke, over
  ${shell`ssh ${blank("openclaw@<host>")} approve 7F3K-Q2MN`}
and nothing else: no shell, no files, no forwarding.`,
  examples: [
    { what: "once, as root", type: openclaw`ssh enable` },
    { what: "a phone's key", type: openclaw`ssh add phone.pub --name phone` },
    { what: "also full control", type: openclaw`ssh add yubikey.pub --may admin` },
    { what: "lost it", type: openclaw`ssh remove phone` },
  ],
  under: [enable, disable, add, list, remove],
});
