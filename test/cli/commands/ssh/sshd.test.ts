import { describe, expect, test } from "vitest";
import { sshdDropIn, uncounted } from "../../../../src/cli/commands/ssh/scripts.ts";
import { placeOf } from "../../../../src/cli/commands/ssh/sshd.ts";
import { facts } from "./support.ts";

describe("where this machine reaches its sshd", () => {
  test.each([
    ["anywhere", "port 22\nlistenaddress [::]:22\nlistenaddress 0.0.0.0:22\n", "127.0.0.1", 22],
    ["another port", "port 2222\nlistenaddress 0.0.0.0:2222\n", "127.0.0.1", 2222],
    ["a port of the address", "port 22\nlistenaddress 0.0.0.0:29700\n", "127.0.0.1", 29_700],
    ["IPv6 alone", "port 22\nlistenaddress [::]:22\n", "::1", 22],
    [
      "one address among others",
      "port 22\nlistenaddress 10.0.0.1:22\nlistenaddress 127.0.0.1:2200\n",
      "127.0.0.1",
      2200,
    ],
    ["no loopback", "port 22\nlistenaddress 10.0.0.1:2022\n", "10.0.0.1", 2022],
    ["a socket of systemd's", "port 2222\n", "127.0.0.1", 2222],
  ])("%s", (_what, printed, address, port) => {
    expect(placeOf(printed)).toEqual({ address, port });
  });
});

test("a setting that something else decides is named", () => {
  // As sshd prints what it was given (OpenSSH 9.2 and 10.0).
  const printed = sshdDropIn(facts)
    .split("\n")
    .map((line) => line.trim())
    .map((line) => line.replace(/^\S+/, (name) => name.toLowerCase()))
    .join("\n")
    .replace("unusedconnectiontimeout 20s", "unusedconnectiontimeout 20");
  expect(uncounted(facts, printed)).toEqual([]);
  const forced = printed.replace("forcecommand none", "forcecommand /usr/local/bin/bastion");
  expect(uncounted(facts, forced)).toEqual(["ForceCommand"]);
  expect(uncounted(facts, "")).toContain("AuthorizedKeysCommand");
});
