import { describe, expect, test } from "vitest";
import { at, openclaw, shell } from "../../src/protocol/command.ts";
import {
  asCalledHere,
  commandsIn,
  joined,
  onGateway,
  partsOf,
  plainText,
  readText,
  say,
} from "../../src/protocol/text.ts";

const LIST = openclaw`devices list`;

describe("a text with commands", () => {
  test("keeps them as data, and is put together from others", () => {
    const text = say`${2} wait; ${say`see ${LIST}, or`} ${shell`df -h`}.`;
    expect(partsOf(text)).toEqual(["2 wait; see ", LIST, ", or ", shell`df -h`, "."]);
    expect(commandsIn(text)).toEqual([LIST, shell`df -h`]);
    expect(plainText(text)).toBe("2 wait; see openclaw devices list, or df -h.");
    expect(plainText(joined(["a", LIST, ""], "\n"))).toBe("a\nopenclaw devices list\n");
    expect(say`no command`).toBe("no command");
    expect(say`${LIST}`).toEqual(LIST);
    expect(say``).toBe("");
  });

  test("leaves the gateway with its own name for the command line, where it works there", () => {
    const text = say`${onGateway(openclaw`token new`)}, here ${LIST}`;
    const sent = asCalledHere(text, "docker exec gw openclaw");
    expect(plainText(sent)).toBe(
      "on the gateway host: docker exec gw openclaw token new, here openclaw devices list",
    );
    // What is here for the reader is called as the reader calls it.
    expect(plainText(sent, { here: "node x.js", gateway: "y" })).toBe(
      "on the gateway host: docker exec gw openclaw token new, here node x.js devices list",
    );
  });
});

describe("a text from the wire", () => {
  test("is the one that was sent", () => {
    const text = say`look: ${at("gateway", { ...LIST, root: true, env: { A: "b" } })} now`;
    expect(readText(JSON.parse(JSON.stringify(partsOf(text))))).toEqual(partsOf(text));
  });

  test.each([
    ["a string", "look"],
    ["a command alone", LIST],
    ["nothing", undefined],
    ["numbers", [1]],
    ["a list in a list", [["a"]]],
    ["a command without words", [{ program: "x", at: "here" }]],
    ["words that are none", [{ program: "x", at: "here", words: [1] }]],
    ["an unknown place", [{ program: "x", at: "moon", words: [] }]],
    ["root that is no mark", [{ program: "x", at: "here", words: [], root: "yes" }]],
    ["variables that are no texts", [{ program: "x", at: "here", words: [], env: { A: 1 } }]],
    ["too many parts", Array.from({ length: 33 }, () => "a")],
    [
      "too many words",
      [{ program: "x", at: "here", words: Array.from({ length: 65 }, () => "a") }],
    ],
  ])("is none of ours: %s", (_what, value) => {
    expect(readText(value)).toBeUndefined();
  });
});
