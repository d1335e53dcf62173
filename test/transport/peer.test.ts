import { describe, expect, test } from "vitest";
import { PeerReader } from "../../src/transport/peer.ts";

function read(
  address: string,
  headers: Record<string, string> = {},
  options: { unixSocket?: boolean; trust?: readonly string[] } = {},
) {
  const reader = new PeerReader();
  reader.trust(options.trust ?? []);
  const all: Record<string, string> = { host: "localhost:18789", ...headers };
  const { unixSocket = false } = options;
  return reader.read({ address, unixSocket, header: (name) => all[name] ?? "" });
}

describe("the address", () => {
  test.each<[string, string, Record<string, string>, Parameters<typeof read>[2], string]>([
    ["is the socket's own", "203.0.113.7", {}, {}, "203.0.113.7"],
    [
      "is not what a stranger claims",
      "203.0.113.7",
      { "x-forwarded-for": "1.2.3.4" },
      {},
      "203.0.113.7",
    ],
    [
      "is what a trusted proxy says",
      "10.0.0.1",
      { "x-forwarded-for": "198.51.100.9" },
      { trust: ["10.0.0.0/8"] },
      "198.51.100.9",
    ],
    [
      "is the last hop that is no proxy: the rest may be made up",
      "10.0.0.1",
      { "x-forwarded-for": "6.6.6.6, 198.51.100.9, 10.0.0.2" },
      { trust: ["10.0.0.0/8"] },
      "198.51.100.9",
    ],
    [
      "is the proxy's when the last hop is nonsense",
      "10.0.0.1",
      { "x-forwarded-for": "198.51.100.9, unknown" },
      { trust: ["10.0.0.0/8"] },
      "10.0.0.1",
    ],
    [
      "is the proxy's when only proxies are named",
      "10.0.0.1",
      { "x-forwarded-for": "10.0.0.3" },
      { trust: ["10.0.0.0/8"] },
      "10.0.0.1",
    ],
    [
      "comes from the proxy on our own Unix socket",
      "",
      { "x-forwarded-for": "198.51.100.9" },
      { unixSocket: true },
      "198.51.100.9",
    ],
    ["is empty when that one says nothing", "", {}, { unixSocket: true }, ""],
  ])("%s", (_name, address, headers, options, expected) => {
    expect(read(address, headers, options).address).toBe(expected);
  });

  test("counts as its /64 in limits", () => {
    const one = read("2001:db8:1:2::1");
    const two = read("2001:db8:1:2::2");
    expect(one.source).toBe(two.source);
    expect(one.address).not.toBe(two.address);
  });
});

describe("direct loopback", () => {
  test("is a TCP peer on loopback under a loopback Host, and nothing else", () => {
    expect(read("127.0.0.1").directLoopback).toBe(true);
    expect(read("::1", { host: "[::1]:1" }).directLoopback).toBe(true);
    expect(read("203.0.113.7").directLoopback).toBe(false);
    expect(read("127.0.0.1", { host: "claw.example" }).directLoopback).toBe(false);
    expect(read("127.0.0.1", { host: "" }).directLoopback).toBe(false);
    expect(read("127.0.0.1", {}, { unixSocket: true }).directLoopback).toBe(false);
  });

  test.each([
    "origin",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "via",
    "tailscale-user-login",
  ])("is not what came with %s", (name) => {
    expect(read("127.0.0.1", { [name]: "http://localhost" }).directLoopback).toBe(false);
  });

  test("of a page differs from that of a program by its Origin alone", () => {
    const page = read("127.0.0.1", { origin: "http://localhost:5173" });
    expect(page).toMatchObject({ directLocal: true, directLoopback: false });
    expect(read("127.0.0.1").directLocal).toBe(true);
    for (const [address, headers, options] of [
      ["203.0.113.7", {}, {}],
      ["127.0.0.1", { host: "claw.example" }, {}],
      ["127.0.0.1", { host: "" }, {}],
      ["127.0.0.1", { "x-forwarded-for": "127.0.0.1" }, {}],
      ["127.0.0.1", { via: "1.1 x" }, {}],
      ["127.0.0.1", {}, { unixSocket: true }],
      ["127.0.0.1", {}, { trust: ["127.0.0.1"] }],
    ] as const) {
      expect(read(address, headers, options).directLocal, JSON.stringify(headers)).toBe(false);
    }
  });

  test("is not what a trusted proxy forwards, whatever address it names", () => {
    const headers = { "x-forwarded-for": "127.0.0.1" };
    const peer = read("127.0.0.1", headers, { trust: ["127.0.0.1"] });
    expect(peer.directLoopback).toBe(false);
  });
});

test("a proxy counts as one from the moment it is trusted, and no longer", () => {
  const reader = new PeerReader();
  const headers: Record<string, string> = { "x-forwarded-for": "198.51.100.9" };
  const header = (name: string) => headers[name] ?? "";
  const ask = () => [
    reader.read({ address: "10.0.0.1", unixSocket: false, header }).source,
    reader.dialler("10.0.0.1"),
  ];
  expect(ask()).toEqual(["10.0.0.1", "10.0.0.1"]);
  reader.trust(["10.0.0.1"]);
  expect(ask()).toEqual(["198.51.100.9", undefined]);
  reader.trust([]);
  expect(ask()).toEqual(["10.0.0.1", "10.0.0.1"]);
  expect(reader.dialler("10.0.0.2")).toBe("10.0.0.2");
});

test("the scope cap is a list, absent without the header", () => {
  expect(read("127.0.0.1", { "x-openclaw-scopes": "a, b" }).scopeCap).toEqual(["a", "b"]);
  expect(read("127.0.0.1").scopeCap).toBeUndefined();
});
