import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { HANDED_ON, placeOf, variableSet } from "../../src/words/container.ts";

const COMPOSE = new URL("../../deploy/docker/compose.yaml", import.meta.url);

test("the variables that .env reaches are those that the compose file hands on, as they stand", async () => {
  const text = await readFile(COMPOSE, "utf8");
  const [, environment = ""] = /\n {4}environment:\n((?: {6}.*\n)+)/.exec(text) ?? [];
  const bare = [...environment.matchAll(/^ {6}(\w+):(?: \$\{\1:-lan\})?$/gm)].map(
    ([, name]) => name,
  );
  expect(bare.toSorted()).toEqual([...HANDED_ON].toSorted());
});

test("others are said to stand under environment: alone", () => {
  expect(placeOf("OPENCLAW_GATEWAY_PORT")).not.toContain(".env");
  expect(placeOf("OPENCLAW_GATEWAY_TOKEN")).not.toContain(".env");
  expect(placeOf("OPENCLAW_GATEWAY_BIND")).toContain(".env");
  expect(variableSet("A", "1", false)).not.toContain("compose");
});
