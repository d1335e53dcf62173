import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const page = await readFile(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8");

test("every line of the tables names a command or what to do", () => {
  const rows = page.split("\n").filter((line) => /^\| .* \| .* \| .* \|$/.test(line));
  expect(rows.length).toBeGreaterThan(20);
});
