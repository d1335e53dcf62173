import { expect, test } from "vitest";
import { readTarget } from "../../../src/cli/node-host/target.ts";
import { FakeIo, openclaw } from "../support/io.ts";

test.each([
  ["https://gw.example.com/#invite=abc_-9", "wss://gw.example.com/", "abc_-9"],
  ["http://127.0.0.1:18789/#invite=x", "ws://127.0.0.1:18789/", "x"],
  ["wss://gw.example.com/path", "wss://gw.example.com/path", undefined],
  ["gw.example.com", "wss://gw.example.com/", undefined],
  ["gw.example.com:8443", "wss://gw.example.com:8443/", undefined],
  ["HTTPS://GW.example.com", "wss://gw.example.com/", undefined],
])("%s leads to %s", (typed, url, invite) => {
  const target = readTarget(typed);
  expect(target.url.href).toBe(url);
  expect(target.invite).toBe(invite);
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
