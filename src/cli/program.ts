import { Command } from "commander";
import { version } from "../lib/version.ts";
import { addConfigCommands } from "./commands/config/commands.ts";
import { addDeviceCommands } from "./commands/devices/commands.ts";
import { addGatewayCommands } from "./commands/gateway/commands.ts";
import { addLogsCommand } from "./commands/logs/command.ts";
import { addNodeCommands } from "./commands/nodes/commands.ts";
import { addNotifyCommands } from "./commands/notify.ts";
import { addSshCommands } from "./commands/ssh/commands.ts";
import { exitCodeHelp } from "./kit/exit.ts";
import type { Io } from "./kit/io.ts";
import { type CommandOutcome, lazily, type Shell } from "./kit/shell.ts";
import { typedCommand } from "./kit/typed.ts";
import { addConnectCommand } from "./node-host/command.ts";

/** What people do most. The words stand first: how long a command is depends on where it runs. */
const EXAMPLES: readonly (readonly [string, string])[] = [
  ["what runs, who waits, what to type", ""],
  ["run the gateway in this terminal", " gateway run"],
  ["who waits and who is paired", " devices list"],
  ["let one device in", " devices approve 7F3K-Q2MN"],
  ["a one-time link that pairs a device", " devices invite"],
  ["what is wrong here", " doctor"],
];

function examples(call: string): string {
  const lines = EXAMPLES.map(([words, rest]) => `  ${words.padEnd(37)}${call}${rest}`);
  return `\nExamples:\n${lines.join("\n")}\n\n`;
}

/** The command line: names and options only; what a command does is loaded when it runs. */
export function buildProgram(
  io: Io,
  help: { configKeys?: string } = {},
): { program: Command; outcome: CommandOutcome } {
  const program = new Command("openclaw");
  const shell: Shell = { io, program, outcome: { exit: 0 } };
  program
    .description("Runs and administers an OpenClaw gateway.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(usageError(text)),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .configureHelp({ showGlobalOptions: true })
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .option("--json", "print the raw answer as JSON and nothing else")
    .option("--verbose", "on a failure, print its code and where it happened")
    .option("--url <url>", "reach a gateway by its URL (wss://…) instead of on this machine")
    .option("--token <token>", "with --url: the gateway token; - reads standard input")
    .option("--password <password>", "with --url: the gateway password; - reads standard input")
    .option("--tls-fingerprint <sha256>", "with --url: the certificate to expect")
    .addHelpText("after", () => examples(typedCommand(io.env, process.argv[1])) + exitCodeHelp());
  addGatewayCommands(shell);
  addDeviceCommands(shell);
  addNodeCommands(shell);
  addSshCommands(shell);
  addConnectCommand(shell);
  addLogsCommand(shell);
  addConfigCommands(shell, help.configKeys);
  addNotifyCommands(shell);
  addShortCommands(shell);
  nameOwnHelp(program, "openclaw");
  return { program, outcome: shell.outcome };
}

/** After a command line that was not understood: the help of the command that did not understand it. */
function nameOwnHelp(command: Command, call: string): void {
  command.showHelpAfterError(`  next: ${call} --help`);
  for (const one of command.commands) nameOwnHelp(one, `${call} ${one.name()}`);
}

/** What Commander says, and the usual reason why a command got more words than it takes. */
function usageError(text: string): string {
  return text
    .replace(/^error: /, "openclaw: ")
    .replace(
      /(Expected [1-9]\d* arguments? but got \d+)\./,
      "$1: a name of several words goes in quotes.",
    );
}

function addShortCommands(shell: Shell): void {
  const { program } = shell;
  const health = program.command("health").description("ask the gateway whether it is well");
  lazily(shell, health, async () => (await import("./commands/health.ts")).health);
  const status = program.command("status").description("figures: connections, pairing, store");
  lazily(shell, status, async () => (await import("./commands/status.ts")).status);
  const doctor = program
    .command("doctor")
    .description("what is wrong here and what to type; changes nothing");
  lazily(shell, doctor, async () => (await import("./commands/doctor/doctor.ts")).doctor);
  const audit = program
    .command("audit")
    .description("who decided what: pairing, tokens, links, secrets, configuration")
    .option("--since <age>", "only what happened in this time, such as 24h or 30d");
  lazily(shell, audit, async () => (await import("./commands/audit.ts")).audit);
  const verify = audit
    .command("verify")
    .description("follow the chain of lines and compare its end with the state");
  lazily(shell, verify, async () => (await import("./commands/audit.ts")).verify);
  const token = program.command("token").description("the shared gateway token");
  const renew = token
    .command("new")
    .description("make a new token, store its hash, and print it this once")
    .option("--revoke-derived", "also end the device tokens that the old one let in")
    .option("--force", "with it, also where that ends the last way in with full control");
  lazily(shell, renew, async () => (await import("./commands/token.ts")).newToken);
}
