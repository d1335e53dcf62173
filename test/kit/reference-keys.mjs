// @ts-check
// What a host of the reference client does with its key, which it keeps as PEM.
import { createPrivateKey, createPublicKey, sign } from "node:crypto";

/**
 * The Ed25519 signature of `payload`, base64url without padding.
 * @param {string} pem the private key
 * @param {string} payload
 */
export function signDevicePayload(pem, payload) {
  return sign(null, Buffer.from(payload), createPrivateKey(pem)).toString("base64url");
}

/**
 * The 32 bytes of a public key, base64url without padding.
 * @param {string} pem the public key
 */
export function publicKeyRawBase64UrlFromPem(pem) {
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  return der.subarray(-32).toString("base64url");
}
