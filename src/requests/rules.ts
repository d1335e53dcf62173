import type { GiveWay } from "../lib/give-way.ts";
import type { Limits } from "../limits/table.ts";
import type { Role } from "../protocol/access.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import type { Capabilities, DeviceText, NodeText, RequestOf, Resolution } from "./records.ts";

/** What a decision about requests depends on besides the state: no clock and no randomness of its own. */
export interface BookContext {
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly gatewayId: string;
  readonly limits: Pick<
    Limits,
    | "askChars"
    | "nodeRequests"
    | "pendingMs"
    | "pendingPerAddress"
    | "pendingPerPrefix"
    | "pendingRequests"
    | "requestAgainMs"
    | "requestGraceMs"
    | "requestRecentMs"
    | "scopesPerRequest"
  >;
  /** A fresh random nonce, hex. */
  readonly nonce: () => string;
  /** Absent for requests that no stranger can make. */
  readonly strangers?: StrangerRules | undefined;
}

/** What keeps strangers who ask without end from who waits. */
export interface StrangerRules {
  /** Whether a device is connected, be it that it waits or that it asks for more. */
  readonly isConnected: (deviceId: string) => boolean;
  /**
   * Counts a new request that is about to be made. Returns 0, or for how many milliseconds there may be
   * none, and then nothing was counted.
   */
  readonly pace: (asked: AccessAsk) => number;
}

/** What a device asks for. */
export interface AccessAsk {
  readonly kind: "device";
  readonly deviceId: string;
  readonly publicKey: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** What is offered besides `scopes`. */
  readonly offered?: readonly string[] | undefined;
  readonly text: DeviceText;
  /** What limits count by. */
  readonly source: string;
  /** It is paired already. */
  readonly isRepair: boolean;
  /** Epoch of the shared secret that it showed. */
  readonly secretEpoch?: number | undefined;
}

/** What a paired node that is connected asks for. */
export interface CapabilityAsk {
  readonly kind: "node";
  readonly nodeId: string;
  /** Names the present pairing of its device as a node. */
  readonly pairing: string;
  readonly capabilities: Capabilities;
  readonly text: NodeText;
  /** All of it was approved for this pairing. */
  readonly covered: boolean;
}

/** What is asked for, and which device or node asks. */
export type Ask = AccessAsk | CapabilityAsk;
export type AskOf<Kind extends ApprovalKind> = Extract<Ask, { kind: Kind }>;

/** All in which the requests of one kind differ from those of another. */
export interface Rules<Kind extends ApprovalKind> {
  /** Nothing is asked for that the device does not have: there is no request to make. */
  covers(asked: AskOf<Kind>): boolean;
  /** `before` as it stays for `asked`; itself where nothing changes, `undefined` where it can't stay. */
  refreshed(
    before: RequestOf<Kind>,
    asked: AskOf<Kind>,
    context: BookContext,
  ): RequestOf<Kind> | undefined;
  /**
   * The new request for `asked`, with what the live request `before` asks for already. Its `requestId`
   * and `nonce` are empty: a code is drawn for it afterwards.
   */
  draft(
    asked: AskOf<Kind>,
    before: RequestOf<Kind> | undefined,
    context: BookContext,
  ): RequestOf<Kind>;
  /** The code that commits to all that `draft` asks for. */
  code(draft: RequestOf<Kind>, facts: { gatewayId: string; nonce: string }): string;
  /** What a request asks for, in words, all of it. */
  words(request: RequestOf<Kind>): string;
  /** Which of those that are in the book, oldest first, goes so that `asked` fits, or that it does not. */
  makesRoom(
    waiting: readonly RequestOf<Kind>[],
    asked: AskOf<Kind>,
    context: BookContext,
  ): GiveWay<RequestOf<Kind>>;
  /** Milliseconds until another request of this kind may be made; 0 when one may now, which counts it. */
  pace(asked: AskOf<Kind>, context: BookContext): number;
  /** What is answered to a code that is no live request. Clients know these words: they never change. */
  readonly unknown: {
    /** By how it ended, if that is known. */
    readonly ends: Readonly<Partial<Record<Resolution, string>>>;
    readonly otherwise: string;
  };
}
