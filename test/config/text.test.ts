import fc from "fast-check";
import { expect, it } from "vitest";
import { ConfigError, formatIssue } from "../../src/config/errors.ts";
import { clean, describeFound, showPath } from "../../src/config/hide.ts";
import { configReference, describeKey } from "../../src/config/reference.ts";
import { configPaths } from "../../src/config/schema.ts";
import { diffTexts } from "../../src/config/text-diff.ts";
import { shellWord } from "../../src/lib/shell-word.ts";
import { plainText } from "../../src/protocol/text.ts";

it("cleans text for terminals", () => {
  expect(clean("a\u001b[31m\u202Eb\u200B\u2028\u0007c")).toBe("a[31mb c");
  expect(clean("🦞".repeat(100), 3)).toBe("🦞🦞…");
  expect(describeFound(["a", 1, null, {}], false)).toBe('["a", 1, null, …]');
  expect(describeFound(12345, true)).toBe("a number (hidden)");
  expect(showPath(["a", "b c", "d"])).toBe('a["b c"].d');
});

it("quotes paths for the shell", () => {
  expect(shellWord("/etc/g.json")).toBe("/etc/g.json");
  expect(shellWord("/it's here")).toBe("'/it'\\''s here'");
});

it("formats issues without a place, and carries the cause of errors", () => {
  const issue = { code: "CONFIG_VALUE", path: "a", message: "bad", next: "do this" } as const;
  expect(formatIssue(issue, "f")).toBe("f: bad\n  next: do this");
  const error = new ConfigError("CONFIG_READ", "no", { next: "ls", cause: issue });
  expect(error).toMatchObject({ name: "ConfigError", cause: issue, issues: [] });
});

it("shows what changed with its surroundings", () => {
  const text = (names: string[]) => names.map((name) => `// ${name}\n`).join("");
  const before = text(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
  const after = text(["a", "b", "c", "D", "e", "f", "g", "h", "i", "j", "k"]);
  expect(diffTexts(before, after).split("\n")).toEqual([
    "@@ -2,5 +2,5 @@",
    ...[" // b", " // c", "-// d", "+// D", " // e", " // f"],
    "@@ -9,2 +9,3 @@",
    ...[" // i", " // j", "+// k", ""],
  ]);
  expect(diffTexts(before, before)).toBe("");
  expect(diffTexts("// a\n", "// a\r\n")).toBe("");
  expect(diffTexts("", "{\n}\n")).toBe("@@ -0,0 +1,2 @@\n+{\n+}\n");
  expect(diffTexts("{\n}\n", "")).toBe("@@ -1,2 +0,0 @@\n-{\n-}\n");
});

it("shows that a secret changed, and neither of the two", () => {
  const text = (token: string) => `{\n  "gateway": { "auth": { "token": "${token}" } }\n}\n`;
  const line = '  "gateway": { "auth": { "token": "(hidden)" } }';
  expect(diffTexts(text("tok-old-1"), text("tok-new-2")).split("\n")).toEqual([
    "@@ -1,3 +1,3 @@",
    ...[" {", `-${line}`, `+${line}`, " }", ""],
  ]);
});

/** Applies a diff whose context is checked line by line. */
function patch(before: string[], diff: string): string[] {
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(0, -1)) {
    const hunk = /^@@ -(\d+),/.exec(line);
    if (hunk) {
      while (at < Number(hunk[1]) - 1) out.push(before[at++] ?? "");
      continue;
    }
    if (line[0] !== "+") expect(before[at++]).toBe(line.slice(1));
    if (line[0] !== "-") out.push(line.slice(1));
  }
  return [...out, ...before.slice(at)];
}

it("is a correct patch", () => {
  const lines = fc.array(fc.constantFrom("// a", "// b", "// c", ""), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const [before, after] = [
        [...a, "// end"],
        [...b, "// end"],
      ];
      expect(patch(before, diffTexts(before.join("\n"), after.join("\n")))).toEqual(after);
    }),
  );
});

it("does not look for what two large texts have in common, which would take minutes", () => {
  const common = "// in both";
  const texts = (length: number) =>
    ["a", "b"].map((name) => {
      const half = Array.from({ length: length / 2 }, (_, n) => `// ${name}${n}`).join("\n");
      return `${half}\n${common}\n${half}`;
    }) as [string, string];
  const all = diffTexts(...texts(20_000)).split("\n");
  expect(all).toHaveLength(40_004);
  expect(all.filter((line) => line.endsWith(common))).toEqual([`-${common}`, `+${common}`]);
  // Where it is affordable it does.
  expect(diffTexts(...texts(20)).split("\n")).toContain(` ${common}`);
});

it("makes a reference row and a help text for every key", () => {
  const rows = configReference().trimEnd().split("\n");
  expect(rows).toHaveLength(configPaths().length + 2);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  expect(plainText(describeKey("gateway.port")).split("\n")).toEqual([
    "gateway.port",
    "  TCP port to listen on; 0 takes any free port.",
    "  Accepts a whole number from 0 to 65535. Default: 18789.",
    "  Only on the host. At the next start. OPENCLAW_GATEWAY_PORT overrides it.",
    "  openclaw config set gateway.port 18789",
  ]);
});
