// @ts-check
// A device's key, and the signed `connect` that it answers a challenge with.
import { createHash, generateKeyPairSync, sign } from "node:crypto";

/**
 * A device's key, as a client keeps it.
 * @typedef {object} TestDevice
 * @property {string} deviceId
 * @property {string} publicKey   base64url without padding
 * @property {import("node:crypto").KeyObject} privateKey
 */

/**
 * What `connect.challenge` says.
 * @typedef {{ nonce: string, ts: number }} Challenge
 */

/**
 * @typedef {object} ConnectOptions
 * @property {TestDevice} [device]
 * @property {Record<string, string>} [auth]
 * @property {string} [role]
 * @property {readonly string[]} [scopes]
 * @property {Record<string, string>} [client]   replaces fields of `client`
 * @property {readonly string[]} [caps]
 * @property {Record<string, unknown>} [params]  replaces or adds fields of the params, after signing
 * @property {Record<string, unknown>} [proof]   replaces fields of `device`, after signing
 * @property {2 | 3} [payloadVersion]            of the signed text; 3 by default
 * @property {number} [signedAt]                 the challenge's time by default
 */

const CLIENT = { id: "test", version: "1.0.0", platform: "linux", mode: "test" };

/** A new device. @returns {TestDevice} */
export function makeDevice() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    deviceId: createHash("sha256").update(raw).digest("hex"),
    publicKey: raw.toString("base64url"),
    privateKey,
  };
}

/**
 * The params of a `connect` that answers `challenge`, signed.
 * @param {Challenge} challenge
 * @param {ConnectOptions} [options]
 * @returns {Record<string, unknown>}
 */
export function connectParams(challenge, options = {}) {
  /** @type {Record<string, string>} */
  const client = { ...CLIENT, ...options.client };
  const { auth, role, scopes, caps, device } = options;
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client,
    ...(role !== undefined && { role }),
    ...(scopes && { scopes }),
    ...(caps && { caps }),
    ...(auth && { auth }),
    ...(device && {
      device: { ...proofOf(challenge, { ...options, device, client }), ...options.proof },
    }),
    ...options.params,
  };
}

/**
 * The proof that the device has its key (docs/protocol.md#the-signed-text).
 * @param {Challenge} challenge
 * @param {ConnectOptions & { device: TestDevice, client: Record<string, string> }} options
 */
function proofOf(challenge, options) {
  const { device, client, auth = {}, payloadVersion, signedAt = challenge.ts } = options;
  const token = auth["token"] ?? auth["deviceToken"] ?? auth["bootstrapToken"] ?? "";
  const fields = [
    device.deviceId,
    client["id"],
    client["mode"],
    options.role ?? "operator",
    (options.scopes ?? []).join(","),
    String(signedAt),
    token,
    challenge.nonce,
  ];
  const lower = (text = "") => text.trim().replace(/[A-Z]/g, (c) => c.toLowerCase());
  const payload =
    payloadVersion === 2
      ? ["v2", ...fields].join("|")
      : ["v3", ...fields, lower(client["platform"]), lower(client["deviceFamily"])].join("|");
  return {
    id: device.deviceId,
    publicKey: device.publicKey,
    signature: sign(null, Buffer.from(payload), device.privateKey).toString("base64url"),
    signedAt,
    nonce: challenge.nonce,
  };
}
