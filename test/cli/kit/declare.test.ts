import { expect, test } from "vitest";
import { build, declare, type Run } from "../../../src/cli/kit/declare.ts";

const load = <Taken, Words extends readonly unknown[] = readonly string[]>() => {
  const run: Run<Taken, Words> = async () => {};
  return async () => run;
};

const shaped = declare({
  name: "list",
  summary: "lists",
  shape: (command) =>
    command
      .argument("<path>")
      .argument("[more...]")
      .option("--limit <count>", "so many")
      .option("--all", "all"),
});

test("a command gets the options that are declared, and no others", () => {
  expect(shaped.runs(load<{ limit?: string; all?: true }>()).run).toBeDefined();
  expect(shaped.runs(load<{ limit?: string }>()).run).toBeDefined();
  expect(shaped.runs(load<unknown>()).run).toBeDefined();
  // @ts-expect-error: it is called --limit
  expect(shaped.runs(load<{ limt?: string; all?: true }>()).run).toBeDefined();
  // @ts-expect-error: its value is a text
  expect(shaped.runs(load<{ limit?: number }>()).run).toBeDefined();
});

test("a command gets the words that are declared", () => {
  expect(shaped.runs(load<unknown, [string, ...string[]]>()).run).toBeDefined();
  // @ts-expect-error: words are texts
  expect(shaped.runs(load<unknown, [number]>()).run).toBeDefined();
  const none = declare({ name: "none", summary: "takes no words" });
  // @ts-expect-error: it is given none
  expect(none.runs(load<unknown, [string]>()).run).toBeDefined();
});

test("what is declared is built, with what is below it", () => {
  const noun = declare({ name: "things", summary: "about things", under: [shaped.runs(load())] });
  const paths: string[] = [];
  const command = build(noun, { built: ({ path }) => paths.push(path.join(" ")) });
  expect(paths).toEqual(["things", "things list"]);
  expect(command.commands.map((one) => one.usage())).toEqual(["[options] <path> [more...]"]);
});
