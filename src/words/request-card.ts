import { textWidth, wrapText } from "../lib/width.ts";
import { covers } from "../protocol/scopes.ts";
import { agoWords, spanWords } from "./age.ts";
import { beyond, capabilityWords, NOTHING } from "./capabilities.ts";
import {
  accessWords,
  addressWords,
  clientKind,
  type DeviceWords,
  deviceName,
  quoted,
  quotedName,
  shown,
} from "./device.ts";
import { keyWords } from "./key.ts";

/**
 * A request as `device.pair.show`, the lists and the events give it: a device that asks to come in
 * or for more, or a node that declares capabilities. Texts in it are not cleaned.
 */
export interface RequestRow extends Partial<DeviceWords> {
  readonly requestId: string;
  /** When it was asked, ms. */
  readonly ts: number;
  readonly expiresAtMs?: number;
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
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

/** What a person needs to know before they decide: a label, and what stands beside it. */
export type Fact = readonly [label: string, ...lines: string[]];

/** The facts of a request, cleaned, in the order in which they are shown. */
export function requestFacts(row: RequestRow, now: number): Fact[] {
  const isNode = row.nodeId !== undefined;
  const id = row.deviceId ?? row.nodeId ?? "";
  const device: DeviceWords = { ...row, deviceId: id };
  const facts: (Fact | undefined)[] = [
    ["Code", shown(row.requestId)],
    [isNode ? "Node" : "Device", quotedName(device), ...ownName(device)],
    ["Kind", clientKind(device)],
    ["From", addressWords(row.remoteIp), ...pageOf(row)],
    ...askFacts(row),
    ["Key", keyWords(id) || shown(id)],
    row.gatewayFingerprint === undefined ? undefined : ["Gateway", shown(row.gatewayFingerprint)],
    ["Asked", agoWords(row.ts, now)],
    row.expiresAtMs === undefined ? undefined : ["Expires", leftWords(row.expiresAtMs - now)],
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** What the device calls itself, where the owner calls it something else. */
function ownName({ operatorLabel, ...own }: DeviceWords): string[] {
  const name = deviceName(own);
  const isOther = operatorLabel !== undefined && name !== deviceName({ ...own, operatorLabel });
  return isOther && own.displayName !== undefined ? [`calls itself ${quoted(name)}`] : [];
}

function pageOf({ browserOrigin }: RequestRow): string[] {
  return browserOrigin === undefined ? [] : [`on the page at ${shown(browserOrigin, 80)}`];
}

function leftWords(ms: number): string {
  return ms > 0 ? `in ${spanWords(ms)}` : "now";
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

/** The one place that says what is asked for: all of it, because it is approved whole. */
export function askWords(row: RequestRow): AskWords {
  return row.nodeId === undefined ? accessAsked(row) : capabilitiesAsked(row);
}

/**
 * `words` cut to `max` characters. Where `whole` is false, a person who reads them has not read
 * all.
 */
export function cutAsk(words: string, max: number): { words: string; whole: boolean } {
  const whole = [...words].length <= max;
  return { words: whole ? words : shown(words, max), whole };
}

function askFacts(row: RequestRow): Fact[] {
  const { asks, has, after, new: fresh, ends } = askWords(row);
  if (has === undefined || after === undefined) return [["Asks for", asks]];
  return [
    ...(asks === after ? [] : [["Asks for", asks] satisfies Fact]),
    ["Has now", has],
    ["Would have", after],
    ...(fresh === undefined ? [] : [["New", fresh] satisfies Fact]),
    ...(ends === undefined ? [] : [["Ends", ends] satisfies Fact]),
  ];
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
  return newRoles.length > 0 ? accessWords({ roles: newRoles, scopes: newScopes }) : NOTHING;
}

function capabilitiesAsked(row: RequestRow): AskWords {
  const { commands, caps, permissions } = row;
  const declared = { commands, caps, permissions };
  const asks = capabilityWords(declared);
  const { approvedCommands, approvedCaps, approvedPermissions } = row;
  if (!approvedCommands) return { asks };
  const had = {
    commands: approvedCommands,
    caps: approvedCaps,
    permissions: approvedPermissions,
  };
  const ends = capabilityWords(beyond(had, declared));
  return {
    asks,
    has: capabilityWords(had),
    after: asks,
    new: capabilityWords(beyond(declared, had)),
    ...(ends !== NOTHING && { ends }),
  };
}

const GAP = 2;
/** Below this many columns for the words, they stand under their label. */
const NARROW = 20;

/**
 * A request as plain lines of at most `width` columns: a label and what it says. 40 columns, a phone's
 * terminal, are enough; so are fewer.
 */
export function cardLines(row: RequestRow, view: { now: number; width: number }): string[] {
  const facts = requestFacts(row, view.now);
  const labels = Math.max(...facts.map(([label]) => textWidth(label))) + GAP;
  const beside = view.width - labels >= NARROW;
  const room = Math.max(1, beside ? view.width - labels : view.width - GAP);
  return facts.flatMap(([label, ...texts]) => {
    const lines = texts.flatMap((text) => wholeWords(text, { room, width: view.width }));
    if (!beside) return [label, ...lines.map((line) => indented(line, GAP, view.width))];
    const [first = ""] = lines;
    // A key is compared, and a link opened, as a whole: it stands below its label where it must.
    if (textWidth(first) > room) lines.unshift("");
    return lines.map((line, i) => {
      if (i === 0) return (label.padEnd(labels) + line).trimEnd();
      return indented(line, labels, view.width);
    });
  });
}

/** Lines of at most `room` columns; a word that needs more has a line of its own, up to `width`. */
function wholeWords(text: string, { room, width }: { room: number; width: number }): string[] {
  const lines: string[] = [];
  let open: string[] = [];
  const close = () => {
    if (open.length > 0) lines.push(...wrapText(open.join(" "), room));
    open = [];
  };
  for (const word of text.split(" ")) {
    const taken = textWidth(word);
    if (taken <= room || taken > width) {
      open.push(word);
      continue;
    }
    close();
    lines.push(word);
  }
  close();
  return lines;
}

/** Indents a line by `indent` columns, or by as many as leave room for its words. */
function indented(line: string, indent: number, width: number): string {
  return " ".repeat(Math.max(0, Math.min(indent, width - textWidth(line)))) + line;
}
