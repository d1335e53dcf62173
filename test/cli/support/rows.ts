import type { PairedRow, PendingRow } from "../../../src/cli/commands/devices/rows.ts";
import type { Result } from "../../../src/cli/reach/gateway.ts";
import { NOW } from "./io.ts";

/** Any of an answer's properties as some gateway could send them: one of before, or a hostile one. */
type Sent<Answer> = { readonly [Name in keyof Answer]?: unknown };

const MINUTE = 60_000;

export function pendingRow(more: Sent<PendingRow> = {}): PendingRow {
  return {
    requestId: "7F3K-Q2MN",
    deviceId: "ab".repeat(32),
    publicKey: "a".repeat(43),
    displayName: "Anna's phone",
    platform: "Android 16",
    clientId: "openclaw-control-ui",
    clientMode: "ui",
    role: "operator",
    roles: ["operator"],
    scopes: ["operator.read", "operator.write"],
    remoteIp: "203.0.113.7",
    isRepair: false,
    silent: false,
    ts: NOW - 2 * MINUTE,
    expiresAtMs: NOW + 28 * MINUTE,
    ...more,
  } as PendingRow;
}

export function pairedRow(more: Sent<PairedRow> = {}): PairedRow {
  return {
    deviceId: "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889",
    publicKey: "b".repeat(43),
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
    approvedVia: "owner",
    createdAtMs: NOW - 60 * 24 * 60 * MINUTE,
    tokens: [{ role: "operator", scopes: ["operator.admin"], createdAtMs: NOW }],
    ...more,
  } as PairedRow;
}

export function hostInfo(more: Sent<Result<"host.info">> = {}): Result<"host.info"> {
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
    pairing: { pending: 0, devices: 1, invites: 0 },
    connections: { operator: 1, node: 0 },
    secrets: { token: false, password: false },
    ...more,
  } as Result<"host.info">;
}
