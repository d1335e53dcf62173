import { expect, test } from "vitest";
import { readTarget } from "../../../src/cli/node-host/target.ts";
import { encodeSetupCode } from "../../../src/protocol/setup-code.ts";
import { FakeIo, openclaw } from "../support/io.ts";

test.each([
  ["https://gw.example.com/#invite=abc_-9", "wss://gw.example.com/", "abc_-9"],
  ["http://127.0.0.1:18789/#invite=x", "ws://127.0.0.1:18789/", "x"],
  ["wss://gw.example.com/path", "wss://gw.example.com/path", undefined],
  ["gw.example.com", "wss://gw.example.com/", undefined],
  ["gw.example.com:8443", "wss://gw.example.com:8443/", undefined],
  ["HTTPS://GW.example.com", "wss://gw.example.com/", undefined],
  [
    "\u200b\u2068Https://gw.example.com/#invite=abc_\u20119\u2069\r\n",
    "wss://gw.example.com/",
    "abc_-9",
  ],
  ["\u00a0gw.example.com\u200b\n", "wss://gw.example.com/", undefined],
])("%s leads to %s", (typed, url, invite) => {
  const target = readTarget(typed);
  expect(target.url.href).toBe(url);
  expect(target.invite).toBe(invite);
});

test("a link leads there by the certificate that it names", () => {
  const target = readTarget(`https://192.0.2.7/#invite=abc_-9&pin=${"ab".repeat(32)}`);
  expect(target).toMatchObject({ invite: "abc_-9", tlsFingerprint: "ab".repeat(32) });
  expect(target.url.href).toBe("wss://192.0.2.7/");
});

const payload = { url: "wss://gw.example.com:8443/openclaw", bootstrapToken: "abc_-9" };

test.each([
  ["a bare setup code", encodeSetupCode(payload), undefined],
  ["oc-pair://", `oc-pair://${encodeSetupCode(payload)}`, undefined],
  ["oc-pair:// as browsers write it", `OC-PAIR://${encodeSetupCode(payload)}/`, undefined],
  ["a code that was pasted", `\u2068${encodeSetupCode(payload)}\u2069\n`, undefined],
  [
    "a code with a certificate",
    encodeSetupCode({ ...payload, expiresAtMs: 1, tlsFingerprint: "ab" }),
    "ab",
  ],
])("%s leads where it says, by its secret", (_name, typed, tlsFingerprint) => {
  const target = readTarget(typed);
  expect(target.url.href).toBe(payload.url);
  expect(target).toMatchObject({ invite: "abc_-9", ...(tlsFingerprint && { tlsFingerprint }) });
});

test.each([
  ["a code for somewhere else", encodeSetupCode({ url: "gopher://x", bootstrapToken: "secret" })],
  ["a code with a password", encodeSetupCode({ url: "wss://a:b@gw", bootstrapToken: "secret" })],
  ["a scheme without a code", "oc-pair://eyJ1cmwiOiJ3c3M6Ly9ndyJ9"],
])("%s leads nowhere", (_name, typed) => {
  expect(() => readTarget(typed)).toThrow(expect.objectContaining({ exit: "usage" }));
});

test.each([
  ["foo", "“foo” leads to no gateway; it takes a link or setup code", "openclaw connect wss://"],
  ["eyJ1cmwiOiJ3c3M6Ly9ndyJ9", "that leads to no gateway", "openclaw connect wss://"],
  ["7F3K-Q2MN", "is the code of a request", "openclaw devices approve 7F3K-Q2MN"],
  ["oc-pair://eyJ1cmwi", "that setup code is not whole", "openclaw devices invite --role node"],
  ["https://gw.example.com/#invite=", "that link is not whole", "openclaw devices invite --role"],
])("connect %s says what it takes", async (typed, words, next) => {
  const io = new FakeIo({ HOME: "/nonexistent" });
  expect(await openclaw(`connect '${typed}'`, io)).toBe(2);
  expect(io.errors[0]).toContain(words);
  expect(io.errors.at(-1)).toContain(next);
  expect(io.errorText).not.toContain("eyJ1cmw");
});

test.each(["", "gopher://x", "https://", "https://gw/#token=x", "wss://me:secret@gw/", "a b"])(
  "%j leads nowhere, and what it holds is not repeated",
  async (typed) => {
    expect(() => readTarget(typed)).toThrow(expect.objectContaining({ exit: "usage" }));
    const io = new FakeIo({ HOME: "/nonexistent" });
    expect(await openclaw(`connect '${typed}'`, io)).toBe(2);
    expect(io.errorText).not.toMatch(/secret|token=/);
  },
);
