import { createHash, randomBytes } from "node:crypto";
import { SecretStore } from "../../../src/auth/secret-store.ts";
import { ensurePrivateFolder } from "../../../src/lib/atomic-file.ts";
import { systemWorld } from "../../../src/lib/world.ts";
import { limitValues } from "../../../src/limits/table.ts";
import { openState, type StateParts, statePartsOf } from "../../../src/main/state.ts";
import { grant } from "../../../src/pairing/ledger.ts";
import type { PairingChange } from "../../../src/pairing/records.ts";
import { ask } from "../../../src/requests/book.ts";
import { emptyRequests } from "../../../src/requests/part.ts";
import type { RequestsChange } from "../../../src/requests/records.ts";
import { storeLimits } from "../../../src/store/limits.ts";
import { acquireWriterLock } from "../../../src/store/lock.ts";

// Fills a state folder through the ledger and the store: node fill.mjs <folder> <devices> <requests> <hash>.
// All of it is in the journal, so that the gateway's first commit has a whole snapshot to write.

const [folder = "", devices = "0", requests = "0", hash = ""] = process.argv.slice(2);
const DAY = 24 * 60 * 60 * 1000;
const BATCH = 400;
const now = Date.now();

const names = ["Anna's phone", "Firefox on Linux", "Küche", "build-server-17", "iPad"];
const platforms = ["Android 16", "Linux x86_64", "iOS 19.1", "Windows 11", "macOS 26.2"];
const clients = ["openclaw-control-ui", "cli", "node-host", "openclaw-ios"];
const pick = (list: readonly string[], at: number) => list[at % list.length] ?? "";

function facts(index: number) {
  const key = randomBytes(32);
  return {
    deviceId: createHash("sha256").update(key).digest("hex"),
    publicKey: key.toString("base64url"),
    text: {
      clientId: pick(clients, index),
      clientMode: index % 2 === 0 ? "ui" : "cli",
      displayName: `${pick(names, index)} ${index}`,
      platform: pick(platforms, index >> 2),
      remoteIp: `203.0.${(index >> 8) % 256}.${index % 256}`,
    },
    role: index % 10 === 9 ? ("node" as const) : ("operator" as const),
    scopes: index % 10 === 9 ? [] : ["operator.read", "operator.write"],
  };
}

/** A device as an approval leaves it; nine in ten were seen since. */
function paired(index: number, count: number): PairingChange[] {
  const { text, role, ...rest } = facts(index);
  const at = now - 400 * DAY + Math.floor((index / count) * 399 * DAY);
  const device = grant(undefined, { ...text, ...rest, roles: [role] }, { now: at, via: "owner" });
  const seen = { op: "seen" as const, deviceId: device.deviceId, at: at + DAY, reason: "connect" };
  return [{ op: "device", device }, ...(index % 10 === 0 ? [] : [seen])];
}

/** A request as a connect leaves it; the limits on their number are not what is measured. */
function asked(index: number): readonly RequestsChange[] {
  const nonce = () => randomBytes(16).toString("hex");
  const context = { now, gatewayId: "bench", limits: limitValues(), nonce };
  const source = `bench-${index}`;
  const by = { ...facts(index), kind: "device" as const, role: "operator" as const };
  return ask(emptyRequests(), { ...by, source, isRepair: false }, context).changes;
}

/**
 * The gateway's own keys: devices without them are state that somebody lost a part of. And the token,
 * which is a decision with a line of the audit where a start sets it: the first commit, too soon.
 */
async function makeKeys(document: StateParts["secrets"]): Promise<void> {
  // What is native can't be bundled: the token's hash was made by whoever called this.
  const hasher = { hash: async () => hash, verify: async () => false };
  const secretStore = await SecretStore.open(document, { world: systemWorld, hasher });
  await secretStore.setSecret("token", "", "environment");
}

async function fill(): Promise<void> {
  await ensurePrivateFolder(folder);
  const describe = { pid: process.pid, version: "bench", startedAt: now, adminSocket: "" };
  const lock = await acquireWriterLock(folder, { describe, world: systemWorld });
  const limits = { journalBytes: Number.MAX_SAFE_INTEGER };
  const state = await openState({ folder, world: systemWorld, limits });
  const { secrets, pairing: document, requests: book, host } = statePartsOf(state);
  await makeKeys(secrets);
  const count = Number(devices);
  for (let at = 0; at < count; at += BATCH) {
    const some = Math.min(BATCH, count - at);
    const changes = Array.from({ length: some }, (_, i) => paired(at + i, count)).flat();
    await document.commit(changes);
  }
  for (let at = 0; at < Number(requests); at += BATCH) {
    const some = Math.min(BATCH, Number(requests) - at);
    await book.commit(Array.from({ length: some }, (_, i) => asked(at + i)).flat());
  }
  // What the configuration says, which is nothing: a start would note it, and that were the first commit.
  await host.commit([{ op: "config-seen", keys: {} }]);
  // With few devices the journal is short: it grows by what nobody waits for until it is due.
  const [first] = document.durable.devices.keys();
  while (first !== undefined && document.stats.journalBytes < storeLimits.journalBytes * 1.2) {
    const seen = { op: "seen" as const, deviceId: first, at: now, reason: "connect" };
    await document.commit(Array.from({ length: BATCH }, () => seen));
  }
  await state.close();
  await lock.release();
}

await fill();
