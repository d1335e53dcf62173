import { lazily, type Shell } from "../kit/shell.ts";

const HELP = `
Without an allow-list nothing can be run here: the machine only answers
system.which (where a program is) and system.notify. To let the gateway's
owner run commands, write them into the allow-list, one a line, as they are
run, and nothing else is:

  df -h
  systemctl status *          (one word, none that begins with a dash)
  /usr/local/bin/backup ...   (any further words)

Examples:
  a link pairs at once    openclaw connect 'https://gw.example.com/#invite=…'
  so does a setup code    openclaw connect oc-pair://…
  ask for approval        openclaw connect wss://gw.example.com
  as a service (as root)  sudo openclaw connect <link> --install-service`;

/** `openclaw connect …` */
export function addConnectCommand(shell: Shell): void {
  const connect = shell.program
    .command("connect [link]")
    .description("join this machine to a gateway as a node, by a link, setup code or address")
    .option("--name <name>", "what this machine calls itself (default: its host name)")
    .option("--allow <file>", "commands the gateway may run (default: ~/.openclaw-node/allow)")
    .option("--install-service", "run it under systemd, as a user of its own; root only")
    .option("--yes", "with --install-service: do not ask")
    .addHelpText("after", HELP);
  lazily(shell, connect, async () => (await import("./connect.ts")).connect);
  const pair = shell.program.command("pair-node", { hidden: true });
  lazily(shell, pair, async () => (await import("./pair-process.ts")).pairNode);
}
