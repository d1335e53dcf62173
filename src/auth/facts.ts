import type { Role } from "../protocol/access.ts";
import type { InviteProblem, ProofFailure, SecretKind } from "../protocol/refusals.ts";

/** What a client may present. Empty strings count as absent. */
export interface Credentials {
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly deviceToken?: string | undefined;
  readonly bootstrapToken?: string | undefined;
}

/** A page that connects. */
export interface PageFacts {
  /** Its origin, as browsers write it. */
  readonly sent: string;
  /** It came from the host that it connects to. */
  readonly isOwnPage: boolean;
}

/** What is known of a connect from the frame and the socket alone. */
export interface ConnectFacts {
  readonly phase: "starting" | "ready" | "draining";
  readonly minProtocol: number;
  readonly maxProtocol: number;
  readonly clientId: string;
  readonly clientMode: string;
  /** The role as sent; `operator` when absent. */
  readonly role: string;
  /** The scopes as sent, repeats removed. */
  readonly scopes: readonly string[];
  readonly hasDevice: boolean;
  readonly waits: boolean;
  readonly auth: Credentials;
  /** What is thought of the `Origin` header; `missing`: what it says is no origin. */
  readonly origin: "none" | "allowed" | "refused" | "missing" | "absent";
  /** The page it names, where it names one; for the words of a refusal alone. */
  readonly page?: PageFacts | undefined;
  /**
   * A TCP peer on loopback that reached us under a loopback `Host`, without `Origin` and without any
   * proxy header: the narrow case of the device-less exception.
   */
  readonly directLoopback: boolean;
}

/** The device's record as far as admission needs it, for the role asked for. */
export interface PairedView {
  readonly roles: readonly Role[];
  /** The token of the role asked for, if it was granted and not revoked. */
  readonly token?: { readonly scopes: readonly string[]; readonly claimable: boolean } | undefined;
}

export type SecretCheck =
  | { verdict: "ok" | "mismatch" | "unset" | "busy" }
  | { verdict: "locked"; retryAfterMs: number };

export type DeviceTokenCheck =
  | { verdict: "ok" | "mismatch" }
  | { verdict: "locked"; retryAfterMs: number };

export type InviteCheck =
  | { verdict: "ok"; inviteId: string; roles: readonly Role[]; scopes: readonly string[] }
  | { verdict: "refused"; problem: InviteProblem }
  | { verdict: "locked"; retryAfterMs: number };

/** Facts that cost something: each is gathered only when {@link admit} asks for it. */
export interface Evidence {
  proof?: "ok" | ProofFailure;
  /** `null`: looked up, not paired. */
  device?: PairedView | null;
  deviceToken?: DeviceTokenCheck;
  secret?: SecretCheck;
  invite?: InviteCheck;
}

export type EvidenceName = keyof Evidence;

/** What the owner configured. */
export interface AdmissionPolicy {
  readonly secretKind: SecretKind;
  readonly pairingOpen: boolean;
  /** A public URL is configured, so a page under another name needs its origin allowed. */
  readonly hasPublicUrl?: boolean;
  readonly devicelessCli: "loopback" | "never";
}
