import { describe, expect, test } from "vitest";
import { systemWords, whyFailed } from "../../src/lib/system-words.ts";

const coded = (code: string, message = "") => Object.assign(new Error(message), { code });

describe("a system error in words", () => {
  test.each([
    [coded("ENOENT"), "there is no such file"],
    [new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]), "nothing answers there"],
    [new Error("connect ECONNREFUSED 127.0.0.1:1"), "nothing answers there"],
  ])("%s", (error, said) => expect(systemWords(error)).toBe(said));

  test.each([[coded("CONFIG_READ")], [new Error("no code at all")], [undefined], ["toString"]])(
    "%s is none",
    (error) => expect(systemWords(error)).toBeUndefined(),
  );

  test("a rare one keeps its code", () => {
    expect(whyFailed(coded("EXDEV"))).toBe("EXDEV");
    expect(whyFailed("odd")).toBe("for an unknown reason");
  });
});
