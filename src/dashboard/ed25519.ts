/**
 * The fallback chunk: Ed25519 and SHA-2 in plain script, loaded only where WebCrypto has none
 * (a page on plain HTTP has no `crypto.subtle` at all; older browsers lack Ed25519).
 */
import { getPublicKey, hashes, sign } from "@noble/ed25519";
import { toBase64Url, toHex } from "./bytes.ts";
import type { Identity } from "./model.ts";
import { sha256, sha512 } from "./sha2.ts";

hashes.sha512 = (message) => sha512(message);

const fromHex = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** The key that grows from `seed` (64 hex digits), or from a new one if that is no seed. */
export function softIdentity(seed = "", keep: (seed: string) => boolean): Identity {
  const known = /^[0-9a-f]{64}$/.test(seed);
  const secret = known ? fromHex(seed) : crypto.getRandomValues(new Uint8Array(32));
  const publicKey = getPublicKey(secret);
  return {
    id: toHex(sha256(publicKey)),
    publicKey: toBase64Url(publicKey),
    kept: keep(toHex(secret)),
    sign: async (text) => toBase64Url(sign(new TextEncoder().encode(text), secret)),
  };
}
