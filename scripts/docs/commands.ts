import type { DeclaredCommand } from "../../src/cli/kit/declare.ts";
import { treeOf } from "../../src/cli/kit/declare.ts";
import { exitCodes } from "../../src/cli/kit/exit.ts";
import { commandLine } from "../../src/cli/program.ts";
import { commandText, OPENCLAW } from "../../src/protocol/command.ts";
import { plainText } from "../../src/protocol/text.ts";

const INTRO = `\`openclaw\` alone tells the state of the gateway, who waits, and the next command.

On the gateway's machine the commands talk over a Unix socket that file permissions guard: they never pair and never need a token. With the gateway stopped, \`devices\`, \`nodes\` and \`config\` work on its state. From elsewhere: \`openclaw --url wss://gateway.example.com --token - devices list\`, which reads the token from standard input, so that no process list shows it.

The last device with full control can't be removed, revoked or narrowed without \`--force\`; neither can it end with \`token new --revoke-derived\`. On the gateway's machine you always get in again: \`openclaw devices invite --scopes owner\`.

A code may be typed in any case, and as phones and messengers send it (a line break behind it, no-break blanks and hyphens, invisible characters, digits of other scripts); the start of an id, the words of its key or a name will do where only one fits (a name is shown and asked about before it lets in or removes a device). Every command takes \`--json\`, and its exit code tells what happened.

On a terminal lines wrap at its width (\`COLUMNS\` makes it less), commands and codes stay in one piece, and a table that would not fit becomes blocks; in a pipe nothing is wrapped. \`openclaw completion\` prints what a shell needs to complete all of this, codes and devices included.`;

/** The page of the command line, from the declarations that its help follows from as well. */
export function commandPage(): string {
  const all = [...treeOf(commandLine).values()].filter(isShown);
  const [root, ...rest] = all;
  if (!root) throw new Error("the command line declares nothing");
  const parts = [
    "# Commands",
    "<!-- Made by `npm run docs` from the declarations in src/cli; a test keeps it true. -->",
    INTRO,
    overview(rest),
    "## Options of every command",
    optionTable(root),
    "## Exit codes",
    table(
      ["code", "what it means"],
      Object.values(exitCodes).map(({ code, means }) => [`${code}`, means]),
    ),
    ...rest.map(section),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Neither a command for the program's own use nor one below it. */
function isShown({ declaration }: DeclaredCommand): boolean {
  return declaration.hidden !== true;
}

function overview(rest: readonly DeclaredCommand[]): string {
  const rows = rest
    .filter(({ path }) => path.length === 1)
    .map(({ path: [name = ""], declaration: { summary, under = [] } }) => {
      const verbs = under
        .filter(({ hidden }) => hidden !== true)
        .map(({ name: verb }) => {
          return `[${verb}](#${anchor([name, verb])})`;
        });
      return [`[\`${name}\`](#${anchor([name])})`, summary, verbs.join(", ")];
    });
  return table(["command", "what it is about", "below it"], rows);
}

function anchor(path: readonly string[]): string {
  return [OPENCLAW, ...path].join("-");
}

function section({ path, declaration, command }: DeclaredCommand): string {
  const level = path.length === 1 ? "##" : "###";
  const { summary, about, examples = [] } = declaration;
  const words = [OPENCLAW, ...path];
  const runs = declaration.run !== undefined;
  const args = command.registeredArguments.map((arg) => {
    const name = `${arg.name()}${arg.variadic ? "..." : ""}`;
    return arg.required ? `<${name}>` : `[${name}]`;
  });
  const usage = [...words, ...args, ...(command.options.length > 0 ? ["[options]"] : [])];
  return [
    `${level} ${words.join(" ")}`,
    `${capital(summary)}.`,
    ...(runs ? [fenced([usage.join(" ")])] : []),
    ...(command.options.length > 0 ? [optionTable({ path, declaration, command })] : []),
    ...(about === undefined ? [] : [fenced(plainText(about).split("\n"))]),
    ...(examples.length > 0 ? [fenced(examples.map(example))] : []),
  ].join("\n\n");
}

function example({
  what,
  type,
}: {
  what: string;
  type: Parameters<typeof commandText>[0];
}): string {
  return `${commandText(type)}   # ${what}`;
}

function optionTable({ command }: DeclaredCommand): string {
  const rows = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description }) => [`\`${flags}\``, description]);
  return table(["option", "what it does"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => {
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  };
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

function fenced(lines: readonly string[]): string {
  return ["```", ...lines, "```"].join("\n");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
