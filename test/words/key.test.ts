import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { idOfWords, keyWords } from "../../src/words/key.ts";

const byteOf = (value: number) => value.toString(16).padStart(2, "0");
const words = Array.from({ length: 256 }, (_, value) => keyWords(byteOf(value)));

/** How many letters differ: of two words of one length that is their distance, until it is 2. */
function differ(a: string, b: string): number {
  return [...a].filter((letter, at) => letter !== b[at]).length;
}

describe("the words", () => {
  test("are 256 of four letters, in order", () => {
    expect(words.filter((word) => /^[a-z]{4}$/.test(word))).toHaveLength(256);
    expect(words).toEqual([...new Set(words)].sort());
  });

  test("differ from each other in two letters at least", () => {
    const close = words.flatMap((a) => words.filter((b) => a < b && differ(a, b) < 2));
    expect(close).toEqual([]);
  });

  test("are never hexadecimal, which is another way to write a key", () => {
    expect(words.filter((word) => /^[0-9a-f]+$/.test(word))).toEqual([]);
  });

  test("stay at their places: people wrote them down", () => {
    const hash = createHash("sha256").update(words.join("")).digest("hex");
    expect(hash).toBe("e8b4b8ebf40fcd4e1e215166d13d4a7cd54b34a70aea9e239df4682a28e56d15");
  });
});

describe("a key in words", () => {
  const ID = "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889";

  test("is the first 64 bits of its id, and fits a phone", () => {
    expect(keyWords(ID)).toBe("zone-loud-drum-bulb-whip-rail-glue-unit");
    expect(keyWords(ID)).toHaveLength(39);
    expect(keyWords(ID.slice(0, 16))).toBe(keyWords(ID));
  });

  test("is found again from its words, however they were typed", () => {
    const typed = keyWords(ID);
    const ways = [typed, typed.toUpperCase(), typed.replaceAll("-", " "), ` ${typed} - `];
    expect(ways.map(idOfWords)).toEqual(ways.map(() => ID.slice(0, 16)));
    expect(idOfWords(typed.split("-").slice(0, 4).join("-"))).toBe(ID.slice(0, 8));
  });

  test.each(["", "-", "acid-bankx", "acidbank", "FE81-2C12", "face face face face", "acid bonk"])(
    "%j is no key in words",
    (typed) => expect(idOfWords(typed)).toBeUndefined(),
  );

  test("more words than a key is shown in are none", () => {
    expect(idOfWords(`${keyWords(ID)}-acid`)).toBeUndefined();
  });

  test("what is no id has none", () => {
    expect([keyWords(""), keyWords("ZZZZ"), keyWords("-")]).toEqual(["", "", ""]);
  });
});
