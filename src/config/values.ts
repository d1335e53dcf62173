import { isIP } from "node:net";
import { canonicalNetwork } from "../lib/net.ts";
import { isWildcardOrigin } from "../lib/origins.ts";
import { longestSocketPath } from "../lib/socket-folder.ts";
import { isUnresolved, UNRESOLVED } from "../lib/unresolved.ts";
import { openclaw } from "../protocol/command.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { say, type Text } from "../protocol/text.ts";
import { REDACTED } from "./hide.ts";

/** A value that does not fit; `reason` says why when "expected …" alone would not. */
export class Refused {
  constructor(
    readonly reason = "",
    /** What helps, where setting the key to its example would not. */
    readonly next?: Text,
  ) {}
}

/** What a key may hold: the words for people, and the reader that checks and normalises. */
export interface ValueType<out T> {
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** The values as a JSON Schema, for programs; `read` may refuse more than a schema can say. */
  readonly schema: JsonSchema;
  read(value: unknown): T | Refused;
}

/** Reads the text of a command line or environment variable as `type`: JSON if that fits, else plain text. */
export function readText<T>(type: ValueType<T>, text: string): T | Refused {
  const asText = type.read(text);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return asText instanceof Refused ? asList(type, text) : asText;
  }
  const asJson = type.read(json);
  if (!(asJson instanceof Refused)) return asJson;
  return asText instanceof Refused && typeof json !== "string" ? asJson : asText;
}

/** Takes `a, b` for keys that hold lists, so that a shell needs no quoted JSON. */
function asList<T>(type: ValueType<T>, text: string): T | Refused {
  const parts = text.split(",").map((part) => part.trim());
  const list = type.read(parts);
  return list instanceof Refused && list.reason === "" ? type.read(text) : list;
}

function type<T>(
  expected: string,
  schema: JsonSchema,
  read: (value: unknown) => T | Refused,
): ValueType<T> {
  return { expected, schema, read };
}

/** Text that passes `check`; the placeholder of a hidden secret never does, nor does a reference. */
function text(expected: string, check: (value: string) => string | Refused): ValueType<string> {
  return type(expected, { type: "string" }, (value) => {
    if (typeof value !== "string") return new Refused();
    if (value.includes(REDACTED)) return new Refused("this is the placeholder for a hidden value");
    return isUnresolved(value) ? new Refused(UNRESOLVED) : check(value);
  });
}

export const flag = type<boolean>("true or false", { type: "boolean" }, (value) =>
  typeof value === "boolean" ? value : new Refused(),
);

export function wholeNumber(min: number, max: number): ValueType<number> {
  const schema = { type: "integer", minimum: min, maximum: max };
  return type(`a whole number from ${min} to ${max}`, schema, (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? value
      : new Refused(),
  );
}

/** One of `words`; `why` explains words that other gateways know and this one refuses. */
export function oneOf<const W extends string>(
  words: readonly W[],
  why: Readonly<Record<string, string>> = {},
): ValueType<W> {
  const expected = `${words
    .slice(0, -1)
    .map((word) => `"${word}"`)
    .join(", ")} or "${words.at(-1)}"`;
  return type(expected, { type: "string", enum: words }, (value) => {
    const known = words.find((word) => word === value);
    if (known !== undefined) return known;
    const reason = typeof value === "string" && Object.hasOwn(why, value) ? why[value] : "";
    return new Refused(reason);
  });
}

export const bindAddress = text('"loopback", "lan", "none" or an IP address', (value) =>
  ["loopback", "lan", "none"].includes(value) || isIP(value) !== 0 ? value : new Refused(),
);

/** The path of a Unix socket. */
export const socketPath = text(`an absolute path of at most ${longestSocketPath} bytes`, (value) =>
  isAbsolutePath(value) && Buffer.byteLength(value) <= longestSocketPath ? value : new Refused(),
);

export const filePath = text("an absolute path", (value) =>
  isAbsolutePath(value) ? value : new Refused(),
);

function isAbsolutePath(value: string): boolean {
  return value.startsWith("/") && !value.endsWith("/") && !/\p{Cc}/u.test(value);
}

/** As openssl and browsers write it too, with colons; kept as hex without them. */
export const certificatePin = text(
  "the SHA-256 fingerprint of a certificate, 64 hex digits",
  (value) => {
    const hex = value.replaceAll(":", "").toLowerCase();
    return /^[0-9a-f]{64}$/.test(hex) ? hex : new Refused();
  },
);

export const webUrl = text("an https:// or http:// URL", (value) => {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return new Refused();
  const url = new URL(value);
  if (url.username !== "" || url.password !== "")
    return new Refused("a URL must not hold a user name or password");
  if (url.hostname.includes("*")) return new Refused("a URL names one host");
  // A password with a slash in it looks like a path, and would be shown.
  if (value.includes("@")) return new Refused("an @ in the path of a URL is written %40");
  if (/[?#]/.test(value)) return new Refused("leave out everything from ? or #");
  return value;
});

const LONGEST_PLAIN = 20;
const URL_FILE = openclaw`config set notify.webhook.urlFile /etc/openclaw-gateway/webhook-url`;
const WEBHOOK_FILE = say`${URL_FILE} (with the URL in that file), then: ${openclaw`config unset notify.webhook.url`}`;

/** A webhook's URL, where it may stand in the configuration: Slack's and others' are secrets themselves. */
export const webhookUrl = text("an https:// or http:// URL that holds no secret", (value) => {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return new Refused();
  const { username, password, pathname } = new URL(value);
  const secret = (what: string) =>
    new Refused(`${what}: write it into a file and set notify.webhook.urlFile`, WEBHOOK_FILE);
  if (username !== "" || password !== "") return secret("a user name or password is a secret");
  if (/[?#]/.test(value)) return secret("what follows ? or # may be a secret");
  const looksRandom = pathname.split("/").some((part) => part.length >= LONGEST_PLAIN);
  return looksRandom ? secret("a part of its path looks like a secret") : value;
});

export const displayName = text("a name of 1 to 64 visible characters", (value) => {
  if (value.trim() === "" || [...value].length > 64) return new Refused();
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(value)
    ? new Refused("it holds control or invisible characters")
    : value;
});

const secretText = text("text of 1 to 1024 characters", (value) =>
  value === "" || value.length > 1024 ? new Refused() : value,
);

/** A secret in clear. OpenClaw also takes a section there that says where the secret is kept. */
export const clearSecret: ValueType<string> = {
  ...secretText,
  read: (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? new Refused(UNRESOLVED)
      : secretText.read(value),
};

/**
 * What follows `ssh ` in a command that people copy into a shell, so nothing but the characters
 * of users, hosts and ports: no option, no space, no quote.
 */
export const sshTarget = text("a host or user@host, or ssh://user@host:port", (value) => {
  const name = "[A-Za-z0-9_][A-Za-z0-9._-]*";
  const plain = new RegExp(`^(${name}@)?(${name}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)$`);
  const url = new RegExp(`^ssh://(${name}@)?(${name}|\\[[0-9A-Fa-f:.]+\\])(:\\d{1,5})?$`);
  return value.length <= 255 && (plain.test(value) || url.test(value)) ? value : new Refused();
});

/** A user's name as useradd(8) takes it: it becomes part of commands and of sshd's configuration. */
export const accountName = text("a user name such as openclaw", (value) =>
  /^[a-z_][a-z0-9_-]{0,31}$/.test(value) ? value : new Refused(),
);

/** A name or address as people type it behind `user@`. */
export const hostName = text("a host name or IP address", (value) =>
  value.length <= 255 && (/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(value) || isIP(value) === 6)
    ? value
    : new Refused(),
);

const maxListItems = 256;

function list(expected: string, read: (item: string) => string | Refused) {
  const schema = { type: "array", items: { type: "string" }, maxItems: maxListItems };
  return type<readonly string[]>(expected, schema, (value) => {
    if (!Array.isArray(value) || value.length > maxListItems) return new Refused();
    const items: string[] = [];
    for (const item of value) {
      if (typeof item === "string" && isUnresolved(item)) return new Refused(UNRESOLVED);
      const good = typeof item === "string" ? read(item) : new Refused();
      if (good instanceof Refused) return good;
      items.push(good);
    }
    return items;
  });
}

/** Written without brackets, zones and blanks, which some programs take and others don't. */
const plainNetwork = /^[\da-f.:]+(\/\d+)?$/i;

export const networks = list(
  'a list of addresses or networks such as ["127.0.0.1", "10.0.0.0/8"]',
  (item) =>
    plainNetwork.test(item) && canonicalNetwork(item) !== undefined ? item : new Refused(),
);

/** Without blanks around a name, as they are read from what a node declares. */
export const commandNames = list('a list of node commands such as ["camera.snap"]', (item) => {
  const name = item.trim();
  return /^[A-Za-z][A-Za-z0-9._:-]{0,127}$/.test(name) ? name : new Refused();
});

/** Normalised to what browsers send in `Origin`: lower case, no default port, no path. */
export const origins = list(
  'a list of origins such as ["https://app.example.com", "https://*.example.net"], or ["*"] for any',
  (item) => {
    if (item === "*") return item;
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+\/?$/i.test(item) || !URL.canParse(item))
      return new Refused();
    const url = new URL(item);
    const origin =
      url.origin === "null" ? `${url.protocol}//${url.host}`.toLowerCase() : url.origin;
    if (!origin.includes("*") || isWildcardOrigin(origin)) return origin;
    return new Refused("a * stands for the first labels of a name, with two or more behind it");
  },
);
