import { expect, test } from "vitest";
import { deriveToken, tokenMatches } from "../../src/auth/tokens.ts";

const key = Buffer.alloc(32, 1);
const facts = { deviceId: "a".repeat(64), role: "operator", generation: 1 } as const;

test("a token is 43 characters of base64url and always the same for the same facts", () => {
  expect(deriveToken(key, facts)).toMatch(/^[\w-]{43}$/);
  expect(deriveToken(key, { ...facts })).toBe(deriveToken(key, facts));
});

test.each([
  ["another device", { ...facts, deviceId: "b".repeat(64) }],
  ["another role", { ...facts, role: "node" as const }],
  ["another generation", { ...facts, generation: 2 }],
])("the token of %s is another one", (_name, other) => {
  const token = deriveToken(key, facts);
  expect(deriveToken(key, other)).not.toBe(token);
  expect(tokenMatches(deriveToken(key, other), token)).toBe(false);
});

test("a new token key ends every token", () => {
  const another = deriveToken(Buffer.alloc(32, 2), facts);
  expect(tokenMatches(another, deriveToken(key, facts))).toBe(false);
});

test("a token matches itself, white space around it aside", () => {
  const token = deriveToken(key, facts);
  expect(tokenMatches(token, token)).toBe(true);
  expect(tokenMatches(token, ` ${token}\n`)).toBe(true);
});

test.each(["", "x", "é".repeat(43), "A".repeat(43), "x".repeat(100_000)])(
  "anything else does not match and does not throw",
  (candidate) => {
    expect(tokenMatches(deriveToken(key, facts), candidate)).toBe(false);
  },
);
