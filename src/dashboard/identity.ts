/**
 * This browser's device key. WebCrypto keeps it where script can't read it; where WebCrypto has
 * no Ed25519, a seed in localStorage and the fallback chunk do the same job.
 */
import { toBase64Url, toHex } from "./bytes.ts";
import { keepPair, type StoredPair } from "./key-store.ts";
import type { Identity } from "./model.ts";
import { recall, remember } from "./storage.ts";

const SEED = "openclaw-device-seed";

export async function loadIdentity(): Promise<Identity> {
  // A seed from an earlier visit stays this browser's key, whatever the browser learnt since.
  const seed = recall(SEED);
  if (!seed) {
    try {
      const pair = (await keepPair()) ?? (await keepPair(await generatePair()));
      if (pair) return await fromPair(pair);
    } catch {
      // Plain HTTP, an old browser, or no IndexedDB (a private window): the fallback works.
    }
  }
  const { softIdentity } = await import("./ed25519.ts");
  return softIdentity(seed, (made) => remember(SEED, made));
}

const ALGORITHM = "Ed25519";

export async function generatePair(): Promise<StoredPair> {
  const { subtle } = crypto;
  const pair = (await subtle.generateKey(ALGORITHM, false, ["sign", "verify"])) as CryptoKeyPair;
  return { privateKey: pair.privateKey, raw: await subtle.exportKey("raw", pair.publicKey) };
}

export async function fromPair({ privateKey, raw }: StoredPair): Promise<Identity> {
  const { subtle } = crypto;
  return {
    id: toHex(await subtle.digest("SHA-256", raw)),
    publicKey: toBase64Url(raw),
    kept: true,
    sign: async (text) =>
      toBase64Url(await subtle.sign(ALGORITHM, privateKey, new TextEncoder().encode(text))),
  };
}
