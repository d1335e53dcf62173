import type { HostInfo, PairedRow, PendingRow } from "../../../src/cli/reach/wire.ts";
import { NOW } from "./io.ts";

const MINUTE = 60_000;

export function pendingRow(more: Partial<PendingRow> = {}): PendingRow {
  return {
    requestId: "7F3K-Q2MN",
    deviceId: "ab".repeat(32),
    displayName: "Anna's phone",
    platform: "Android 16",
    clientId: "openclaw-control-ui",
    clientMode: "ui",
    role: "operator",
    roles: ["operator"],
    scopes: ["operator.read", "operator.write"],
    remoteIp: "203.0.113.7",
    isRepair: false,
    ts: NOW - 2 * MINUTE,
    expiresAtMs: NOW + 28 * MINUTE,
    ...more,
  };
}

export function pairedRow(more: Partial<PairedRow> = {}): PairedRow {
  return {
    deviceId: "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889",
    displayName: "Firefox on Linux",
    platform: "Linux x86_64",
    clientId: "openclaw-control-ui",
    clientMode: "ui",
    role: "operator",
    roles: ["operator"],
    scopes: ["operator.admin"],
    connected: false,
    approvedAtMs: NOW - 60 * 24 * 60 * MINUTE,
    lastSeenAtMs: NOW - 3 * MINUTE,
    tokens: [{ role: "operator", scopes: ["operator.admin"] }],
    ...more,
  };
}

export function hostInfo(more: Partial<HostInfo> = {}): HostInfo {
  return {
    pid: process.pid,
    version: "1.2.3",
    startedAtMs: NOW - 90 * MINUTE,
    uptimeMs: 90 * MINUTE,
    supervisor: "none",
    listening: [],
    stateDir: "/var/lib/openclaw-gateway",
    configPath: "/etc/openclaw-gateway/openclaw.json",
    adminSocket: "/var/lib/openclaw-gateway/admin.sock",
    deviceId: "d".repeat(64),
    pageUrl: "https://gateway.example.com/",
    warnings: [],
    fingerprint: "game-data-mask-spot-pink-lily-soda-kite",
    pairing: { pending: 0, devices: 1 },
    connections: { operator: 1, node: 0 },
    ...more,
  };
}
