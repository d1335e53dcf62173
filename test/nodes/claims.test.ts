import { describe, expect, test } from "vitest";
import { limitTable, limitValues } from "../../src/limits/table.ts";
import {
  allowedClaims,
  coversCapabilities,
  intersect,
  readClaims,
} from "../../src/nodes/claims.ts";
import { platformOf, policyProblem } from "../../src/nodes/policy.ts";
import { capabilitiesKey } from "../../src/requests/node-rules.ts";
import type { Capabilities } from "../../src/requests/records.ts";

const limits = limitValues();
const none = { allow: [], deny: [] };

function capabilities(commands: string[], caps: string[] = [], permissions = {}): Capabilities {
  return { commands, caps, permissions };
}

describe("what a node claims", () => {
  test("is taken sorted and without repeats; what is no name is left out", () => {
    const hostile = ["b.c", "a", "a", " d ", "", "x y", "-rf", "\u202eabc", "$(id)", 7, null];
    expect(readClaims({ commands: hostile, caps: "no", permissions: [] }, limits)).toEqual(
      capabilities(["a", "b.c", "d"]),
    );
  });

  test("nodeCapabilityItems: the rest, by name, is left out", () => {
    const most = limitTable.nodeCapabilityItems.value;
    const many = Array.from({ length: most + 2 }, (_, i) => `c${String(i).padStart(6, "0")}`);
    const { commands } = readClaims({ commands: many }, limits);
    expect(commands).toEqual(many.slice(0, most));
  });

  test("nodeCapabilityChars: a longer name is left out", () => {
    const most = limitTable.nodeCapabilityChars.value;
    const fits = "c".repeat(most);
    expect(readClaims({ caps: [fits, `${fits}c`] }, limits).caps).toEqual([fits]);
  });

  test("permissions are yes or no, and __proto__ is no name", () => {
    const permissions = JSON.parse('{"b":true,"a":false,"c":1,"__proto__":true}');
    const read = readClaims({ permissions }, limits);
    expect(Object.entries(read.permissions)).toEqual([
      ["a", false],
      ["b", true],
    ]);
  });
});

test.each([
  [{ platform: "linux" }, "linux"],
  [{ platform: "Linux x86_64" }, "linux"],
  [{ platform: "darwin" }, "macos"],
  [{ platform: "macOS 15.1" }, "macos"],
  [{ platform: "win32" }, "windows"],
  [{ platform: "iOS 18.4.0" }, "ios"],
  [{ platform: "plan9", deviceFamily: "iPhone" }, "ios"],
  [{ platform: "watchOS" }, "watchos"],
  [{ platform: "android 15" }, "android"],
  [{ platform: "haiku" }, "unknown"],
  [{}, "unknown"],
])("the platform of %j is %s", (node, platform) => {
  expect(platformOf(node)).toBe(platform);
});

test.each([
  ["system.run", "linux", none, undefined],
  ["system.run", "ios", none, "platform"],
  ["camera.snap", "ios", none, "commands.allow"],
  ["camera.snap", "ios", { allow: ["camera.snap"], deny: [] }, undefined],
  ["camera.snap", "ios", { allow: ["camera.snap"], deny: ["camera.snap"] }, "commands.deny"],
  ["system.run", "linux", { allow: [], deny: ["system.run"] }, "commands.deny"],
  ["own.command", "linux", { allow: ["own.command"], deny: [] }, undefined],
  ["own.command", "linux", none, "platform"],
])("%s on %s with %j: %s", (command, platform, policy, problem) => {
  const said = policyProblem(command, { platform, caps: [] }, policy);
  if (problem === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(problem);
});

test("push to talk is for nodes that say they can talk", () => {
  const node = (caps: string[]) => ({ platform: "linux", caps });
  expect(policyProblem("talk.ptt.start", node(["talk"]), none)).toBeUndefined();
  expect(policyProblem("talk.ptt.start", node([]), none)).toBeDefined();
});

test("commands outside the allow-list are dropped from what is asked for", () => {
  const text = { clientId: "node-host", clientMode: "node", platform: "linux" };
  const claims = capabilities(["camera.snap", "system.run"], ["camera"]);
  expect(allowedClaims(claims, text, none)).toEqual(capabilities(["system.run"], ["camera"]));
});

test.each([
  [capabilities(["a", "b"], ["x"]), capabilities(["a"], ["x"]), true],
  [capabilities(["a"]), capabilities(["a", "b"]), false],
  [capabilities(["a"], []), capabilities(["a"], ["x"]), false],
  [capabilities([], [], { p: true }), capabilities([], [], { p: true }), true],
  [capabilities([], [], { p: true }), capabilities([], [], { p: false }), true],
  [capabilities([], [], { p: false }), capabilities([], [], { p: true }), false],
  [capabilities([]), capabilities([], [], { p: true }), false],
  [capabilities([]), capabilities([], [], { p: false }), true],
])("what was approved as %j covers %j: %s", (approved, wanted, covered) => {
  expect(coversCapabilities(approved, wanted)).toBe(covered);
});

test("a node may do what it claims and was granted, and nothing else", () => {
  const approved = capabilities(["a", "b"], ["x"], { p: true });
  const claims = capabilities(["b", "c"], ["x", "y"], { p: true, q: true });
  expect(intersect(approved, claims)).toEqual(capabilities(["b"], ["x"], { p: true, q: false }));
  expect(intersect(undefined, claims)).toEqual(capabilities([]));
});

test("the order of permissions makes no other capabilities", () => {
  const one = capabilities(["a"], [], { p: true, q: false });
  const two = capabilities(["a"], [], { q: false, p: true });
  expect(capabilitiesKey(one)).toBe(capabilitiesKey(two));
  expect(capabilitiesKey(one)).not.toBe(
    capabilitiesKey(capabilities(["a"], [], { p: true, q: true })),
  );
});
