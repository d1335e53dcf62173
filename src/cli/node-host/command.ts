import { asRoot, openclaw } from "../../protocol/command.ts";
import { declare } from "../kit/declare.ts";

const ABOUT = `Without an allow-list nothing can be run here: the machine only answers
system.which (where a program is) and system.notify. To let the gateway's
owner run commands, write them into the allow-list, one a line, as they are
run, and nothing else is:

  df -h
  systemctl status *          (one word, none that begins with a dash)
  /usr/local/bin/backup ...   (any further words)`;

const SECRET = `A link or setup code is a secret until it was used. For - it is read from
standard input, or asked for; with --link-file it is read from a file. As a
word of the command line other users of this machine may see it.`;

/** `openclaw connect …` */
export const connect = declare({
  name: "connect",
  summary: "join this machine to a gateway as a node, by a link, setup code or address",
  shape: (command) =>
    command
      .argument("[link]")
      .option("--link-file <file>", "a file whose first line is the link")
      .option("--name <name>", "what this machine calls itself (default: its host name)")
      .option("--allow <file>", "commands the gateway may run (default: ~/.openclaw-node/allow)")
      .option("--new-key", "a key of its own, for a copy of a machine; the old one is kept aside")
      .option("--install-service", "run it under systemd, as a user of its own; root only")
      .option("--yes", "with --install-service: do not ask"),
  completes: { allow: "file", "link-file": "file" },
  about: `${SECRET}\n\n${ABOUT}`,
  examples: [
    {
      what: "a link or setup code, which it asks for",
      type: openclaw`connect -`,
    },
    { what: "or from a file", type: openclaw`connect --link-file link.txt` },
    { what: "ask for approval", type: openclaw`connect wss://gw.example.com` },
    {
      what: "as a service (as root)",
      type: asRoot(openclaw`connect - --install-service`),
    },
  ],
}).runs(async () => (await import("./connect.ts")).connect);

/** `openclaw pair-node`: what `connect --install-service` starts as the node's own user. */
export const pairNode = declare({
  name: "pair-node",
  summary: "pairs this machine for the service that starts it",
  hidden: true,
}).runs(async () => (await import("./pair-process.ts")).pairNode);
