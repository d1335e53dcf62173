import { describe, expect, test } from "vitest";
import { commandsInProse } from "./commands.ts";
import { sources } from "./sources.ts";

test("what people are told to type is data: no text of the source has a command in it", () => {
  const found = sources.flatMap(({ name, text }) => {
    return commandsInProse(text, name).map((piece) => `${name}:${piece.line} ${piece.text}`);
  });
  expect(found).toEqual([]);
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
