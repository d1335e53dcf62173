import { describe, expect, test } from "vitest";
import {
  blockLines,
  outsideKeys,
  withBlock,
  withoutBlock,
} from "../../../../src/cli/commands/ssh/block.ts";
import type { KeyRow } from "../../../../src/cli/commands/ssh/key-row.ts";

const print = (name: string) => `SHA256:${name.repeat(43)}`;
const key = (name: string, from?: string[]): KeyRow => ({
  fingerprint: print(name),
  publicKey: `ssh-ed25519 AAAA${name}`,
  name,
  may: ["operator"],
  addedAtMs: 0,
  ...(from && { from }),
});
const SCRIPT = "/home/ann/.openclaw-gateway/ssh/answer.sh";
const OWN = "# mine\nssh-ed25519 OWN ann\n";

test("a key may run the one script, from the networks it was given", () => {
  expect(blockLines([key("a"), key("b", ["10.0.0.0/8", "::1"])], SCRIPT)).toEqual([
    `restrict,command="${SCRIPT} ${print("a")}" ssh-ed25519 AAAAa`,
    `restrict,command="${SCRIPT} ${print("b")}",from="10.0.0.0/8,::1" ssh-ed25519 AAAAb`,
  ]);
});

test.each<[string, Partial<KeyRow>]>([
  ["a second line", { publicKey: "ssh-ed25519 AAAA\nssh-ed25519 EVIL" }],
  ["a comment before a second line", { publicKey: "# x\nssh-ed25519 EVIL" }],
  ["more words", { publicKey: "ssh-ed25519 AAAA ann" }],
  ["options", { publicKey: "pty ssh-ed25519 AAAA" }],
  ["a fingerprint that ends the command", { fingerprint: 'SHA256:"; id #' }],
  ["a network that ends the option", { from: ['::1",pty,from="::1'] }],
])("a key with %s makes no line at all", (_what, more) => {
  expect(() => blockLines([{ ...key("a"), ...more }], SCRIPT)).toThrow("a key that is none");
});

describe("the block in a file", () => {
  const lines = blockLines([key("a")], SCRIPT);
  const other = blockLines([key("b")], SCRIPT);

  test.each([
    ["empty", ""],
    ["with keys of the admin's own", OWN],
    ["without a line break at its end", OWN.trimEnd()],
    ["with lines behind the block", ""],
  ])("%s: it is added once, replaced, and taken out again", (what, text) => {
    const behind = what.includes("behind") ? "ssh-rsa BEHIND\n" : "";
    const once = withBlock(text, lines) + behind;
    expect(once).toContain(lines[0]);
    expect(withBlock(once, lines)).toContain(lines[0]);
    const replaced = withBlock(once, other);
    expect(replaced).not.toContain(lines[0]);
    expect(replaced.split("openclaw-gateway: begin")).toHaveLength(2);
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    expect(withoutBlock(replaced)).toBe(text + gap + behind);
    expect(withBlock(replaced, [])).toBe(text + gap + behind);
  });

  test("a file without a block stays as it is, byte for byte", () => {
    for (const text of ["", OWN, OWN.trimEnd(), "\n\n"]) {
      expect(withoutBlock(text)).toBe(text);
      expect(withBlock(text, [])).toBe(text);
    }
  });

  test("a block whose end somebody deleted takes no line of the admin's with it", () => {
    const torn = withBlock("", lines).replace("# openclaw-gateway: end\n", "") + OWN;
    expect(withoutBlock(torn)).toBe(OWN);
  });
});

test("a key that stands outside the block as well is named: sshd takes the first line", () => {
  const text = withBlock("ssh-ed25519 AAAAa ann\n", blockLines([key("a"), key("b")], SCRIPT));
  expect(outsideKeys(text, [key("a"), key("b")]).map(({ name }) => name)).toEqual(["a"]);
  expect(outsideKeys(withBlock(OWN, blockLines([key("a")], SCRIPT)), [key("a")])).toEqual([]);
});
