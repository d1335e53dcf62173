import { describe, expect, test } from "vitest";
import { withoutSaid } from "../../src/lib/log-line.ts";

const line = (facts: object) => `${JSON.stringify(facts)}\n`;
const next = "openclaw devices list";

describe("a line of the log for a terminal", () => {
  test("leaves a fact out that its message tells", () => {
    const told = { level: 30, msg: `one waits: ${next}` };
    expect(withoutSaid(line({ ...told, next }), ["next"])).toBe(line(told));
  });

  test.each([
    ["a fact that it does not tell", { level: 30, next, msg: "one waits" }],
    ["another fact", { level: 30, other: next, msg: `one waits: ${next}` }],
    ["a line without a message", { level: 30, next }],
  ])("keeps %s", (_what, facts) => {
    expect(withoutSaid(line(facts), ["next"])).toBe(line(facts));
  });
});
