import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { AnyCommand } from "../../src/cli/kit/declare.ts";
import { systemIo } from "../../src/cli/kit/io.ts";
import { buildProgram } from "../../src/cli/program.ts";

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
const page = await read("docs/troubleshooting.md");

/** The words behind `openclaw` in every command of a page. */
function commandsOf(text: string): string[][] {
  const found = [...text.matchAll(/`(?:sudo )?openclaw ([a-z][^`]*)`/g)];
  return found.map(([, words = ""]) => words.split(" "));
}

test.each([
  ["docs/troubleshooting.md", 16],
  ["docs/pairing.md", 10],
  ["README.md", 5],
])("every command on %s exists, with its options", async (path, atLeast) => {
  const commands = commandsOf(await read(path));
  expect(commands.length).toBeGreaterThanOrEqual(atLeast);
  const { program } = buildProgram(systemIo());
  for (const words of commands) {
    let command: AnyCommand = program;
    for (const word of words) {
      const next = command.commands.find((known) => known.name() === word);
      if (!next) break;
      command = next;
    }
    expect([words.join(" "), command === program]).toEqual([words.join(" "), false]);
    const options = words.filter((word) => word.startsWith("--"));
    const known = command.options.map(({ long }) => long);
    for (const option of options) expect([...known, "--help"]).toContain(option);
  }
});

test("every line of the tables names a command or what to do", () => {
  const rows = page.split("\n").filter((line) => /^\| .* \| .* \| .* \|$/.test(line));
  expect(rows.length).toBeGreaterThan(20);
});
