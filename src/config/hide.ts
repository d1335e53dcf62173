import { cleanText } from "../lib/text.ts";

/** Stands in place of a value that must not be shown, as OpenClaw clients expect it. */
export const REDACTED = "__OPENCLAW_REDACTED__";

/** Stands in place of a value that must not be shown, for people. */
export const HIDDEN = "(hidden)";

const maxShown = 80;

/** A URL by scheme, host and port alone; `rest` stands for what is hidden, if anything is. */
export function originOnly(url: string, rest: string): string {
  if (!URL.canParse(url)) return rest;
  const { origin, href } = new URL(url);
  return href === `${origin}/` ? href : `${origin}/${rest}`;
}

/** Text from a file, made fit for a terminal or a log, at most `max` characters. */
export function clean(text: string, max = maxShown): string {
  return cleanText(text, max) ?? "";
}

/** What was found, in words for a message. Values of secret keys show their kind only. */
export function describeFound(value: unknown, secret: boolean): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : listed(value, secret);
  if (typeof value === "object") return "a section { … }";
  if (secret) return `${typeof value === "string" ? "text" : `a ${typeof value}`} ${HIDDEN}`;
  return typeof value === "string" ? `"${clean(withoutUrlSecrets(value))}"` : String(value);
}

function listed(value: readonly unknown[], secret: boolean): string {
  if (secret) return `a list ${HIDDEN}`;
  const shown = value.slice(0, 3).map((item) => describeFound(item, false));
  return `[${shown.join(", ")}${value.length > 3 ? ", …" : ""}]`;
}

/** URLs carry secrets as `user:password@`, in the path, in the query and in the fragment. */
function withoutUrlSecrets(text: string): string {
  if (!text.includes("//")) return text;
  return text
    .replace(/\/\/.*@/s, `//${HIDDEN}@`)
    .replace(/[?#].*/s, `?${HIDDEN}`)
    .replace(/(:\/\/[^/]*\/).+/s, `$1${HIDDEN}`);
}

/** A dotted path for people; keys with unusual characters are quoted. */
export function showPath(segments: readonly string[]): string {
  let path = "";
  for (const segment of segments) {
    const plain = /^[\w-]+$/.test(segment);
    const shown = plain ? clean(segment) : `[${JSON.stringify(clean(segment))}]`;
    path += path === "" || !plain ? shown : `.${shown}`;
  }
  return path;
}
