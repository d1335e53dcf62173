import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyReader } from "../../../../src/cli/commands/watch/keys.ts";

const read = (...chunks: string[]) => {
  const reader = new KeyReader();
  return [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.rest()];
};

describe("keys", () => {
  test.each<[string, string[], string[]]>([
    ["letters", ["jka"], ["j", "k", "a"]],
    ["arrows, in both modes of terminals", ["\u001b[A\u001bOB"], ["up", "down"]],
    ["a sequence in pieces", ["\u001b", "[", "B"], ["down"]],
    ["Escape alone", ["\u001b"], ["escape"]],
    ["Escape twice", ["\u001b\u001b"], ["escape", "escape"]],
    ["Escape before an arrow", ["\u001b\u001b[A"], ["escape", "up"]],
    ["Enter, Backspace, Space", ["\r\u007f "], ["enter", "back", "page-down"]],
    ["control keys", ["\u0003\u001a\u000c"], ["ctrl-c", "ctrl-z", "ctrl-l"]],
    ["keys that mean nothing here", ["\u001b[15~\u001b[1;5A\u001bx\u0001a"], ["a"]],
    ["wide characters", ["手a"], ["手", "a"]],
    ["a paste is no key", ["\u001b[200~\ra\u001b[201~k"], ["k"]],
    ["a paste in pieces", ["\u001b[20", "0~\ra", "a\u001b[2", "01~", "k"], ["k"]],
    ["a paste that never ends", ["\u001b[200~aaaa"], []],
  ])("%s", (_title, chunks, keys) => expect(read(...chunks)).toEqual(keys));

  test("however a terminal cuts what it sends, the keys are the same", () => {
    const piece = fc.constantFrom(
      "j",
      "\r",
      "\u001b[A",
      "\u001b[6~",
      "\u001bOB",
      "手",
      "\u001b[200~a\u001b[201~",
    );
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(40)), (pieces, cuts) => {
        const text = pieces.join("");
        const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b)];
        const chunks = at.map((from, i) => text.slice(from, at[i + 1] ?? text.length));
        // An empty rest between chunks would read a cut Escape as the key: nothing waits that long.
        expect(read(...chunks)).toEqual(read(text));
      }),
    );
  });

  test("nothing of an endless paste is kept", () => {
    const reader = new KeyReader();
    reader.read("\u001b[200~");
    for (let i = 0; i < 100; i += 1) reader.read("a".repeat(1000));
    expect(reader.waits).toBe(false);
    expect(reader.read("\u001b[201~q")).toEqual(["q"]);
  });
});
