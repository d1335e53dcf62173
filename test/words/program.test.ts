import { describe, expect, test } from "vitest";
import { programOf } from "../../src/words/program.ts";

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";

describe("the program that a user agent names", () => {
  test.each([
    ["sample-app/2.1", "sample-app/2.1"],
    ["sample-app/2.1 (Linux; x64) node/22.1.0", "sample-app/2.1"],
    ["Python/3.12 websockets/14.1", "Python/3.12"],
    ["node", "node"],
    [`${BROWSER} Chrome/156.0.0.0 Safari/537.36`, "Chrome"],
    [`${BROWSER} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`, "Edge"],
    [`${BROWSER} HeadlessChrome/156.0.0.0 Safari/537.36`, "Chrome"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox"],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1",
      "Safari",
    ],
    [`${BROWSER} sample-app/2.1 Chrome/138.0.0.0 Electron/37.1 Safari/537.36`, "sample-app/2.1"],
  ])("of %j is %s", (userAgent, program) => {
    expect(programOf(userAgent)).toBe(program);
  });

  test.each([
    [""],
    ["()"],
    [undefined],
    [7],
    ["\u202e\u0007"],
    ["approved by the owner!"],
    [BROWSER],
  ])("of %j is not known", (userAgent) => {
    expect(programOf(userAgent)).toBeUndefined();
  });

  test("is short and clean, whatever is sent", () => {
    expect(programOf(`${"a".repeat(200)}/1.0`)).toBe(`${"a".repeat(63)}…`);
    expect(programOf(`sample-app/2.1 ${"a".repeat(10_000)}`)).toBe("sample-app/2.1");
    expect(programOf("a".repeat(10_000))).toBeUndefined();
    expect(programOf("sam\u001b[2Jple/2.1")).toBeUndefined();
    expect(programOf("(".repeat(5_000))).toBeUndefined();
  });
});
