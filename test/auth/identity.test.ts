import { createHash, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type DeviceProof,
  decodePublicKey,
  deviceIdOf,
  GatewayIdentity,
  type ProofContext,
  signaturePayload,
  verifyProof,
} from "../../src/auth/identity.ts";
import { keyWords } from "../../src/words/key.ts";

/** A connect signed with the key made from 32 bytes of 0x07. */
const PUBLIC = "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";
const ID = "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889";
const SIGNED_AT = 1795372467297;
const NONCE = "31bb06de-c733-452b-b160-5f3a13ca34f8";
const V3 = "7wvFgtpcUQHWGcevx5w2YYIMbdztWaZ--YqSMKZIGtFPLsNVtx4DXefhhyDCdu4C4GABkiCRcPeoVdsB-5_-Bg";
const V2 = "vScEWvQo0Z8fusG6RZtKiXqEeEga4LpdWMPu4K-CpV7R40xt-uSfwYoBLBgk9JDfQOg5FDRYkdZvoLR-ZTYHBA";

const seven = new GatewayIdentity(Buffer.alloc(32, 7));
const der = Buffer.concat([
  Buffer.from("302a300506032b6570032100", "hex"),
  Buffer.from(PUBLIC, "base64url"),
]);
const pem = createPublicKey({ key: der, format: "der", type: "spki" })
  .export({ type: "spki", format: "pem" })
  .toString();

const proof: DeviceProof = {
  id: ID,
  publicKey: PUBLIC,
  signature: V3,
  signedAt: SIGNED_AT,
  nonce: NONCE,
};
const context: ProofContext = {
  nonce: NONCE,
  now: SIGNED_AT,
  fields: {
    clientId: "cli",
    clientMode: "cli",
    role: "operator",
    scopes: ["operator.read", "operator.write"],
    token: "testtoken-0123456789abcdef",
    platform: "linux",
  },
};

function verdict(change: Partial<DeviceProof>, more: Partial<ProofContext> = {}): string {
  const result = verifyProof({ ...proof, ...change }, { ...context, ...more });
  return result.ok ? "ok" : result.failure;
}

describe("the example", () => {
  test("has the id and the payload that it says", () => {
    expect(deviceIdOf(Buffer.from(PUBLIC, "base64url"))).toBe(ID);
    expect(seven.publicKey).toBe(PUBLIC);
    expect(seven.deviceId).toBe(ID);
    const fields = { ...context.fields, deviceId: ID, signedAt: SIGNED_AT, nonce: NONCE };
    expect(signaturePayload(3, fields)).toBe(
      `v3|${ID}|cli|cli|operator|operator.read,operator.write|1795372467297|testtoken-0123456789abcdef|${NONCE}|linux|`,
    );
  });

  test("has the signatures that it says: Ed25519 is deterministic", () => {
    const fields = { ...context.fields, deviceId: ID, signedAt: SIGNED_AT, nonce: NONCE };
    const signed = (v: 2 | 3) =>
      seven.sign(Buffer.from(signaturePayload(v, fields))).toString("base64url");
    expect(signed(3)).toBe(V3);
    expect(signed(2)).toBe(V2);
  });

  test("verifies in version 3 and in version 2", () => {
    expect(verdict({})).toBe("ok");
    expect(verdict({ signature: V2 })).toBe("ok");
  });
});

describe("public keys", () => {
  const padded = Buffer.from(PUBLIC, "base64url").toString("base64");
  test.each([
    ["base64url without padding", PUBLIC],
    ["standard base64 with padding", padded],
    ["PEM", pem],
  ])("are accepted as %s", (_name, publicKey) => {
    expect(verdict({ publicKey })).toBe("ok");
    expect(decodePublicKey(publicKey)?.toString("base64url")).toBe(PUBLIC);
  });

  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  test.each([
    ["DER in base64", der.toString("base64")],
    ["an RSA key in PEM", rsa.export({ type: "spki", format: "pem" }).toString()],
    ["broken PEM", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"],
    ["31 bytes", Buffer.alloc(31).toString("base64url")],
    ["33 bytes", Buffer.alloc(33).toString("base64url")],
    ["nothing", ""],
    ["more than 4096 characters", `${PUBLIC}${"=".repeat(4096)}`],
  ])("are refused as %s", (_name, publicKey) => {
    expect(verdict({ publicKey })).toBe("device-id-mismatch");
  });

  test("whose id is written in upper case are refused", () => {
    expect(verdict({ id: ID.toUpperCase() })).toBe("device-id-mismatch");
  });
});

describe("age and nonce", () => {
  test.each([
    [119_000, "ok"],
    [120_000, "ok"],
    [120_001, "device-signature-stale"],
    [121_000, "device-signature-stale"],
    [-119_000, "ok"],
    [-123_000, "device-signature-stale"],
  ])("signed %i ms ago: %s", (age, expected) => {
    expect(verdict({}, { now: SIGNED_AT + age })).toBe(expected);
  });

  test("white space around the nonce does not matter", () => {
    expect(verdict({ nonce: ` ${NONCE}\n` })).toBe("ok");
  });

  test.each([
    ["", "device-nonce-missing"],
    [" \t", "device-nonce-missing"],
    [NONCE.toUpperCase(), "device-nonce-mismatch"],
  ])("nonce %j: %s", (nonce, expected) => {
    expect(verdict({ nonce })).toBe(expected);
  });

  test("a stale proof with another nonce is called stale", () => {
    expect(verdict({ nonce: "x" }, { now: SIGNED_AT + 500_000 })).toBe("device-signature-stale");
  });
});

describe("signatures", () => {
  test("may be padded standard base64", () => {
    const signature = Buffer.from(V3, "base64url").toString("base64");
    expect(verdict({ signature })).toBe("ok");
  });

  test.each([
    ["63 bytes", Buffer.from(V3, "base64url").subarray(1).toString("base64url")],
    ["65 bytes", Buffer.concat([Buffer.from(V3, "base64url"), Buffer.alloc(1)]).toString("base64")],
    ["nothing", ""],
    ["zeros", Buffer.alloc(64).toString("base64url")],
  ])("of %s are refused", (_name, signature) => {
    expect(verdict({ signature })).toBe("device-signature");
  });

  test.each([
    ["clientId", "test"],
    ["clientMode", "ui"],
    ["role", "node"],
    ["scopes", ["operator.write", "operator.read"]],
    ["token", ""],
    ["platform", "darwin"],
    ["deviceFamily", "Mac"],
  ])("cover %s", (name, value) => {
    const fields = { ...context.fields, [name]: value };
    expect(verdict({}, { fields })).toBe("device-signature");
  });

  test("of version 2 leave platform and family alone", () => {
    const fields = { ...context.fields, platform: "darwin", deviceFamily: "Mac" };
    expect(verdict({ signature: V2 }, { fields })).toBe("ok");
  });

  test("cover platform and family trimmed and in lower case, ASCII letters only", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    const id = createHash("sha256").update(raw).digest("hex");
    const payload = `v3|${id}|cli|cli|operator||5||n|mac os Ä|iphone`;
    const signature = sign(null, Buffer.from(payload), privateKey).toString("base64url");
    const result = verifyProof(
      { id, publicKey: raw.toString("base64url"), signature, signedAt: 5, nonce: "n" },
      {
        nonce: "n",
        now: 5,
        fields: {
          clientId: "cli",
          clientMode: "cli",
          role: "operator",
          scopes: [],
          token: "",
          platform: " Mac OS Ä ",
          deviceFamily: "iPhone",
        },
      },
    );
    expect(result.ok).toBe(true);
  });
});

test("a fingerprint is the first 64 bits of the id in words", () => {
  expect(seven.fingerprint).toBe(keyWords(ID));
});
