import { cleanText } from "../lib/text.ts";
import { OFFERED, roleWords, scopeInWords, shownScopes } from "./scopes.ts";

/** What a device says about itself, as it stands in a row of the gateway. Not cleaned. */
export interface DeviceWords {
  readonly deviceId: string;
  readonly displayName?: string;
  readonly operatorLabel?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly clientId?: string;
  readonly clientMode?: string;
  /** The program by its user agent or id, with its version: `sample-app/2.1`. */
  readonly program?: string;
  readonly browserOrigin?: string;
  readonly remoteIp?: string;
}

/** Text from elsewhere on one line, fit for a terminal; `-` where nothing is left. */
export function shown(value: unknown, max = 64): string {
  return cleanText(value, max) ?? "-";
}

const SHORT_ID = 12;

/** The start of a device's id, enough to name it by. */
export function shortId(deviceId: string): string {
  return shown(deviceId).slice(0, SHORT_ID);
}

/**
 * The name people know a device by: the owner's own, else what the device calls itself, else its program
 * and system: `sample-app/2.1 on Linux`.
 */
export function deviceName(device: DeviceWords): string {
  const given = cleanText(device.operatorLabel) ?? cleanText(device.displayName);
  return given ?? programName(device) ?? `device ${shortId(device.deviceId)}`;
}

/** The systems that Node.js has names of its own for. */
const systems: Readonly<Record<string, string>> = {
  linux: "Linux",
  darwin: "macOS",
  win32: "Windows",
  freebsd: "FreeBSD",
};

function programName({ program, clientId, platform, deviceFamily }: DeviceWords) {
  const name = cleanText(program) ?? (clientId === undefined ? undefined : kindOf(clientId));
  const named = cleanText(platform);
  // What pages say of themselves where the browser tells them nothing.
  const system = named === "web" ? cleanText(deviceFamily) : named;
  if (name === undefined || system === undefined) return name;
  return `${name} on ${Object.hasOwn(systems, system) ? systems[system] : system}`;
}

/** A text in quotation marks, with no other in it: nothing that a stranger wrote looks like more than a name. */
export function quoted(text: string): string {
  return `“${text.replace(/[“”]/g, '"')}”`;
}

/** The name where it stands in a sentence. */
export function quotedName(device: DeviceWords): string {
  return quoted(deviceName(device));
}

const clientWords: Readonly<Record<string, string>> = {
  "openclaw-control-ui": "browser",
  "openclaw-browser-copilot": "browser",
  "webchat-ui": "browser",
  webchat: "browser",
  "openclaw-tui": "terminal app",
  cli: "command line",
  "gateway-client": "program",
  "openclaw-macos": "Mac app",
  "openclaw-linux": "Linux app",
  "openclaw-ios": "iOS app",
  "openclaw-watchos": "watch app",
  "openclaw-android": "Android app",
  "node-host": "node",
};

function kindOf(clientId: string): string | undefined {
  return Object.hasOwn(clientWords, clientId) ? clientWords[clientId] : cleanText(clientId);
}

/** What kind of client on what: `browser, Linux x86_64`. */
export function clientKind(device: Omit<DeviceWords, "deviceId">): string {
  const kind = kindOf(device.clientId ?? "");
  const parts = [kind, cleanText(device.deviceFamily), cleanText(device.platform)];
  return parts.filter((part) => part !== undefined).join(", ") || "unknown client";
}

/** Where it comes from; a connection without an address never left its machine, or came by a tunnel. */
export function addressWords(remoteIp: string | undefined): string {
  return cleanText(remoteIp) ?? "local connection";
}

/** Characters: as long as a scope may be (`scopeChars`), so that none is cut. */
const SCOPE_CHARS = 128;

/** Scopes as a person reads them; ones this gateway does not know are named as they are. */
export function scopesInWords(
  scopes: readonly string[] | undefined,
  offered: readonly string[] = [],
): string {
  if (!scopes || scopes.length === 0) return "nothing yet";
  const mark = (scope: string) => (offered.includes(scope) ? ` (${OFFERED})` : "");
  return shownScopes(scopes)
    .map((scope) => shown(scopeInWords(scope), SCOPE_CHARS) + mark(scope))
    .join(", ");
}

/** Roles with what they may do: `operator: see chats and devices`. */
export function accessWords(row: {
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** Those of `scopes` that a device did not ask for. */
  readonly offered?: readonly string[];
}): string {
  const roles = row.roles ?? [row.role ?? "operator"];
  return roles.map((role) => `${shown(role)}${meaning(role, row)}`).join("; ");
}

interface Scopes {
  readonly scopes?: readonly string[];
  readonly offered?: readonly string[];
}

function meaning(role: string, { scopes, offered }: Scopes): string {
  if (role === "operator") return `: ${scopesInWords(scopes, offered)}`;
  return Object.hasOwn(roleWords, role) ? `: ${roleWords[role]}` : "";
}
