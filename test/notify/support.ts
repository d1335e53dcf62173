import type { Asking, WaitingRequest } from "../../src/notify/asking.ts";
import type { Sender } from "../../src/notify/notice.ts";

export const NOW = 1_795_000_000_000;

export const sender: Sender = {
  name: "home-server",
  fingerprint: "4AEC-269E-DCCC-159C",
  command: "openclaw",
  way: { ssh: { port: 22 }, sshTarget: "root@gateway.example.com" },
};

export function asking(more: Partial<Asking> = {}): Asking {
  return {
    kind: "device",
    requestId: "7F3K-Q2MN",
    name: "Kitchen tablet",
    client: "browser, Linux x86_64",
    address: "203.0.113.7",
    deviceId: "ab".repeat(32),
    key: "ABAB-ABAB-ABAB-ABAB",
    roles: ["operator"],
    scopes: ["operator.read", "operator.write"],
    asks: "operator: see chats and devices, send messages and run the agent",
    known: false,
    askedAtMs: NOW,
    expiresAtMs: NOW + 29 * 60_000 + 59_000,
    ...more,
  };
}

/** A request that waits to be told; `source` is the address it comes from. */
export function waiting(requestId: string, source = "203.0.113.7"): WaitingRequest {
  return { requestId, source, tell: () => asking({ requestId, address: source }) };
}
