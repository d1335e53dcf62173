import { addressMatcher, canonicalNetwork } from "../lib/net.ts";
import type { Limits } from "../limits/table.ts";
import {
  type Actor,
  ADMIN,
  APPROVALS,
  NODES,
  PAIRING,
  QUESTIONS,
  READ,
  type Role,
  TALK,
  TALK_SECRETS,
  WRITE,
} from "../protocol/access.ts";
import { blank, openclaw } from "../protocol/command.ts";
import { invalidRequest } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";
import { quoted, shown } from "../words/device.ts";
import { type SshRight, sshRights } from "../words/ssh-rights.ts";
import type { PairingChange, PairingState, SshKey, SshKeyChange } from "./records.ts";
import { readPublicKey } from "./ssh-public-key.ts";

/** Applies one change. Deterministic. */
export function applySshKey(keys: Map<string, SshKey>, change: SshKeyChange): void {
  if (change.op === "ssh-key") {
    keys.set(change.key.fingerprint, change.key);
    return;
  }
  const { fingerprint } = change;
  if (change.op === "ssh-key-gone") {
    keys.delete(fingerprint);
    return;
  }
  const before = keys.get(fingerprint);
  if (!before) return;
  const { lastUsedFrom: _, ...key } = before;
  const from = change.from === undefined ? {} : { lastUsedFrom: change.from };
  keys.set(fingerprint, { ...key, lastUsedAtMs: change.at, ...from });
}

export interface SshKeyAsk {
  /** A line of a `.pub` file. */
  readonly publicKey: string;
  readonly name?: string | undefined;
  readonly may: readonly SshRight[];
  readonly from?: readonly string[] | undefined;
  readonly expiresInMs?: number | undefined;
}

/** Adds a key. @throws RequestError with what to do instead */
export function addSshKey(
  state: PairingState,
  ask: SshKeyAsk,
  context: { now: number; limits: Limits },
): { key: SshKey; changes: readonly PairingChange[] } {
  const read = readPublicKey(ask.publicKey);
  if ("problem" in read) {
    throw invalidRequest(`that ${read.problem}`, { code: "SSH_KEY_INVALID", next: read.next });
  }
  const { type, blob, fingerprint, comment } = read;
  const there = state.sshKeys.get(fingerprint);
  if (there) throw taken(`that key is there already, as ${quoted(there.name)}`, there.name);
  if (state.sshKeys.size >= context.limits.sshKeys) {
    throw invalidRequest(`no more than ${context.limits.sshKeys} keys fit`, {
      code: "SSH_KEYS_FULL",
      next: say`${openclaw`ssh list`}, then: ${openclaw`ssh remove ${blank("NAME")}`}`,
    });
  }
  const name = ask.name ?? freeName(state, comment ?? "key");
  if ([...state.sshKeys.values()].some((key) => sameName(key.name, name))) {
    throw taken(`another key is called ${quoted(name)}`, name);
  }
  const may = (Object.keys(sshRights) as SshRight[]).filter((right) => ask.may.includes(right));
  const expiresAtMs = expiryOf(ask, context);
  const key: SshKey = {
    fingerprint,
    type,
    blob,
    name,
    may,
    ...(ask.from && ask.from.length > 0 && { from: ask.from.map(networkOf) }),
    addedAtMs: context.now,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
  return { key, changes: [{ op: "ssh-key", key }] };
}

function taken(message: string, name: string) {
  return invalidRequest(message, {
    code: "SSH_KEY_EXISTS",
    next: say`${openclaw`ssh remove ${name}`} (then add it anew), or another --name`,
  });
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/**
 * `wanted`, with a number where it is taken: a key's comment is often the same on all machines of a
 * person.
 */
function freeName(state: PairingState, wanted: string): string {
  const names = [...state.sshKeys.values()].map(({ name }) => name);
  const isFree = (name: string) => !names.some((other) => sameName(other, name));
  if (isFree(wanted)) return wanted;
  for (let number = 2; ; number += 1)
    if (isFree(`${wanted} ${number}`)) return `${wanted} ${number}`;
}

function expiryOf(
  { expiresInMs }: SshKeyAsk,
  { now, limits }: { now: number; limits: Limits },
): number | undefined {
  if (expiresInMs === undefined) return undefined;
  if (expiresInMs >= limits.sshKeyMinMs && expiresInMs <= limits.sshKeyMaxMs)
    return now + expiresInMs;
  const days = Math.floor(limits.sshKeyMaxMs / 86_400_000);
  throw invalidRequest(`a key lives between one second and ${days} days`, {
    code: "SSH_KEY_INVALID",
    next: "--expires 30d, or leave it out",
  });
}

function networkOf(text: string): string {
  const network = canonicalNetwork(text);
  if (network !== undefined) return network;
  throw invalidRequest("from: expected an address or network such as 203.0.113.0/24", {
    code: "SSH_KEY_INVALID",
    next: "--from 203.0.113.0/24",
  });
}

/**
 * The key that `typed` names: its name, its fingerprint, or the start of one that fits no other.
 * @throws RequestError (SSH_KEY_UNKNOWN) where none fits, (SSH_KEY_AMBIGUOUS) where several do
 */
export function findSshKey(state: PairingState, typed: string): SshKey {
  const keys = [...state.sshKeys.values()];
  const word = typed.trim();
  const start = word.replace(/^SHA256:/i, "");
  const exact = keys.filter(({ name, fingerprint }) => {
    return sameName(name, word) || fingerprint === `SHA256:${start}`;
  });
  const near = keys.filter(({ fingerprint }) => fingerprint.startsWith(`SHA256:${start}`));
  const found = exact.length > 0 ? exact : start.length >= SHORTEST_START ? near : [];
  const [key] = found;
  if (key && found.length === 1) return key;
  const next = openclaw`ssh list`;
  const what = quoted(shown(word));
  if (found.length > 1) {
    throw invalidRequest(`several keys fit ${what}`, { code: "SSH_KEY_AMBIGUOUS", next });
  }
  throw invalidRequest(`no key fits ${what}`, { code: "SSH_KEY_UNKNOWN", next });
}

const SHORTEST_START = 6;

export function isExpired({ expiresAtMs }: SshKey, now: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= now;
}

/** Why a key may not act now. */
export type SshKeyProblem = "unknown" | "expired" | "address";

/**
 * The actor that a key stands for. sshd has checked key, expiry and network before; a session may
 * have begun before the key was taken away, so all is checked again at each request.
 */
export function actorOfKey(
  key: SshKey | undefined,
  facts: { address: string | undefined; now: number },
): Actor | SshKeyProblem {
  if (!key) return "unknown";
  if (isExpired(key, facts.now)) return "expired";
  const { from } = key;
  if (from && !(facts.address !== undefined && addressMatcher(from)(facts.address))) {
    return "address";
  }
  return {
    role: "operator",
    scopes: scopesOf(key.may),
    approves: rolesOf(key.may),
    method: "ssh",
    keyId: key.fingerprint,
    ...(facts.address !== undefined && { address: facts.address }),
  };
}

const OPERATOR_SCOPES = [READ, WRITE, NODES, APPROVALS, QUESTIONS, PAIRING, TALK, TALK_SECRETS];

function scopesOf(may: readonly SshRight[]): string[] {
  if (may.includes("admin")) return [ADMIN, ...OPERATOR_SCOPES];
  // What a node offers takes `operator.nodes` to approve (docs/protocol.md#nodes).
  return may.includes("operator") ? OPERATOR_SCOPES : [PAIRING, WRITE, NODES];
}

function rolesOf(may: readonly SshRight[]): Role[] {
  const all = may.includes("admin");
  return (["operator", "node"] as const).filter((role) => all || may.includes(role));
}

/**
 * The keys as sshd's helper reads them (deploy/ssh/keys.sh): `<expiry> <type> <blob> <fingerprint>
 * <networks>`, expiry in seconds since the epoch, 0 for none; networks with commas, `-` for none.
 */
export function approverLines(keys: Iterable<SshKey>, now: number): string {
  const lines = [...keys]
    .filter((key) => !isExpired(key, now))
    .map(({ expiresAtMs = 0, type, blob, fingerprint, from = ["-"] }) => {
      return `${Math.floor(expiresAtMs / 1000)} ${type} ${blob} ${fingerprint} ${from.join(",")}\n`;
    });
  return lines.join("");
}
