import { createHash } from "node:crypto";
import { cleanText } from "../lib/text.ts";
import { sshLimitTable } from "../limits/ssh.ts";
import { shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** A public key as OpenSSH writes it (RFC 4253, section 6.6; RFC 8709; PROTOCOL.u2f). */
export interface SshPublicKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** The key in OpenSSH's wire form, base64 with padding, as sshd names it. */
  readonly blob: string;
  /** `SHA256:` and 43 characters of base64, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly comment?: string;
}

/** Why a text is no key that may be added; `problem` completes "that …". */
export interface KeyProblem {
  readonly problem: string;
  readonly next: Text;
}

/** Characters; no public key in use is longer. */
const PUBLIC_KEY_CHARS = sshLimitTable.sshKeyChars.value;
const LEAST_RSA_BITS = 2048;
const ED25519_BYTES = 32;

const GIVE_PUBLIC = "give the public key: the file that ends in .pub, or its one line";
const NEW_KEY = say`${shell`ssh-keygen -t ed25519`}, then give the file that ends in .pub`;

/** What follows the type's name in a key of each type, or why it is none. */
const kinds: Readonly<Record<string, (fields: Fields) => string | undefined>> = {
  "ssh-ed25519": (fields) => ed25519(fields),
  "sk-ssh-ed25519@openssh.com": (fields) => ed25519(fields) ?? application(fields),
  "ecdsa-sha2-nistp256": (fields) => point(fields, "nistp256", 65),
  "ecdsa-sha2-nistp384": (fields) => point(fields, "nistp384", 97),
  "ecdsa-sha2-nistp521": (fields) => point(fields, "nistp521", 133),
  "sk-ecdsa-sha2-nistp256@openssh.com": (fields) =>
    point(fields, "nistp256", 65) ?? application(fields),
  "ssh-rsa": (fields) => rsa(fields),
};

/** Reads one line of a `.pub` file. Nothing but a plain public key passes: no options, no certificate. */
export function readPublicKey(text: string): SshPublicKey | KeyProblem {
  if (text.length > PUBLIC_KEY_CHARS) return bad("is too long for a public key", GIVE_PUBLIC);
  if (/PRIVATE KEY/.test(text)) {
    return bad("is a private key, which must stay where it was made", GIVE_PUBLIC);
  }
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(#|$)/.test(line));
  if (lines.length > 1) return bad("holds several keys", "add them one by one");
  const [type = "", blob = "", ...rest] = (lines[0] ?? "").trim().split(/[ \t]+/);
  if (type.endsWith("-cert-v01@openssh.com")) return bad("is a certificate", GIVE_PUBLIC);
  if (type === "ssh-dss") return bad("is a DSA key, which nobody should trust any more", NEW_KEY);
  const check = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!check) return bad("is no public key of OpenSSH", GIVE_PUBLIC);
  const bytes = Buffer.from(blob, "base64");
  // Node's decoder skips what it does not know; sshd compares the text.
  if (bytes.toString("base64") !== blob)
    return bad("is a key that was cut or changed", GIVE_PUBLIC);
  const fields = new Fields(bytes);
  if (fields.text() !== type) return bad("is a key that was cut or changed", GIVE_PUBLIC);
  const problem = check(fields);
  if (problem !== undefined) return bad(problem, NEW_KEY);
  if (!fields.isAtEnd) return bad("is a key that was cut or changed", GIVE_PUBLIC);
  const comment = cleanText(rest.join(" "));
  const fingerprint = `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`;
  return { type, blob, fingerprint, ...(comment !== undefined && { comment }) };
}

function bad(problem: string, next: Text): KeyProblem {
  return { problem, next };
}

const CUT = "is a key that was cut or changed";

/** The fields of a key: each a length of four bytes and so many bytes (RFC 4251, section 5). */
class Fields {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  next(): Buffer | undefined {
    if (this.#at + 4 > this.bytes.length) return undefined;
    const from = this.#at + 4;
    const end = from + this.bytes.readUInt32BE(this.#at);
    if (end > this.bytes.length) return undefined;
    this.#at = end;
    return this.bytes.subarray(from, end);
  }

  text(): string | undefined {
    return this.next()?.toString("latin1");
  }

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }
}

function ed25519(fields: Fields): string | undefined {
  return fields.next()?.length === ED25519_BYTES ? undefined : CUT;
}

function point(fields: Fields, curve: string, bytes: number): string | undefined {
  if (fields.text() !== curve) return CUT;
  const found = fields.next();
  // Uncompressed (SEC 1, section 2.3.3): the only form that OpenSSH writes.
  return found?.length === bytes && found[0] === 4 ? undefined : CUT;
}

function application(fields: Fields): string | undefined {
  return fields.next() === undefined ? CUT : undefined;
}

function rsa(fields: Fields): string | undefined {
  const [exponent, modulus] = [fields.next(), fields.next()];
  if (!exponent || !modulus) return CUT;
  const bits = BigInt(`0x0${modulus.toString("hex")}`).toString(2).length;
  return bits < LEAST_RSA_BITS ? `is an RSA key of ${bits} bits; 2048 are the least` : undefined;
}
