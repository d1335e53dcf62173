import {
  createPrivateKey,
  createPublicKey,
  hash,
  type JsonWebKeyInput,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { ProofFailure } from "../protocol/refusals.ts";
import { keyWords } from "../words/key.ts";

const RAW_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const MAX_KEY_CHARS = 4096;
const MAX_SKEW_MS = 120_000;
/** DER header of an Ed25519 SubjectPublicKeyInfo (RFC 8410, section 4). */
const SPKI_HEADER = Buffer.from("302a300506032b6570032100", "hex");
/** DER header of an Ed25519 PKCS #8 private key (RFC 8410, section 7). */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** The 32 raw bytes of a public key in any accepted encoding (docs/protocol.md#the-signed-text). */
export function decodePublicKey(text: string): Buffer | undefined {
  if (text.length > MAX_KEY_CHARS) return undefined;
  if (text.includes("BEGIN")) return decodePem(text);
  const bytes = decodeBase64(text);
  return bytes.length === RAW_KEY_BYTES ? bytes : undefined;
}

function decodePem(text: string): Buffer | undefined {
  try {
    const der = createPublicKey(text).export({ type: "spki", format: "der" });
    const isEd25519 = der.subarray(0, SPKI_HEADER.length).equals(SPKI_HEADER);
    return isEd25519 ? der.subarray(SPKI_HEADER.length) : undefined;
  } catch {
    return undefined;
  }
}

/** Base64 and base64url, padded or not: Node's decoder takes both alphabets. */
function decodeBase64(text: string): Buffer {
  return Buffer.from(text, "base64");
}

/** Lower-case hex SHA-256 of the raw public key: a device's id. */
export function deviceIdOf(rawPublicKey: Uint8Array): string {
  return hash("sha256", rawPublicKey, "hex");
}

/** The parts of a connect that its signature covers. */
export interface SignedFields {
  readonly deviceId: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly signedAt: number;
  readonly token: string;
  readonly nonce: string;
  readonly platform?: string | undefined;
  readonly deviceFamily?: string | undefined;
}

/** The text that is signed, version 2 or 3 (docs/protocol.md#the-signed-text). */
export function signaturePayload(version: 2 | 3, fields: SignedFields): string {
  const parts = [
    `v${version}`,
    fields.deviceId,
    fields.clientId,
    fields.clientMode,
    fields.role,
    fields.scopes.join(","),
    String(fields.signedAt),
    fields.token,
    fields.nonce,
  ];
  if (version === 3) parts.push(metadata(fields.platform), metadata(fields.deviceFamily));
  return parts.join("|");
}

/** Trimmed, ASCII letters lowered: other alphabets stay, as clients do it. */
function metadata(value: string | undefined): string {
  const text = (value ?? "").trim();
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}

/** What a device presents to prove that it holds its key. */
export interface DeviceProof {
  readonly id: string;
  readonly publicKey: string;
  readonly signature: string;
  readonly signedAt: number;
  readonly nonce: string;
}

export type ProofVerdict =
  | { ok: true; rawPublicKey: Buffer }
  | { ok: false; failure: ProofFailure };

export interface ProofContext {
  /** The nonce of the socket's challenge. */
  readonly nonce: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly fields: Omit<SignedFields, "deviceId" | "signedAt" | "nonce">;
}

/** Checks a device's proof: id, age, nonce, signature, in the protocol's order. */
export function verifyProof(proof: DeviceProof, context: ProofContext): ProofVerdict {
  const rawPublicKey = decodePublicKey(proof.publicKey);
  if (!rawPublicKey || deviceIdOf(rawPublicKey) !== proof.id) return fail("device-id-mismatch");
  if (Math.abs(context.now - proof.signedAt) > MAX_SKEW_MS) return fail("device-signature-stale");
  const nonce = proof.nonce.trim();
  if (nonce === "") return fail("device-nonce-missing");
  if (nonce !== context.nonce) return fail("device-nonce-mismatch");
  // The spread last: in front of new keys it costs Node.js 20 eight microseconds.
  const fields = { deviceId: proof.id, signedAt: proof.signedAt, nonce, ...context.fields };
  const signature = decodeBase64(proof.signature);
  if (signature.length !== SIGNATURE_BYTES) return fail("device-signature");
  const key = verifyingKey(rawPublicKey);
  const signed = (version: 2 | 3) =>
    verify(null, Buffer.from(signaturePayload(version, fields)), key, signature);
  return signed(3) || signed(2) ? { ok: true, rawPublicKey } : fail("device-signature");
}

function fail(failure: ProofFailure): ProofVerdict {
  return { ok: false, failure };
}

/**
 * As a JSON Web Key: OpenSSL takes 100 µs to find its way through DER, which here is constant. It is
 * used once as a rule, so no key object is made of it.
 */
function verifyingKey(raw: Buffer): JsonWebKeyInput {
  const key = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
  return { key, format: "jwk" };
}

/** The gateway's own key pair, made from its 32-byte seed. */
export class GatewayIdentity {
  readonly publicKey: string;
  readonly deviceId: string;
  readonly rawPublicKey: Buffer;
  readonly #privateKey: KeyObject;

  constructor(seed: Uint8Array) {
    const key = Buffer.concat([PKCS8_HEADER, seed]);
    this.#privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
    const der = createPublicKey(this.#privateKey).export({ type: "spki", format: "der" });
    this.rawPublicKey = der.subarray(SPKI_HEADER.length);
    this.publicKey = this.rawPublicKey.toString("base64url");
    this.deviceId = deviceIdOf(this.rawPublicKey);
  }

  /** The key's {@link fingerprint}, for people to compare. */
  get fingerprint(): string {
    return keyWords(this.deviceId);
  }

  /** An Ed25519 signature over `data`. */
  sign(data: Uint8Array): Buffer {
    return sign(null, data, this.#privateKey);
  }
}
