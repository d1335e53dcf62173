import { expect, test } from "vitest";
import { cameAgain, keyUse, type NodePlace } from "../../src/nodes/sharing.ts";

const at = (source: string, name?: string, instanceId?: string): NodePlace => ({
  source,
  name,
  instanceId,
});

test.each<[string, NodePlace, NodePlace, boolean, string | undefined, string]>([
  ["nothing differs", at("a", "x"), at("a", "x"), true, undefined, "programs"],
  ["another run", at("a", "x", "1"), at("a", "x", "2"), false, "programs", "programs"],
  ["the same run", at("a", "x", "1"), at("a", "x", "1"), true, undefined, "programs"],
  ["the same run, moved", at("a", "x", "1"), at("b", "x", "1"), true, undefined, "machines"],
  ["another run elsewhere", at("a", "x", "1"), at("b", "x", "2"), false, "machines", "machines"],
  ["elsewhere", at("a", "x"), at("b", "x"), false, "machines", "machines"],
  ["elsewhere, one run is named", at("a", "x"), at("b", "x", "2"), false, "machines", "machines"],
  ["another name", at("a", "x", "1"), at("a", "y", "1"), false, "machines", "machines"],
  ["no names", at("a"), at("a"), true, undefined, "programs"],
])("%s", (_what, older, newer, again, soon, settled) => {
  expect(cameAgain(older, newer)).toBe(again);
  expect(keyUse(older, newer, false)).toBe(soon);
  expect(keyUse(older, newer, true)).toBe(settled);
});
