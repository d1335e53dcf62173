import { describe, expect, test } from "vitest";
import { approvalLines, type SshWay } from "../../src/protocol/approve-line.ts";

const lines = (way: SshWay, kind: "device" | "node" = "device") =>
  approvalLines({ kind, requestId: "7F3K-Q2MN", command: "openclaw", way });

describe("how a request is approved by typing", () => {
  test("on the machine alone, where nothing says how it is reached", () => {
    expect(lines({ ssh: { port: 22 } })).toEqual({
      approveCommand: "openclaw devices approve 7F3K-Q2MN",
    });
  });

  const approver = { account: "openclaw", port: 22 };
  test.each<[string, SshWay, string]>([
    [
      "as the owner",
      { ssh: { port: 22 }, sshTarget: "root@h.example" },
      "ssh root@h.example openclaw nodes approve 7F3K-Q2MN",
    ],
    [
      "with a key that only approves, which goes first",
      { ssh: { ...approver, host: "h.example" }, sshTarget: "root@other.example" },
      "ssh openclaw@h.example approve 7F3K-Q2MN",
    ],
    [
      "on another port",
      { ssh: { ...approver, host: "h.example", port: 2222 } },
      "ssh -p 2222 openclaw@h.example approve 7F3K-Q2MN",
    ],
    [
      "at the public name",
      { ssh: approver, publicUrl: "https://g.example:8443/x/" },
      "ssh openclaw@g.example approve 7F3K-Q2MN",
    ],
    [
      "at a public address",
      { ssh: approver, publicUrl: "https://[2001:db8::1]/" },
      "ssh openclaw@2001:db8::1 approve 7F3K-Q2MN",
    ],
    ["with the host left to the page", { ssh: approver }, "ssh openclaw@<host> approve 7F3K-Q2MN"],
  ])("from elsewhere %s", (_how, way, line) => {
    expect(lines(way, "node")).toEqual({
      approveCommand: "openclaw nodes approve 7F3K-Q2MN",
      sshCommand: line,
    });
  });
});
