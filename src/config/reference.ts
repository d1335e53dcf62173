import { openclaw } from "../protocol/command.ts";
import { joined, plainText, say, type Text } from "../protocol/text.ts";
import { type ConfigPath, configPaths, specOf } from "./schema.ts";

/** The config reference as Markdown: one table, one row a key. */
export function configReference(): string {
  const head = [
    "| key | default | what it does | accepts | who sets it, when it takes effect |",
    "|---|---|---|---|---|",
  ];
  return `${[...head, ...configPaths().map(row)].join("\n")}\n`;
}

/** One key in plain text, for `--help`: a few lines, ends without a line break. */
export function describeKey(path: ConfigPath): Text {
  const { help, type, example } = specOf(path);
  const lines: Text[] = [
    path,
    say`  ${help}`,
    `  Accepts ${type.expected}. Default: ${defaultOf(path)}.`,
    `  ${sentences(path).join(" ")}`,
    say`  ${openclaw`config set ${path} ${example}`}`,
  ];
  return joined(lines, "\n");
}

function row(path: ConfigPath): string {
  const { help, type } = specOf(path);
  const who = sentences(path).join(" ");
  const cells = [`\`${path}\``, defaultCell(path), plainText(help), type.expected, who];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function defaultCell(path: ConfigPath): string {
  return specOf(path).default === undefined ? "none" : `\`${defaultOf(path)}\``;
}

function defaultOf(path: ConfigPath): string {
  const value = specOf(path).default;
  return value === undefined ? "none" : JSON.stringify(value);
}

function sentences(path: ConfigPath): string[] {
  const { hostOnly, apply, env, aliases, denies, secret, originOnly } = specOf(path);
  const facts = [hostOnly ? "Only on the host." : "Also over the network."];
  facts.push(apply === "live" ? "At once." : "At the next start.");
  if (env !== undefined) facts.push(`${env} overrides it.`);
  if (aliases !== undefined) {
    facts.push(
      `Also written ${aliases.join(", ")}${denies ? "; where both stand both count" : ""}.`,
    );
  }
  if (secret) facts.push("Never shown.");
  if (originOnly) facts.push("Shown by scheme and host alone.");
  return facts;
}
