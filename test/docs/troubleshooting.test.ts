import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { systemIo } from "../../src/cli/kit/io.ts";
import { buildProgram } from "../../src/cli/program.ts";

const page = await readFile(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8");

/** The words behind `openclaw` in every command of the page. */
const commands = [...page.matchAll(/`(?:sudo )?openclaw ([a-z][^`]*)`/g)].map(([, words = ""]) =>
  words.split(" "),
);

test("every command on the page exists, with its options", () => {
  expect(commands.length).toBeGreaterThan(15);
  const { program } = buildProgram(systemIo());
  for (const words of commands) {
    let command = program;
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
