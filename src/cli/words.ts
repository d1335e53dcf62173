import { cleanText } from "../lib/text.ts";
import { ADMIN, scopeWords } from "../protocol/access.ts";
import { clientWords } from "../protocol/client-words.ts";
import type { DeviceWords } from "./wire.ts";

const SHORT_ID = 12;

/** Text from elsewhere on one line, fit for a terminal; `-` where nothing is left. */
export function shown(value: unknown, max = 64): string {
  return cleanText(value, max) ?? "-";
}

/** Lines from elsewhere (a diff, a message), each fit for a terminal. Spaces are kept. */
export function shownLines(text: string): string {
  const words = (line: string) => line.replaceAll("\t", "  ").split(" ");
  return text
    .split("\n")
    .map((line) =>
      words(line)
        .map((word) => cleanText(word, 4096) ?? "")
        .join(" "),
    )
    .join("\n")
    .trimEnd();
}

/** The name people know a device by: the owner's own, else what the device calls itself. */
export function deviceName(device: DeviceWords): string {
  return cleanText(device.operatorLabel) ?? cleanText(device.displayName) ?? "unnamed device";
}

/** The start of a device id, enough for every command. */
export function shortId(deviceId: string): string {
  return shown(deviceId).slice(0, SHORT_ID);
}

/** What kind of client on what: `browser, Linux x86_64`. */
export function clientKind(device: DeviceWords): string {
  const kind = clientWords[device.clientId ?? ""] ?? cleanText(device.clientId);
  const parts = [kind, cleanText(device.deviceFamily), cleanText(device.platform)];
  return parts.filter((part) => part !== undefined).join(", ") || "unknown client";
}

/** Scopes as a person reads them; ones this gateway does not know are named as they are. */
export function scopesInWords(scopes: readonly string[] | undefined): string {
  if (!scopes || scopes.length === 0) return "nothing yet";
  // Full control covers every other scope of an operator; listing them would only hide it.
  if (scopes.includes(ADMIN)) return scopeWords[ADMIN] ?? ADMIN;
  const known = Object.keys(scopeWords);
  const rank = (scope: string) => (known.indexOf(scope) + known.length + 1) % (known.length + 1);
  const order = [...scopes].sort((a, b) => rank(a) - rank(b));
  return order.map((scope) => scopeWords[scope] ?? shown(scope)).join(", ");
}

/** Roles with what they may do: `operator: see everything, send and act`. */
export function accessWords(row: {
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
}): string {
  const roles = row.roles ?? [row.role ?? "operator"];
  return roles
    .map((role) => (role === "operator" ? `operator: ${scopesInWords(row.scopes)}` : shown(role)))
    .join("; ");
}

/** `1 device`, `3 devices`. */
export function count(many: number, noun: string): string {
  return `${many} ${noun}${many === 1 ? "" : "s"}`;
}

/** The command that approves what waits. With several nobody's code is put into a person's mouth. */
export function approveCommand(pending: readonly { readonly requestId: string }[]): string {
  const [first] = pending;
  const only = pending.length === 1 && first !== undefined;
  return `openclaw devices approve ${only ? shown(first.requestId) : "CODE"}`;
}
