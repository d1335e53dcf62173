import { say, type Text } from "../protocol/text.ts";
import { completed } from "./kit/action.ts";
import { treeOf } from "./kit/declare.ts";
import { exitCodes } from "./kit/exit.ts";
import type { Io } from "./kit/io.ts";
import { buildProgram, commandLine, UsageError } from "./program.ts";

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(typed: readonly string[], io: Io): Promise<number> {
  // The words behind it are those of a command that is still being typed.
  if (typed[0] === "complete") return offered(typed.slice(1), io);
  const words = withDashes(typed, io);
  const argv = asksForHelp(words) ? await helpLine(words, io) : words;
  try {
    const { program, outcome } = buildProgram(io, await helpFor(argv));
    const { operands, unknown } = program.parseOptions([...argv]);
    const known = program.commands.find((command) => command.name() === operands[0]);
    const second = known?.commands.find((command) => command.name() === operands[1]);
    if (operands.length > 0 && !second && !(known && known.commands.length === 0)) {
      const { refuseForeignWords } = await import("./commands/foreign-words.ts");
      if (!asksForHelp(argv)) refuseForeignWords(operands, io.env);
    }
    if (operands[0] === "gateway" && second && hasOthers(second, unknown)) {
      const { refuseForeignOptions } = await import("./commands/foreign-options.ts");
      if (!asksForHelp(argv)) refuseForeignOptions(operands, unknown);
    }
    if (operands.length > 0 || unknown.length > 0) {
      await program.parseAsync([...argv], { from: "user" });
      return outcome.exit;
    }
    const { overview } = await import("./commands/overview.ts");
    await overview({ io, options: program.opts() }).catch((error: unknown) => {
      throw completed(error, [], []);
    });
    return exitCodes.ok.code;
  } catch (error) {
    if (error instanceof UsageError) return notUnderstood(error, io);
    return failed(error, argv, io);
  }
}

/** Two hyphens as phones and messengers write them: an em dash, or an en dash for each or for both. */
const DASHED = /^(?:\u2014|\u2013{1,2})([a-z][a-z-]*)(=.*)?$/s;

/** The words, with a dash before the name of an option of the command as the two hyphens that it was. */
function withDashes(typed: readonly string[], io: Io): readonly string[] {
  if (!typed.some((word) => DASHED.test(word))) return typed;
  const { program } = buildProgram(io);
  const { operands } = program.parseOptions([...typed]);
  const noun = program.commands.find((command) => command.name() === operands[0]);
  const verb = noun?.commands.find((command) => command.name() === operands[1]);
  const known = [program, noun, verb].flatMap((command) => command?.options ?? []);
  const end = typed.indexOf("--");
  return typed.map((word, at) => {
    const [, name, value = ""] = DASHED.exec(word) ?? [];
    const isOption = name === "help" || known.some(({ long }) => long === `--${name}`);
    return name !== undefined && isOption && (end < 0 || at < end) ? `--${name}${value}` : word;
  });
}

interface HasOptions {
  readonly options: readonly { readonly long?: string | undefined }[];
}

/** Whether one of the words is an option, and none of `command`'s own. */
function hasOthers({ options }: HasOptions, words: readonly string[]): boolean {
  return words.some((word) => {
    const [name = ""] = word.split("=");
    return name.startsWith("-") && !options.some(({ long }) => long === name);
  });
}

async function offered(words: readonly string[], io: Io): Promise<number> {
  const { complete } = await import("./commands/completion/answer.ts");
  await complete({ io, options: {} }, treeOf(commandLine), words);
  return exitCodes.ok.code;
}

/** What Commander puts before each of its messages. */
const ERROR = "error: ";

function notUnderstood({ what, next, tooManyWords }: UsageError, io: Io): number {
  if (what.exitCode === 0) return exitCodes.ok.code;
  // The help that a noun alone asks for was printed.
  if (what.code !== "commander.help") {
    const words = what.message.slice(ERROR.length);
    io.err(`openclaw: ${words}${tooManyWords ? " A name of several words goes in quotes." : ""}`);
    io.err(say`  next: ${next}`);
  }
  return exitCodes.usage.code;
}

async function failed(error: unknown, argv: readonly string[], io: Io): Promise<number> {
  const { explainFailure, failureLines } = await import("./kit/failures.ts");
  for (const line of failureLines(error, argv.includes("--verbose"))) io.err(line);
  return exitCodes[explainFailure(error).exit].code;
}

function asksForHelp(argv: readonly string[]): boolean {
  return argv.some((word) => word === "--help" || word === "-h" || word === "help");
}

async function helpLine(typed: readonly string[], io: Io): Promise<readonly string[]> {
  const { asHelpOption } = await import("./kit/help-words.ts");
  // The words without the options of every command and their values.
  const { operands, unknown } = buildProgram(io).program.parseOptions([...typed]);
  return asHelpOption(commandLine, { operands, options: unknown }) ?? typed;
}

/** Help that takes more than the names of commands to write. */
async function helpFor(argv: readonly string[]): Promise<{ configKeys?: Text }> {
  if (!asksForHelp(argv) || !argv.includes("config")) return {};
  const { configKeys } = await import("./commands/config/keys.ts");
  return { configKeys: await configKeys() };
}
