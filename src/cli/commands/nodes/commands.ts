import { lazily, type Shell } from "../../kit/shell.ts";

const HELP = `
A node is a machine that answers commands. It joins in two steps: it is paired
as a device (a link of "devices invite --role node" does that at once), then
what it offers is approved.

Examples:
  who is there            openclaw nodes list
  approve its commands    openclaw nodes approve 7F3K-Q2MN
  ask it something        openclaw nodes invoke attic system.which \\
                            --params '{"bins":["df"]}'`;

/** `openclaw nodes …` */
export function addNodeCommands(shell: Shell): void {
  const nodes = shell.program
    .command("nodes")
    .description("machines that answer commands: who is there, what each may do")
    .addHelpText("after", HELP);
  const list = nodes.command("list").description("what waits for approval, and all nodes");
  lazily(shell, list, async () => (await import("./list.ts")).list);
  const status = nodes
    .command("status")
    .description("load, memory and disk of each node")
    .option("--connected", "only those that are connected");
  lazily(shell, status, async () => (await import("./list.ts")).status);
  const describe = nodes
    .command("describe [node...]")
    .description("all about one node, by its id or name")
    .option("--node <node>", "the node, instead of as a word");
  lazily(shell, describe, async () => (await import("./manage.ts")).describe);
  const pending = nodes.command("pending").description("what nodes offer that waits for approval");
  lazily(shell, pending, async () => (await import("./list.ts")).pending);
  const approve = nodes
    .command("approve [code...]")
    .description("approve what a node offers: its code, or its full id");
  lazily(shell, approve, async () => (await import("./approve.ts")).approve);
  const reject = nodes
    .command("reject [code...]")
    .description("reject what a node offers; what was approved before stays");
  lazily(shell, reject, async () => (await import("./approve.ts")).reject);
  addActions(shell, nodes);
}

function addActions(shell: Shell, nodes: ReturnType<Shell["program"]["command"]>): void {
  const rename = nodes
    .command("rename [node] [name...]")
    .description("give a node your own name for it")
    .option("--node <node>", "the node, instead of as the first word")
    .option("--name <name>", "the name, instead of as the last words");
  lazily(shell, rename, async () => (await import("./manage.ts")).rename);
  const remove = nodes
    .command("remove [node...]")
    .description("take a node's role and commands away; its connections close at once")
    .option("--node <node>", "the node, instead of as words");
  lazily(shell, remove, async () => (await import("./manage.ts")).remove);
  const invoke = nodes
    .command("invoke [node] [command]")
    .description("have a node run one of its approved commands, and print the answer")
    .option("--node <node>", "the node, instead of as the first word")
    .option("--command <command>", "the command, instead of as the last word")
    .option("--params <json>", "its params, as a JSON object")
    .option("--invoke-timeout, --timeout <ms>", "how long it may take, in milliseconds (30000)");
  lazily(shell, invoke, async () => (await import("./invoke.ts")).invoke);
}
