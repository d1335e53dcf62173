import { createHash, createPrivateKey, createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { toBase64Url } from "../../src/dashboard/bytes.ts";
import { softIdentity } from "../../src/dashboard/ed25519.ts";
import { fromPair, generatePair } from "../../src/dashboard/identity.ts";
import type { Identity } from "../../src/dashboard/model.ts";
import { sha256, sha512 } from "../../src/dashboard/sha2.ts";
import { connectFrame, signaturePayload } from "../../src/dashboard/wire.ts";

/** The published vector: seed of 32 bytes 0x07. */
const ID = "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889";
const PUBLIC_KEY = "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";
const SIGNATURE =
  "7wvFgtpcUQHWGcevx5w2YYIMbdztWaZ--YqSMKZIGtFPLsNVtx4DXefhhyDCdu4C4GABkiCRcPeoVdsB-5_-Bg";
const PAYLOAD = `v3|${ID}|cli|cli|operator|operator.read,operator.write|1795372467297|testtoken-0123456789abcdef|31bb06de-c733-452b-b160-5f3a13ca34f8|linux|`;
const SEED = "07".repeat(32);

/** The vector's key as WebCrypto holds it. */
async function webCryptoIdentity(): Promise<Identity> {
  const head = Buffer.from("302e020100300506032b657004220420", "hex");
  const pkcs8 = Buffer.concat([head, Buffer.from(SEED, "hex")]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return fromPair({ privateKey, raw: new Uint8Array(spki.subarray(-32)).buffer });
}

describe.each([
  ["WebCrypto", webCryptoIdentity],
  ["fallback", async () => softIdentity(SEED, () => true)],
])("%s", (_name, make) => {
  it("meets the vector", async () => {
    const identity = await make();
    expect(identity.id).toBe(ID);
    expect(identity.publicKey).toBe(PUBLIC_KEY);
    expect(await identity.sign(PAYLOAD)).toBe(SIGNATURE);
  });

  it("signs what it sends", async () => {
    const call = {
      calls: 3,
      challenge: { nonce: "31bb06de", ts: 1795372467297 },
      auth: { deviceToken: "t" },
      scopes: ["operator.read"],
    };
    const browser = {
      version: "1",
      platform: "Linux X86_64",
      displayName: "d",
      locale: "l",
      userAgent: "u",
    };
    const { id, params } = JSON.parse(await connectFrame(call, await make(), browser));
    const { device, client } = params;
    const payload = `v3|${ID}|${client.id}|${client.mode}|operator|operator.read|1795372467297|t|31bb06de|linux x86_64|`;
    const head = Buffer.from("302a300506032b6570032100", "hex");
    const der = Buffer.concat([head, Buffer.from(device.publicKey, "base64url")]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    expect(
      verify(null, Buffer.from(payload), key, Buffer.from(device.signature, "base64url")),
    ).toBe(true);
    expect(id).toBe("c3");
    expect(params).toMatchObject({
      minProtocol: 4,
      maxProtocol: 4,
      caps: ["pairing-wait"],
      auth: { deviceToken: "t" },
    });
  });
});

it("builds the vector's payload", () => {
  const signed = {
    client: { id: "cli", mode: "cli", platform: " Linux " },
    role: "operator",
    scopes: ["operator.read", "operator.write"],
    auth: { token: "testtoken-0123456789abcdef" },
  };
  const proof = { id: ID, signedAt: 1795372467297, nonce: "31bb06de-c733-452b-b160-5f3a13ca34f8" };
  expect(signaturePayload(signed, proof)).toBe(PAYLOAD);
  expect(signaturePayload({ ...signed, auth: {}, scopes: [] }, proof)).toContain(
    "|operator||1795372467297||",
  );
});

it("makes keys that can't be read", async () => {
  const pair = await generatePair();
  expect(pair.privateKey.extractable).toBe(false);
  expect((await fromPair(pair)).publicKey).toMatch(/^[\w-]{43}$/);
});

it("makes a seed when there is none, and keeps it", () => {
  let kept = "";
  const made = softIdentity("not a seed", (seed) => {
    kept = seed;
    return false;
  });
  expect(kept).toMatch(/^[0-9a-f]{64}$/);
  expect(made.kept).toBe(false);
  expect(softIdentity(kept, () => true).id).toBe(made.id);
});

it.each([0, 1, 55, 56, 63, 64, 111, 112, 127, 128, 200, 1000])(
  "hashes %i bytes as Node does",
  (length) => {
    const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) % 256);
    expect(Buffer.from(sha256(message))).toEqual(createHash("sha256").update(message).digest());
    expect(Buffer.from(sha512(message))).toEqual(createHash("sha512").update(message).digest());
  },
);

it("writes base64url without padding", () => {
  expect(toBase64Url(Uint8Array.of(0xfb, 0xff, 0xfe, 0))).toBe("-__-AA");
});
