import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { declare } from "../../kit/declare.ts";

const list = declare({
  name: "list",
  summary: "what waits for approval, and all nodes",
}).runs(async () => (await import("./list.ts")).list);

const status = declare({
  name: "status",
  summary: "load, memory and disk of each node",
  shape: (command) => command.option("--connected", "only those that are connected"),
}).runs(async () => (await import("./list.ts")).status);

const describe = declare({
  name: "describe",
  summary: "all about one node, by its id or name",
  shape: (command) =>
    command.argument("[node...]").option("--node <node>", "the node, instead of as a word"),
  completes: { node: "node" },
}).runs(async () => (await import("./manage.ts")).describe);

const pending = declare({
  name: "pending",
  summary: "what nodes offer that waits for approval",
}).runs(async () => (await import("./list.ts")).pending);

const approve = declare({
  name: "approve",
  summary: "approve what a node offers: its code, or its full id",
  shape: (command) => command.argument("[code...]"),
  completes: { code: "node-request" },
}).runs(async () => (await import("./approve.ts")).approve);

const reject = declare({
  name: "reject",
  summary: "reject what a node offers; what was approved before stays",
  shape: (command) => command.argument("[code...]"),
  completes: { code: "node-request" },
}).runs(async () => (await import("./approve.ts")).reject);

const rename = declare({
  name: "rename",
  summary: "give a node your own name for it",
  shape: (command) =>
    command
      .argument("[node]")
      .argument("[name...]")
      .option("--node <node>", "the node, instead of as the first word")
      .option("--name <name>", "the name, instead of as the last words"),
  completes: { node: "node" },
}).runs(async () => (await import("./manage.ts")).rename);

const remove = declare({
  name: "remove",
  summary: "take a node's role and commands away; its connections close at once",
  shape: (command) =>
    command.argument("[node...]").option("--node <node>", "the node, instead of as words"),
  completes: { node: "node" },
}).runs(async () => (await import("./manage.ts")).remove);

const invoke = declare({
  name: "invoke",
  summary: "have a node run one of its approved commands, and print the answer",
  shape: (command) =>
    command
      .argument("[node]")
      .argument("[command]")
      .option("--node <node>", "the node, instead of as the first word")
      .option("--command <command>", "the command, instead of as the last word")
      .option("--params <json>", "its params, as a JSON object")
      .option(
        "--invoke-timeout, --timeout <ms>",
        "how long it may take, in milliseconds (30000; 0: an hour)",
      ),
  completes: { node: "node" },
}).runs(async () => (await import("./invoke.ts")).invoke);

/** `openclaw nodes …` */
export const nodes = declare({
  name: "nodes",
  summary: "machines that answer commands: who is there, what each may do",
  about: say`A node is a machine that answers commands. It joins in two steps: it is paired
as a device (a link of ${openclaw`devices invite --role node`} does that
at once), then what it offers is approved.`,
  examples: [
    { what: "who is there", type: openclaw`nodes list` },
    { what: "approve its commands", type: openclaw`nodes approve 7F3K-Q2MN` },
    {
      what: "ask it something",
      type: openclaw`nodes invoke attic system.which --params ${'{"bins":["df"]}'}`,
    },
  ],
  under: [list, status, describe, pending, approve, reject, rename, remove, invoke],
});
