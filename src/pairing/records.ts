import type { Role } from "../protocol/access.ts";
import type { DeviceText } from "../requests/records.ts";
import type { SshRight } from "../words/ssh-rights.ts";
import type { ApprovalOrder } from "./order.ts";
import type { Setup, SetupChange } from "./setup.ts";

/** The token of one device in one role. Its value is derived (auth/tokens.ts), never stored. */
export interface TokenRecord {
  readonly generation: number;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly rotatedAtMs?: number;
  readonly revokedAtMs?: number;
  /**
   * Set from an approval without a secret until the device shows the token once: the approval
   * stands in for it, so a lost first reply does not lock the device out.
   */
  readonly claimable?: true;
  /** Epoch of the shared secret this was granted under; absent for links and open requests. */
  readonly secretEpoch?: number;
}

export type ApprovedVia = "owner" | "bootstrap";

export interface Device extends DeviceText {
  readonly deviceId: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** The owner's own name for it. */
  readonly label?: string;
  readonly roles: readonly Role[];
  /** Operator scopes that were approved, sorted; its token may hold fewer since (`rotate`). */
  readonly scopes: readonly string[];
  readonly approvedVia: ApprovedVia;
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  readonly lastSeenAtMs?: number;
  readonly lastSeenReason?: string;
  readonly tokens: { readonly [role in Role]?: TokenRecord };
}

/** A link that pairs: one device, or as many as `uses` says. The secret itself is never stored. */
export interface Invite {
  readonly inviteId: string;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  /** The first of `roles`. */
  readonly role: Role;
  /** What it grants in one step. */
  readonly roles: readonly Role[];
  /** What it grants where `operator` is among the roles. */
  readonly scopes: readonly string[];
  readonly name?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** How many devices it may pair in all. */
  readonly uses: number;
  /** Who was paired by it: device id → when. */
  readonly users: Readonly<Record<string, number>>;
  readonly revokedAtMs?: number;
  /** Set for a setup code of OpenClaw's own apps. */
  readonly setup?: Setup;
}

/** Whether a link would still pair one more device. */
export function isOpen(invite: Invite, now: number): boolean {
  const { revokedAtMs, expiresAtMs, uses, users } = invite;
  return revokedAtMs === undefined && expiresAtMs > now && Object.keys(users).length < uses;
}

/** All of pairing but requests (requests/). Values are immutable; only `applyChange` (changes.ts) touches the maps. */
export interface PairingState {
  readonly devices: Map<string, Device>;
  /** The ids of `devices` by the time of their approval. */
  readonly order: ApprovalOrder;
  /** Those of `devices` that are paired as nodes. */
  readonly nodes: Set<string>;
  /** Those of `devices` that are ways in with full control. */
  readonly admins: Set<string>;
  readonly invites: Map<string, Invite>;
  /** secretHash → inviteId. */
  readonly inviteBySecret: Map<string, string>;
  /** Keys that approve over SSH, by fingerprint. */
  readonly sshKeys: Map<string, SshKey>;
  /** Set while every token is being revoked but those of the devices in `keeps`. */
  revokingAll: RevokingAll | undefined;
  /** Set while the tokens that were granted under a shared secret up to this epoch are being revoked. */
  revokingDerived: RevokingDerived | undefined;
}

/** Every token of every device but some is to end, from the moment in which this is in force. */
export interface RevokingAll {
  readonly keeps: readonly string[];
  /** The device that asked, where it is to end too: it goes last. */
  readonly last?: string;
  /** Wall clock, milliseconds. */
  readonly atMs: number;
}

/** Tokens that were granted under a shared secret up to `epoch` are to end. */
export interface RevokingDerived {
  readonly epoch: number;
  /** Wall clock, milliseconds. */
  readonly atMs: number;
}

export type PairingChange =
  | SetupChange
  | SshKeyChange
  | {
      op: "device";
      device: Device /** One of many, which the audit names together. */;
      many?: true;
    }
  | { op: "device-gone"; deviceId: string }
  | { op: "seen"; deviceId: string; at: number; reason: string; took?: Role }
  | { op: "invite"; invite: Invite }
  | { op: "invite-gone"; inviteId: string }
  /** The wall clock was set: all times of links move by so many milliseconds. */
  | { op: "clock-set"; by: number }
  | ({ op: "revoking-all" } & RevokingAll)
  | { op: "revoked-all" }
  | { op: "revoking-derived"; epoch: number; atMs: number }
  /** None that were granted up to this epoch are left. */
  | { op: "revoked-derived"; epoch: number };

/** What happened to a device's token, or to the device. */
export type DeviceEnd = "removed" | "rotated" | "revoked";

/** Connections of this device in this role (any role if absent) must end. */
export interface EndedDevice {
  readonly deviceId: string;
  readonly role?: Role;
  readonly why: DeviceEnd;
  /** One of many, which the audit names together. */
  readonly many?: true;
}

/** What follows from a change that is durable. */
export type PairingEvent =
  | { readonly name: "renamed"; readonly device: Device }
  | { readonly name: "ended"; readonly end: EndedDevice }
  /** Every token of every device but some counts no more; their ends follow. */
  | { readonly name: "ending"; readonly revoking: RevokingAll }
  /** A link was made or changed. */
  | { readonly name: "link"; readonly invite: Invite };

/**
 * Names a device's pairing as a node, `undefined` when it is none: after it was removed, or revoked
 * as a node, and approved again it has another name.
 */
export function nodePairing(device: Device | undefined): string | undefined {
  const token = device?.tokens.node;
  if (!device || !token || token.revokedAtMs !== undefined) return undefined;
  return `${device.createdAtMs}.${token.createdAtMs}`;
}

/** A key that may approve over SSH and do nothing else on this machine. */
export interface SshKey {
  /** `SHA256:…`; names the key everywhere. */
  readonly fingerprint: string;
  readonly type: string;
  readonly blob: string;
  /** The owner's name for it, unique among keys. */
  readonly name: string;
  readonly may: readonly SshRight[];
  /** Networks it may come from; from anywhere if absent. */
  readonly from?: readonly string[];
  readonly addedAtMs: number;
  readonly expiresAtMs?: number;
  readonly lastUsedAtMs?: number;
  readonly lastUsedFrom?: string;
}

export type SshKeyChange =
  | { op: "ssh-key"; key: SshKey }
  | { op: "ssh-key-gone"; fingerprint: string }
  | { op: "ssh-key-used"; fingerprint: string; at: number; from?: string };

/** How a device is paired as a node after `change`; `undefined` for a change of something else. */
export function pairingAfter(
  change: PairingChange,
): { readonly nodeId: string; readonly pairing: string | undefined } | undefined {
  if (change.op === "device") {
    const { device } = change;
    return { nodeId: device.deviceId, pairing: nodePairing(device) };
  }
  if (change.op !== "device-gone") return undefined;
  return { nodeId: change.deviceId, pairing: undefined };
}
