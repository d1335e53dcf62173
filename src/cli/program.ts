import { version } from "../lib/version.ts";
import { type Command as CommandLine, OPENCLAW, openclaw } from "../protocol/command.ts";
import { joined, say, type Text } from "../protocol/text.ts";
import { audit } from "./commands/audit/command.ts";
import { completion } from "./commands/completion/command.ts";
import { config } from "./commands/config/commands.ts";
import { devices } from "./commands/devices/commands.ts";
import { doctor } from "./commands/doctor/command.ts";
import { gateway } from "./commands/gateway/commands.ts";
import { health } from "./commands/health/command.ts";
import { logs } from "./commands/logs/command.ts";
import { nodes } from "./commands/nodes/commands.ts";
import { notify } from "./commands/notify/command.ts";
import { ssh } from "./commands/ssh/commands.ts";
import { status } from "./commands/status/command.ts";
import { token } from "./commands/token/command.ts";
import { addAction, type CommandOutcome, helpOf } from "./kit/action.ts";
import type { GlobalOptions } from "./kit/context.ts";
import {
  build,
  type Command,
  type CommanderError,
  type DeclaredCommand,
  declare,
} from "./kit/declare.ts";
import { exitCodeHelp } from "./kit/exit.ts";
import { helpBelow } from "./kit/help.ts";
import type { Io } from "./kit/io.ts";
import { connect, pairNode } from "./node-host/command.ts";

/** The whole command line. */
export const commandLine = declare({
  name: OPENCLAW,
  summary: "Runs and administers an OpenClaw gateway.",
  shape: (command) =>
    command
      .version(version, "-V, --version", "print the version")
      .option("--json", "print the raw answer as JSON and nothing else")
      .option("--verbose", "on a failure, print its code and where it happened")
      .option("--url <url>", "reach a gateway by its URL (wss://…) instead of on this machine")
      .option("--token <token>", "with --url: the gateway token; - reads standard input")
      .option("--password <password>", "with --url: the gateway password; - reads standard input")
      .option("--tls-fingerprint <sha256>", "with --url: the certificate to expect"),
  // What people do most.
  examples: [
    { what: "what runs, who waits, what to type", type: openclaw`` },
    { what: "run the gateway in this terminal", type: openclaw`gateway run` },
    { what: "who waits and who is paired", type: openclaw`devices list` },
    { what: "let one device in", type: openclaw`devices approve 7F3K-Q2MN` },
    { what: "a one-time link that pairs a device", type: openclaw`devices invite` },
    { what: "what is wrong here", type: openclaw`doctor` },
  ],
  under: [
    gateway,
    devices,
    nodes,
    ssh,
    connect,
    pairNode,
    logs,
    config,
    notify,
    health,
    status,
    doctor,
    audit,
    token,
    completion,
  ],
});

/** A command line that was not understood: what Commander says of it, and whose help has more. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(
    readonly what: CommanderError,
    readonly next: CommandLine,
    /** The command takes words, of which there were too many: one that has blanks goes in quotes. */
    readonly tooManyWords: boolean,
  ) {
    super(what.message);
  }
}

/** The command line as commands that run: what each does is loaded then. */
export function buildProgram(
  io: Io,
  help: { configKeys?: Text } = {},
): { program: Command; outcome: CommandOutcome } {
  const outcome: CommandOutcome = { exit: 0 };
  const setting = { io, outcome, globals: () => program.opts() as GlobalOptions };
  const program = build(commandLine, {
    built: (declared) => {
      addOutput(declared, io);
      addHelp(declared, { io, ...help });
      addAction(declared, setting);
    },
  }) as unknown as Command;
  return { program, outcome };
}

function addOutput({ command, path, declaration }: DeclaredCommand, io: Io): void {
  command
    .helpOption("-h, --help", "print this help")
    .exitOverride((what) => {
      const tooMany = what.code === "commander.excessArguments";
      const takesWords = command.registeredArguments.length > 0;
      throw new UsageError(what, helpOf(path), tooMany && takesWords);
    })
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      // Said where the failure ends, with what to type.
      outputError: () => undefined,
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .configureHelp({ showGlobalOptions: true });
  if (declaration.under) command.helpCommand("help [command]", "print the help of one");
}

function addHelp(
  { command, declaration }: DeclaredCommand,
  { io, configKeys }: { readonly io: Io; readonly configKeys?: Text },
): void {
  // Put together only where help is printed: every command line comes through here.
  command.on("afterHelp", ({ error }: { error: boolean }) => {
    const below = helpBelow(declaration);
    if (declaration === commandLine) below.push(exitCodeHelp());
    if (declaration === config && configKeys !== undefined) {
      below.push(say`Keys:\n\n${configKeys}`);
    }
    if (below.length === 0) return;
    const text = say`\n${joined(below, "\n\n")}`;
    if (error) io.err(text);
    else io.out(text);
  });
}
