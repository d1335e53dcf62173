import { expect, test } from "vitest";
import { lastSources } from "../../src/pairing/last-sources.ts";
import type { Device } from "../../src/pairing/records.ts";

const token = { generation: 1, scopes: [], createdAtMs: 0 };

function device(remoteIp: string | undefined, seen: number, more: Partial<Device> = {}): Device {
  return {
    deviceId: `${remoteIp} ${seen}`,
    publicKey: "k",
    roles: ["operator"],
    scopes: [],
    approvedVia: "owner",
    createdAtMs: 0,
    approvedAtMs: 0,
    lastSeenAtMs: seen,
    clientId: "cli",
    clientMode: "cli",
    tokens: { operator: token },
    ...(remoteIp !== undefined && { remoteIp }),
    ...more,
  };
}

test("are those of the devices seen last, the latest last, each once", () => {
  const devices = [
    device("203.0.113.1", 5),
    device("203.0.113.2", 3),
    device("203.0.113.1", 1),
    device("2001:db8:1:2:0:0:0:7", 4),
    device("2001:db8:1:2:0:0:0:8", 2),
    device("203.0.113.3", 0, { approvedAtMs: 9 }),
  ];
  expect(lastSources(devices, 10)).toEqual([
    "203.0.113.3",
    "203.0.113.2",
    "2001:db8:1:2::/64",
    "203.0.113.1",
  ]);
  expect(lastSources(devices, 2)).toEqual(["2001:db8:1:2::/64", "203.0.113.1"]);
});

test("one never seen counts from its approval; one without an address, or revoked, not at all", () => {
  const never = device("203.0.113.1", 0, { approvedAtMs: 7 });
  const { lastSeenAtMs: _, ...approved } = never;
  const revoked = { tokens: { operator: { ...token, revokedAtMs: 1 } } };
  const devices = [device("203.0.113.2", 6), approved, device(undefined, 8)];
  expect(lastSources([...devices, device("203.0.113.9", 9, revoked)], 10)).toEqual([
    "203.0.113.2",
    "203.0.113.1",
  ]);
});
