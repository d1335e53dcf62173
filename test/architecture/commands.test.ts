// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the cases are texts of source
import { describe, expect, test } from "vitest";
import { type CommandTree, treeOf } from "../../src/cli/kit/declare.ts";
import { commandLine } from "../../src/cli/program.ts";
import { type CommandTemplate, commandsInProse, ownCommands } from "./commands.ts";
import { sources } from "./sources.ts";

test("what people are told to type is data: no text of the source has a command in it", () => {
  const found = sources.flatMap(({ name, text }) => {
    return commandsInProse(text, name).map((piece) => `${name}:${piece.line} ${piece.text}`);
  });
  expect(found).toEqual([]);
});

/** Why the command line does not have this command. */
function problemOf(words: CommandTemplate["words"], tree: CommandTree): string | undefined {
  const root = tree.get("");
  let at = root;
  const path: string[] = [];
  for (const word of words) {
    // What is filled in may be a command as well as its argument.
    if (word === undefined && (at?.declaration.under ?? []).length > 0) return undefined;
    const below = word === undefined ? undefined : tree.get([...path, word].join(" "));
    if (!below) break;
    path.push(word ?? "");
    at = below;
  }
  const [next] = words.slice(path.length);
  const takesWords = (at?.command.registeredArguments.length ?? 0) > 0;
  if (next !== undefined && !next.startsWith("-") && !takesWords) return `no command ${next}`;
  const options = [...(at?.command.options ?? []), ...(root?.command.options ?? [])];
  const known = ["--help", ...options.flatMap(({ long, short }) => [long, short])];
  return words.slice(path.length).find((word) => {
    return word?.startsWith("-") && word !== "-" && !known.includes(word);
  });
}

test("every command that a text tells to type is declared, with its options", () => {
  const tree = treeOf(commandLine);
  const all = sources.flatMap(({ name, text }) => {
    return ownCommands(text, name).map((command) => ({ ...command, name }));
  });
  expect(all.length).toBeGreaterThan(50);
  const wrong = all.flatMap(({ name, line, words }) => {
    const problem = problemOf(words, tree);
    return problem === undefined ? [] : [`${name}:${line} ${words.join(" ")}: ${problem}`];
  });
  expect(wrong).toEqual([]);
  expect(problemOf(["devices", "lst"], tree)).toBe("no command lst");
  expect(problemOf(["devices", "list", "--stal"], tree)).toBe("--stal");
  expect(problemOf(["devices", "list", undefined], tree)).toBeUndefined();
});

describe("the rule", () => {
  test.each([
    ["our own in quotes", 'const a = "next: openclaw devices list";'],
    ["our own in a template", "const a = `${x}: openclaw devices show ${y}`;"],
    ["its help", 'const a = "openclaw --help";'],
    ["another program's", 'const a = { next: "systemctl start x" };'],
    ["within a sentence", 'const a = "look: ls -ld /x";'],
    ["in a hole of a command", "const a = openclaw`devices ${`see openclaw devices list`}`;"],
  ])("finds %s", (_what, text) => {
    expect(commandsInProse(text)).toHaveLength(1);
  });

  test.each([
    ["a command as data", "const a = say`next: ${openclaw`devices list`}, ${shell`df -h`}`;"],
    ["a name", 'const a = `openclaw on ${host}`, b = "openclaw: refused";'],
    ["prose", 'const a = "the docker engine", b = "its ssh key";'],
    ["a comment", "// openclaw devices list\nconst a = 1;"],
  ])("leaves %s", (_what, text) => {
    expect(commandsInProse(text)).toEqual([]);
  });
});
