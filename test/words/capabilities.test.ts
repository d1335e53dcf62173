import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { beyond, capabilityWords, isSensitive } from "../../src/words/capabilities.ts";
import { cutAsk } from "../../src/words/request-kinds.ts";

describe("declared capabilities in words", () => {
  test.each([
    [{}, "nothing"],
    [{ commands: ["a"] }, "command a"],
    [{ commands: ["a", "b"], caps: ["x", "y"] }, "commands a, b; abilities x, y"],
    [
      { caps: ["x"], permissions: { "screen.record": true } },
      "permission screen.record; ability x",
    ],
    [{ permissions: { "a.b": true, "c.d": true } }, "permissions a.b, c.d"],
    // One that the node does not have is nothing that it asks for.
    [{ permissions: { camera: false } }, "nothing"],
  ])("%j", (offer, words) => {
    expect(capabilityWords(offer)).toBe(words);
  });

  test("has what takes full control first, and hides nothing, whatever is claimed beside it", () => {
    const commands = ["browser.open", "camera.list", "fs.listDir", "location.get", "system.notify"];
    const all = [...commands, "system.run", "system.which"];
    expect(capabilityWords({ commands: all })).toBe(
      "commands fs.listDir, system.run, system.which, browser.open, camera.list, location.get, system.notify",
    );
  });

  test("names a name as long as it may be whole", () => {
    const name = `a${"b".repeat(limitTable.nodeCapabilityChars.value - 1)}`;
    expect(capabilityWords({ commands: [name], caps: [name] })).toBe(
      `command ${name}; ability ${name}`,
    );
  });

  test("shows no character that could act on a terminal", () => {
    expect(capabilityWords({ commands: ["\u001b[2Ja"] })).toBe("command [2Ja");
  });
});

test.each([
  ["system.run", true],
  ["system.execApprovals.set", true],
  ["system.runner", false],
  ["system.notify", false],
])("%s takes full control to approve: %s", (command, is) => {
  expect(isSensitive(command)).toBe(is);
});

test("what goes beyond: other commands, abilities, and permissions that were not granted", () => {
  const had = { commands: ["a"], caps: ["x"], permissions: { p: true, q: false } };
  const offer = { commands: ["a", "b"], caps: ["y"], permissions: { p: true, q: true, r: false } };
  expect(beyond(offer, had)).toEqual({ commands: ["b"], caps: ["y"], permissions: { q: true } });
  expect(capabilityWords(beyond(had, had))).toBe("nothing");
});

test("askChars: longer words are cut, and that is said", () => {
  const most = limitTable.askChars.value;
  const fits = "語".repeat(most);
  expect(cutAsk(fits, most)).toEqual({ words: fits, whole: true });
  const { words, whole } = cutAsk(`${fits}x`, most);
  expect([[...words].length, words.at(-1), whole]).toEqual([most, "…", false]);
});
