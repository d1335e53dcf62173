import { createHash } from "node:crypto";
import type { Role } from "../protocol/access.ts";
import { foldTyped } from "./typed.ts";

/** Crockford's base 32: no I, L, O or U, so a code survives being read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS = 8;
const GROUP = 4;

/** How many codes there are. */
export const CODES = ALPHABET.length ** CODE_CHARS;
/** How many codes differ from a given one in one character. */
export const CODES_ONE_OFF = (ALPHABET.length - 1) * CODE_CHARS;

/** 40 bits of SHA-256 over all of `facts`, as `7F3K-Q2MN`: other facts get another code. */
export function shortCode(facts: readonly unknown[]): string {
  const hash = createHash("sha256").update(JSON.stringify(facts)).digest();
  let bits = hash.readUIntBE(0, 5);
  let code = "";
  for (let i = 0; i < CODE_CHARS; i += 1) {
    code = (ALPHABET[bits % 32] ?? "") + code;
    bits = Math.floor(bits / 32);
  }
  return `${code.slice(0, GROUP)}-${code.slice(GROUP)}`;
}

/** More than any way to type a code takes, in characters. */
const MOST_TYPED = 128;

/**
 * A code as a person typed it, made canonical: case, dashes, blanks and what {@link foldTyped} takes for
 * them do not matter, and O, I and L read as the digits they look like. `undefined` when it is no prefix
 * of a code at all.
 */
export function normalizeCode(typed: string): string | undefined {
  if (typed.length > MOST_TYPED) return undefined;
  const plain = foldTyped(typed)
    .toUpperCase()
    .replace(/[ \-_.]/g, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  if (plain === "" || plain.length > CODE_CHARS) return undefined;
  if ([...plain].some((char) => !ALPHABET.includes(char))) return undefined;
  return plain.length > GROUP ? `${plain.slice(0, GROUP)}-${plain.slice(GROUP)}` : plain;
}

/** The whole code that was typed, canonical; `undefined` for anything else. */
export function wholeCode(typed: string): string | undefined {
  const code = normalizeCode(typed);
  return code?.length === CODE_CHARS + 1 ? code : undefined;
}

/** What a code commits to: a request for anything else gets another code. */
export interface CodeFacts {
  readonly deviceId: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly gatewayId: string;
  /** Hex, drawn by the gateway after the request arrived. */
  readonly nonce: string;
}

/** The request id: a short code over all facts. */
export function requestCode(facts: CodeFacts): string {
  return shortCode([
    "pairing-request/1",
    facts.deviceId,
    [...facts.roles].sort(),
    [...facts.scopes].sort(),
    facts.gatewayId,
    facts.nonce,
  ]);
}

const CODE = `[${ALPHABET}]{${GROUP}}-[${ALPHABET}]{${GROUP}}`;
// No word boundaries: before the first word of a line stands the n of its escaped line break.
const NAMED = new RegExp(
  `"(?:requestId|deviceId|nodeId)":"|[0-9a-f]{64}|(?<![0-9A-Z])${CODE}(?![0-9A-Z])`,
);

// A fact that is a UUID (a connection's id) can hold eight digits that read like a code.
const UUID_FACT = /":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g;

/**
 * Whether a line of JSON names a request, a device or a node: by a fact, or by what looks like a code or
 * an id wherever it stands. Quotes inside a text are escaped, so no text looks like a fact.
 */
export function namesRequestOrDevice(line: string): boolean {
  return NAMED.test(line.replace(UUID_FACT, `":""`));
}
