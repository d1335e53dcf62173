import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const lib = fileURLToPath(new URL("../../deploy/install/lib/address.sh", import.meta.url));

const ask = (lines: readonly string[]) =>
  execFileSync("sh", ["-euc", [`. '${lib}'`, ...lines].join("\n")], { encoding: "utf8" }).trim();

describe("an address", () => {
  test.each([
    ["203.0.113.7", ""],
    ["172.15.0.1", ""],
    ["172.32.0.1", ""],
    ["100.63.0.1", ""],
    ["100.128.0.1", ""],
    ["2001:db8::7", ""],
    ["10.1.2.3", "a private address"],
    ["192.168.1.2", "a private address"],
    ["172.16.0.1", "a private address"],
    ["172.31.255.1", "a private address"],
    ["fd12:3456::1", "a private address"],
    ["fe80::1", "an address of the local link"],
    ["169.254.1.1", "an address of the local link"],
    ["100.64.0.1", "an address behind the provider's translation (CGNAT)"],
    ["100.99.0.1", "an address behind the provider's translation (CGNAT)"],
    ["100.127.0.1", "an address behind the provider's translation (CGNAT)"],
    ["127.0.0.1", "an address of this machine alone"],
  ])("%s is named: %s", (address, words) => {
    expect(ask([`address_kind ${address}`])).toBe(words);
  });

  test.each([
    ["IPv4 and IPv6", "192.0.2.9", "2001:db8::9", "192.0.2.9 2001:db8::9", "192.0.2.9"],
    ["IPv6 alone", "", "2001:db8::9", "2001:db8::9", "2001:db8::9"],
    // The bridge of a container engine leads nowhere.
    ["IPv6 and a bridge", "", "2001:db8::9", "172.17.0.1 2001:db8::9", "2001:db8::9"],
    ["no way out", "", "", "192.168.1.5", "192.168.1.5"],
    ["no way out and IPv6 alone", "", "", "fd00::5", "fd00::5"],
    ["no network", "", "", "", "127.0.0.1"],
  ])("of a machine with %s", (_name, v4, v6, all, expected) => {
    const line = (from: string) =>
      from === "" ? "false" : `echo "x via y dev z src ${from} uid 0"`;
    const ip = `ip() { case $1 in -4) ${line(v4)} ;; -6) ${line(v6)} ;; esac; }`;
    expect(ask([ip, `hostname() { echo "${all}"; }`, "own_address"])).toBe(expected);
  });

  test("that was given is the one, and stands in brackets in a URL where it is IPv6", () => {
    expect(ask(["opt_address=198.51.100.4", "own_address"])).toBe("198.51.100.4");
    expect(ask(["url_host 2001:db8::7; url_host 192.0.2.7"])).toBe("[2001:db8::7]\n192.0.2.7");
  });
});
