import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CodeFacts,
  namesRequestOrDevice,
  normalizeCode,
  requestCode,
  wholeCode,
} from "../../src/words/code.ts";

const hex = (length: number) =>
  fc
    .array(fc.nat(15), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(""));

const facts: fc.Arbitrary<CodeFacts> = fc.record({
  deviceId: hex(64),
  roles: fc.subarray(["operator", "node"] as const, { minLength: 1 }),
  scopes: fc.uniqueArray(fc.string({ maxLength: 12 }), { maxLength: 4 }),
  gatewayId: hex(64),
  nonce: hex(32),
});

/** Spells a code as people do: any case, O for 0, I and L for 1, dashes and spaces anywhere. */
function spelled(code: string, draws: readonly number[]): string {
  return [...code.replace("-", "")]
    .map((char, i) => {
      const draw = draws[i % draws.length] ?? 0;
      const looks =
        char === "0" ? ["0", "O", "o"] : char === "1" ? ["1", "I", "l", "L", "i"] : [char];
      const letter = looks[draw % looks.length] ?? char;
      const cased = draw % 2 === 0 ? letter : letter.toLowerCase();
      return cased + (["", " ", "-", "–", "_", ". "][draw % 6] ?? "");
    })
    .join("");
}

test("any spelling of a code normalizes to it", () => {
  const draws = fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(facts, draws, (f, d) => {
      const code = requestCode(f);
      expect(normalizeCode(spelled(code, d))).toBe(code);
      expect(wholeCode(code)).toBe(code);
    }),
  );
});

test("a code is a request id that every client accepts and that reads aloud", () => {
  fc.assert(
    fc.property(facts, (f) => {
      expect(requestCode(f)).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    }),
  );
});

test("the order of roles and scopes does not matter, anything else does", () => {
  fc.assert(
    fc.property(facts, facts, (a, b) => {
      const turned = { ...a, roles: [...a.roles].reverse(), scopes: [...a.scopes].reverse() };
      expect(requestCode(turned)).toBe(requestCode(a));
      expect(requestCode({ ...a, nonce: b.nonce }) === requestCode(a)).toBe(a.nonce === b.nonce);
      const moved = { ...a, deviceId: b.deviceId };
      expect(requestCode(moved) === requestCode(a)).toBe(a.deviceId === b.deviceId);
    }),
  );
});

test("scopes cannot be joined into others that make the same code", () => {
  const base = { deviceId: "d", roles: ["operator"] as const, gatewayId: "g", nonce: "n" };
  const one = requestCode({ ...base, scopes: ["a,b"] });
  expect(requestCode({ ...base, scopes: ["a", "b"] })).not.toBe(one);
});

test.each(["", " - ", "7F3K-Q2MNX", "7F3K-Q2M!", "‮7F3KQ2MN", "UUUU-UUUU", "7F3K\u0000Q2MN"])(
  "%j is no code",
  (typed) => {
    expect(normalizeCode(typed)).toBeUndefined();
  },
);

test("a prefix stays a prefix", () => {
  expect(normalizeCode("7f3")).toBe("7F3");
  expect(normalizeCode("7f3kq")).toBe("7F3K-Q");
  expect(wholeCode("7F3K-Q")).toBeUndefined();
});

test("a line of the log names a request or a device wherever its words break", () => {
  const lines = ["it waits:\n7F3K-Q2MN", `gone:\n${"a1".repeat(32)}`, "\t7F3K-Q2MN_"];
  for (const msg of lines) expect(namesRequestOrDevice(JSON.stringify({ msg }))).toBe(true);
  for (const msg of ["AB7F3K-Q2MN9", "7f3k-q2mn", "a door"])
    expect(namesRequestOrDevice(JSON.stringify({ msg }))).toBe(false);
});

test("a connection's id is no code, whatever its digits look like", () => {
  const conn = "7c1d0e9a-1234-4567-8f3a-0123456789ab";
  expect(namesRequestOrDevice(JSON.stringify({ conn, msg: "connection closed" }))).toBe(false);
  // Within words it may be anything, so it counts there.
  expect(namesRequestOrDevice(JSON.stringify({ msg: `gone: "${conn}"` }))).toBe(true);
  expect(namesRequestOrDevice(JSON.stringify({ conn, msg: "7F3K-Q2MN waits" }))).toBe(true);
});
