import { describe, expect, test } from "vitest";
import { systemWords, whyFailed } from "../../src/lib/system-words.ts";

const coded = (code: string, message = "") => Object.assign(new Error(message), { code });

describe("a system error in words", () => {
  test.each([
    [coded("ENOENT"), "there is no such file"],
    [new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]), "nothing answers there"],
    [new Error("fetch failed", { cause: coded("ECONNREFUSED") }), "nothing answers there"],
  ])("%s", (error, said) => expect(systemWords(error)).toBe(said));

  test.each([
    [coded("CONFIG_READ")],
    [new Error("no code, and none is looked for: ECONNREFUSED")],
    [undefined],
    ["toString"],
  ])("%s is none", (error) => expect(systemWords(error)).toBeUndefined());

  test("a rare one keeps its code", () => {
    expect(whyFailed(coded("EXDEV"))).toBe("EXDEV");
    expect(whyFailed("odd")).toBe("for an unknown reason");
  });
});
