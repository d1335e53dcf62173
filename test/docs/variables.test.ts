import { expect, test } from "vitest";
import { variables } from "../../scripts/docs/variables.ts";
import { sources } from "../architecture/sources.ts";

/** What the build sets, and what stands in texts that other programs compare. */
const NONE = ["OPENCLAW_VERSION", "OPENCLAW_REDACTED__"];

test("every variable that the source names stands on the page, and no other", () => {
  const named = sources.flatMap(({ text }) => text.match(/OPENCLAW_[A-Z_]+/g) ?? []);
  const read = [...new Set(named)].filter((name) => !NONE.includes(name));
  expect(Object.keys(variables).sort()).toEqual(read.sort());
});
