import { describe, expect, test } from "vitest";
import { type SshSetup, sshdDropIn, uncounted } from "../../../../src/cli/commands/ssh/scripts.ts";
import {
  DROP_IN,
  matchBefore,
  placeOf,
  SSHD_CONFIG,
} from "../../../../src/cli/commands/ssh/sshd.ts";

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

describe("what of the admin's would decide before the drop-in", () => {
  const debian = "Include /etc/ssh/sshd_config.d/*.conf\nMatch Address 10.0.0.0/8\n";
  const dropIn = (name: string, text: string): [string, string] => [
    `/etc/ssh/sshd_config.d/${name}`,
    text,
  ];
  const found = (main: string, ...dropIns: [string, string][]) =>
    matchBefore([[SSHD_CONFIG, main], ...dropIns]);

  test.each([
    ["nothing, as Debian comes", debian, []],
    ["nothing that comes later", debian, [dropIn("50-lan.conf", "Match Address 10.0.0.0/8\n")]],
    ["nothing for other users", debian, [dropIn("00-a.conf", "Match User bob,ann\nMatch all\n")]],
    ["nothing for a group", debian, [dropIn("00-a.conf", "match group=staff User=bob\n")]],
    ["nothing in a comment", debian, [dropIn("00-a.conf", "# Match Address 10.0.0.0/8\n")]],
    ["nothing of ours", debian, [[DROP_IN, "Match User openclaw\nMatch all\n"]]],
  ] as [string, string, [string, string][]][])("%s", (_what, main, dropIns) => {
    expect(found(main, ...dropIns)).toBeUndefined();
  });

  test.each([
    "Match Address 10.0.0.0/8",
    "Match User openclaw Address 10.0.0.0/8",
    "match\tLocalPort=22",
    "Match Host *.example.com # of ours",
    'Match exec "true"',
  ])("%s", (line) => {
    const file = "/etc/ssh/sshd_config.d/00-lan.conf";
    expect(found(debian, dropIn("00-lan.conf", `Port 22\n  ${line}\n`))).toEqual({ file, line });
    const main = `${line}\n  X11Forwarding no\n${debian}`;
    expect(found(main)).toEqual({ file: SSHD_CONFIG, line });
  });
});

test("a setting that something else decides is named", () => {
  const facts: SshSetup = {
    account: "openclaw",
    keysAccount: "openclaw-keys",
    folder: "/opt/x",
    keysFile: "/k",
    socket: "/s",
    node: "/n",
    program: "/p",
    timeouts: true,
  };
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
