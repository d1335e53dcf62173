import type { NotifyReport } from "../../notify/notifier.ts";
import type { Durability as Durable } from "../../store/shape.ts";
import type { DeviceWords } from "../../words/device.ts";

/** The answers of the gateway as far as the command line reads them. Texts in them are not cleaned. */

export type { ConfigChanged } from "../../config/service.ts";
export type { NotifyTested } from "../../methods/notify.ts";
export type { HostReport as HostInfo } from "../../methods/services.ts";
export type { LastOutcome, NotifyReport } from "../../notify/notifier.ts";
export type { DeviceWords } from "../../words/device.ts";

export interface PendingRow extends DeviceWords {
  readonly requestId: string;
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly isRepair?: boolean;
  /** What a device that is paired already may do now. */
  readonly approvedRoles?: readonly string[];
  readonly approvedScopes?: readonly string[];
  readonly ts: number;
  readonly expiresAtMs?: number;
}

export interface PairedRow extends DeviceWords {
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly connected?: boolean;
  readonly approvedAtMs?: number;
  readonly lastSeenAtMs?: number;
  readonly tokens?: readonly TokenRow[];
}

export interface TokenRow {
  readonly role: string;
  readonly scopes?: readonly string[];
  readonly revokedAtMs?: number;
}

/** Remaining admins: how many devices with full control there are, and other ways to it. */
export interface WaysIn {
  readonly devices: number;
  /** Ways to full control that are no device, such as SSH keys. */
  readonly others: number;
}

/** The result of `device.pair.list`. */
export interface DeviceList {
  readonly pending: readonly PendingRow[];
  readonly paired: readonly PairedRow[];
  /** Of a page: how many paired devices the whole list has. */
  readonly total?: number;
  /** Where the next page begins, when there is one. */
  readonly nextCursor?: string;
  /** Of a page, for callers that may see all devices. */
  readonly waysIn?: WaysIn;
}

/** Said where a change is in force but could not be written to disk. */
export type Durability = Partial<Durable>;

/** The part of `status` that is this gateway's own. */
export interface GatewayStatus {
  readonly runtimeVersion: string;
  readonly gateway: {
    readonly fingerprint: string;
    readonly startedAtMs: number;
    readonly uptimeMs: number;
    readonly listening: readonly string[];
    readonly connections: Readonly<Record<string, number>>;
    readonly pairing: { readonly pending: number; readonly devices: number; invites: number };
    readonly store: { readonly ok: boolean; readonly lastError?: string };
    readonly closes: Readonly<Record<string, number>>;
    /** Absent in the answers of older gateways. */
    readonly notify?: NotifyReport;
    readonly warnings: readonly string[];
  };
}

/** The result of `host.secret.set` and `host.token.new`. */
export interface SecretChange {
  readonly closed: readonly string[];
  readonly revoked: readonly string[];
  readonly token?: string;
}
