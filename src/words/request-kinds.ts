import type { ApprovalKind } from "../protocol/approve-line.ts";
import { type Command, openclaw } from "../protocol/command.ts";
import { canLeaveNodesOut } from "../protocol/nodes-right.ts";
import { covers } from "../protocol/scopes.ts";
import { beyond, capabilityWords, NOTHING } from "./capabilities.ts";
import { accessWords, clientKind, type DeviceWords, shown } from "./device.ts";

/**
 * A request as `device.pair.show`, the lists and the events give it: a device that asks to come in or
 * for more, or a node that declares capabilities. Texts in it are not cleaned.
 */
export interface RequestRow extends Partial<DeviceWords> {
  readonly requestId: string;
  /** When it was asked, ms. */
  readonly ts: number;
  readonly expiresAtMs?: number;
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** Those of `scopes` that it did not ask for by name. */
  readonly offered?: readonly string[];
  /** What a device that is paired already may do now; empty when all of it was revoked. */
  readonly approvedRoles?: readonly string[];
  readonly approvedScopes?: readonly string[];
  /** Set where a node asks for its declared capabilities. */
  readonly nodeId?: string;
  readonly caps?: readonly string[];
  readonly commands?: readonly string[];
  readonly permissions?: Readonly<Record<string, boolean>>;
  /** What was approved for this node before. */
  readonly approvedCaps?: readonly string[];
  readonly approvedCommands?: readonly string[];
  readonly approvedPermissions?: Readonly<Record<string, boolean>>;
  /** The gateway's own key in words. */
  readonly gatewayFingerprint?: string;
}

/** What a row is of: only what a node declares has a node's id. */
export function kindOf(row: RequestRow): ApprovalKind {
  return row.nodeId === undefined ? "device" : "node";
}

/** The device that asks, as a row of its own. */
export function deviceOf(row: RequestRow): DeviceWords {
  return { ...row, deviceId: row.deviceId ?? row.nodeId ?? "" };
}

/** What a request asks for, in words. */
export interface AskWords {
  readonly asks: string;
  /** What a device or node that was let in before may do now. */
  readonly has?: string;
  /**
   * What the device or node may do once this is approved: a device keeps what it has, a node does
   * not.
   */
  readonly after?: string;
  /** What of `after` goes beyond `has`. */
  readonly new?: string;
  /**
   * Rights that it has and does not ask for any more: approving ends them, because it means exactly
   * what the code says.
   */
  readonly ends?: string;
}

/** Who asks, as far as what is said of it depends on that. */
export interface RequestingDevice {
  /** It was let in before. */
  readonly known: boolean;
  /** The roles it asks for. */
  readonly roles: readonly string[];
}

/** All in which people read something else of a node's request than of a device's. */
export interface KindWords {
  /** What stands before its name. */
  readonly label: string;
  /** What is asked for. */
  readonly asked: (row: RequestRow) => AskWords;
  /** What kind of program asks, in a list. */
  readonly brief: (row: RequestRow) => string;
  /** Stands between `asks` and what is asked for. */
  readonly asksFor: string;
  /** Stands between the name and what was approved. */
  readonly may: string;
  /** The title of a message that tells of this request alone. */
  readonly title: (asker: RequestingDevice) => string;
  /** Stands between the name and what is asked for, in a message. */
  readonly asks: (asker: RequestingDevice) => string;
  /** The request in a line of the log. */
  readonly log: {
    /** Stands between the name and what is asked for. */
    readonly asks: string;
    /** What the approving command does, after `to`. */
    readonly does: string;
    /** Its end. */
    readonly ended: (name: string, why: string) => string;
  };
  /** The command that lists those that wait. */
  readonly list: Command;
  /** The events that tell operators of it (protocol/events.ts). */
  readonly events: RequestEvents;
}

/** What becomes of a request, and the name of the event that tells it. */
export interface RequestEvents {
  readonly requested: "device.pair.requested" | "node.pair.requested";
  readonly resolved: "device.pair.resolved" | "node.pair.resolved";
}

/** The one table of what differs between the kinds of requests, as people read them. */
export const kinds: Readonly<Record<ApprovalKind, KindWords>> = {
  device: {
    label: "Device",
    asked: accessAsked,
    brief: (row) => `${row.approvedRoles ? "asks for more: " : ""}${clientKind(row)}`,
    asksFor: "",
    may: "may",
    title: ({ known, roles }) => {
      if (known) return "A device asks for more";
      return roles.includes("operator") ? "A device asks to be let in" : "A node asks to be let in";
    },
    asks: ({ known }) => (known ? "is paired and asks to be" : "asks to be"),
    log: {
      asks: "asks to be",
      does: "let it in",
      ended: (name, why) => `the request of ${name} was ${why}`,
    },
    list: openclaw`devices list`,
    events: { requested: "device.pair.requested", resolved: "device.pair.resolved" },
  },
  node: {
    label: "Node",
    asked: capabilitiesAsked,
    brief: ({ commands = [] }) =>
      `node: ${commands.length} command${commands.length === 1 ? "" : "s"}`,
    asksFor: "for ",
    may: "has",
    title: () => "A node asks for its commands",
    asks: () => "is paired and asks for",
    log: {
      asks: "offers",
      does: "allow it",
      ended: (name, why) => `what ${name} offers was ${why}`,
    },
    list: openclaw`nodes pending`,
    events: { requested: "node.pair.requested", resolved: "node.pair.resolved" },
  },
};

/** What an event tells of a request; `undefined` for an event that is about something else. */
export function requestEventOf(event: string): keyof RequestEvents | undefined {
  const all = Object.values(kinds).map(({ events }) => events);
  if (all.some(({ requested }) => requested === event)) return "requested";
  return all.some(({ resolved }) => resolved === event) ? "resolved" : undefined;
}

/** The words for the kind of a row. */
export function kindWords(row: RequestRow): KindWords {
  return kinds[kindOf(row)];
}

/** The one place that says what is asked for: all of it, because it is approved whole. */
export function askWords(row: RequestRow): AskWords {
  return kindWords(row).asked(row);
}

/**
 * `words` cut to `max` characters. Where `whole` is false, a person who reads them has not read
 * all.
 */
export function cutAsk(words: string, max: number): { words: string; whole: boolean } {
  const whole = [...words].length <= max;
  return { words: whole ? words : shown(words, max), whole };
}

function accessAsked(row: RequestRow): AskWords {
  const { approvedRoles, approvedScopes = [] } = row;
  const asks = accessWords(row);
  if (!approvedRoles) return { asks };
  const has = { roles: approvedRoles, scopes: approvedScopes };
  return {
    asks,
    has: approvedRoles.length > 0 ? accessWords(has) : "nothing any more",
    after: accessWords({
      roles: [...new Set([...approvedRoles, ...(row.roles ?? [row.role ?? "operator"])])],
      scopes: [...new Set([...approvedScopes, ...(row.scopes ?? [])])],
      ...(row.offered && { offered: row.offered }),
    }),
    new: newAccess(row),
  };
}

/** The part of a request that goes beyond what its device has. */
function newAccess(row: RequestRow): string {
  const { role = "operator", roles = [role], scopes = [], approvedRoles = [] } = row;
  const { approvedScopes = [] } = row;
  const newScopes = scopes.filter((scope) => !covers(approvedScopes, scope));
  const grows = (one: string) =>
    !approvedRoles.includes(one) || (one === "operator" && newScopes.length > 0);
  const newRoles = roles.filter(grows);
  const { offered = [] } = row;
  return newRoles.length > 0
    ? accessWords({ roles: newRoles, scopes: newScopes, offered })
    : NOTHING;
}

/** Whether an approval of the request can leave out the right to run commands on nodes. */
export function canLeaveOut(row: RequestRow): boolean {
  const { scopes = [], approvedScopes = [] } = row;
  return kindOf(row) === "device" && canLeaveNodesOut(scopes, approvedScopes);
}

/** What an approval of the request grants, in words. */
export function grantWords(row: RequestRow, without: readonly string[] = []): string {
  const { offered: _, scopes = [], ...rest } = row;
  return askWords({ ...rest, scopes: scopes.filter((scope) => !without.includes(scope)) }).asks;
}

function capabilitiesAsked(row: RequestRow): AskWords {
  const { commands, caps, permissions } = row;
  const capabilities = { commands, caps, permissions };
  const asks = capabilityWords(capabilities);
  const { approvedCommands, approvedCaps, approvedPermissions } = row;
  if (!approvedCommands) return { asks };
  const had = {
    commands: approvedCommands,
    caps: approvedCaps,
    permissions: approvedPermissions,
  };
  const ends = capabilityWords(beyond(had, capabilities));
  return {
    asks,
    has: capabilityWords(had),
    after: asks,
    new: capabilityWords(beyond(capabilities, had)),
    ...(ends !== NOTHING && { ends }),
  };
}
