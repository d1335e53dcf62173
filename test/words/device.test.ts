import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { deviceName, quoted, quotedName, scopesInWords } from "../../src/words/device.ts";

const deviceId = "ab".repeat(32);

describe("a name in a sentence", () => {
  test.each([
    ["Anna's phone", "“Anna's phone”"],
    ["x” (browser) from 10.0.0.1 asks for “less", '“x" (browser) from 10.0.0.1 asks for "less”'],
    ["", "“device abababababab”"],
    ["\u001b[2J\u202eattic", "“[2Jattic”"],
  ])("%j stands in marks that nothing in it ends", (displayName, words) => {
    expect(quotedName({ deviceId, displayName })).toBe(words);
  });

  test("is the owner's own, where there is one", () => {
    expect(quotedName({ deviceId, displayName: "x", operatorLabel: "Mum" })).toBe("“Mum”");
  });

  test("any text can be quoted", () => {
    expect(quoted("“a”")).toBe('“"a"”');
  });
});

describe("a device that gave no name", () => {
  test.each([
    [{ program: "sample-app/2.1", platform: "linux" }, "sample-app/2.1 on Linux"],
    [{ program: "sample-app/2.1", platform: "darwin" }, "sample-app/2.1 on macOS"],
    [{ program: "sample-app/2.1", platform: "win32" }, "sample-app/2.1 on Windows"],
    [{ program: "Chrome", platform: "Linux x86_64" }, "Chrome on Linux x86_64"],
    [{ program: "Chrome", platform: "web", deviceFamily: "Mac" }, "Chrome on Mac"],
    [{ program: "sample-app/2.1" }, "sample-app/2.1"],
    // Paired before the program was kept.
    [{ clientId: "cli", platform: "linux" }, "command line on Linux"],
    [{ clientId: "some-client" }, "some-client"],
    [{ platform: "linux" }, "device abababababab"],
    [{ program: "\u001b[2J\u202eevil/1", platform: "\u0007li\u200bnux" }, "[2Jevil/1 on Linux"],
  ])("%j is named by its program: %s", (words, name) => {
    expect(deviceName({ deviceId, ...words })).toBe(name);
  });
});

test("a scope as long as one may be is named whole", () => {
  const long = "plugin.".padEnd(limitTable.scopeChars.value, "x");
  expect(scopesInWords([long])).toBe(long);
});
