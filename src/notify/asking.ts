import type { ApprovalKind } from "../protocol/approve-line.ts";
import type { AskWords } from "../words/request-kinds.ts";

/**
 * A request that waits for the owner, as it is told, with what it asks for in plain words, all of
 * it: `operator: see chats and devices`. Texts are cleaned, but not escaped for a chat yet.
 */
export interface Asking extends AskWords {
  readonly kind: ApprovalKind;
  /** The code that approves it. */
  readonly requestId: string;
  readonly name: string;
  /** What kind of program on what: `browser, Linux x86_64`. */
  readonly client: string;
  readonly address?: string | undefined;
  readonly deviceId: string;
  /** The start of the device's key, for comparing by eye. */
  readonly key: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** Capabilities that a node declares. */
  readonly commands?: readonly string[];
  readonly caps?: readonly string[];
  readonly permissions?: readonly string[];
  /** Whether the device is paired already and asks for more. */
  readonly known: boolean;
  readonly askedAtMs: number;
  /** Absent where the request does not end by itself. */
  readonly expiresAtMs?: number | undefined;
}

/** A request on its way to the webhook. What it says is only put together when it is told. */
export interface WaitingRequest {
  readonly requestId: string;
  /** What limits count by: an address, or a node. */
  readonly source: string;
  /** Whether its device waits, or came back a moment ago; absent where it does for sure. */
  isThere?(): boolean;
  tell(): Asking;
}

/** What one message is about. */
export interface Batch {
  /** In the order in which they came. */
  readonly shown: readonly WaitingRequest[];
  /** How many more wait and are told as a number. */
  readonly more: number;
}
