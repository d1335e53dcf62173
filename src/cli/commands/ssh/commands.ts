import { lazily, type Shell } from "../../kit/shell.ts";

const HELP = `
A key that is added may list, show, approve, reject and revoke, over
  ssh openclaw@<host> approve 7F3K-Q2MN
and nothing else: no shell, no files, no forwarding.

Examples:
  once, as root         openclaw ssh enable
  a phone's key         openclaw ssh add phone.pub --name phone
  also full control     openclaw ssh add yubikey.pub --may admin
  lost it               openclaw ssh remove phone`;

/** `openclaw ssh …` */
export function addSshCommands(shell: Shell): void {
  const ssh = shell.program
    .command("ssh")
    .description("approval over SSH, by keys that can do nothing else")
    .addHelpText("after", HELP);
  const enable = ssh
    .command("enable")
    .description("let approvers log in; shows what it does, tests it, undoes it where it fails")
    .option("--account <name>", "the account they log in to (default: openclaw)")
    .option("--host <name>", "this machine's name in the line that people copy")
    .option(
      "--port <port>",
      "sshd's port in that line, where people use another than it listens on",
    )
    .option("--authorized-keys", "keep a block in the account's authorized_keys instead")
    .option("--dry-run", "only show what it would do")
    .option("--yes", "do not ask");
  lazily(shell, enable, async () => (await import("./enable.ts")).enable);
  const disable = ssh
    .command("disable")
    .description("undo that; keys stay listed")
    .option("--force", "even if a key is the owner's last way in")
    .option("--yes", "do not ask");
  lazily(shell, disable, async () => (await import("./disable.ts")).disable);
  const add = ssh
    .command("add [key...]")
    .description("let a public key approve: a .pub file, the key itself, or - for standard input")
    .option("--name <name>", "your name for it (default: the key's comment)")
    .option("--may <what>", "operator (default), node, admin; several with commas")
    .option("--expires <time>", "how long, such as 90d; without it until it is removed")
    .option("--from <networks>", "only from these addresses or networks, with commas");
  lazily(shell, add, async () => (await import("./keys.ts")).add);
  const list = ssh.command("list").description("the keys that may approve");
  lazily(shell, list, async () => (await import("./keys.ts")).list);
  const remove = ssh
    .command("remove [key...]")
    .description("remove a key, by its name or fingerprint: refused from that moment")
    .option("--force", "even if it is the owner's last way in");
  lazily(shell, remove, async () => (await import("./keys.ts")).remove);
}
