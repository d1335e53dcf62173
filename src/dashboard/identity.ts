/**
 * This browser's device key for a gateway. WebCrypto keeps it where script can't read it; where WebCrypto
 * has no Ed25519, a seed in localStorage and the fallback chunk do the same job.
 */
import { toBase64Url, toHex } from "./bytes.ts";
import { keepPair, SHARED, type StoredPair } from "./key-store.ts";
import type { Grant, Identity } from "./model.ts";
import { isForeign, keepSeed, loadGrant, loadSeed } from "./storage.ts";

export interface KeyWanted {
  /** The gateway's socket address. */
  gateway: string;
  /** What was granted to a key: no other one is of use then, and none is made. */
  grant: Grant | undefined;
  /** The browser's store failed often enough: a browser that is not paired does without. */
  hasFailed: boolean;
}

/**
 * The key, made where there is none.
 * @throws what the browser says where it can't be read now, and an Error where a paired browser has it no
 * longer: a later try may be luckier
 */
export async function loadIdentity(wanted: KeyWanted): Promise<Identity> {
  const { gateway, grant, hasFailed } = wanted;
  const fits = ({ id }: Identity) => !grant?.id || grant.id === id;
  const soft = loadSeed(gateway) && (await seeded(gateway));
  if (soft && fits(soft)) return soft;
  try {
    const pair = await (grant ? storedPair(gateway) : anyPair(gateway));
    const hard = pair && (await fromPair(pair));
    if (hard && fits(hard)) return hard;
  } catch (error) {
    if (grant || !hasFailed) throw error;
  }
  if (grant) throw new Error("it is not there");
  return seeded(gateway);
}

/** The key of the seed that is kept, or of a new one. */
async function seeded(gateway: string): Promise<Identity> {
  const { softIdentity } = await import("./ed25519.ts");
  const seed = loadSeed(gateway);
  // Another tab may have been paired meanwhile, with a key that this one could not read.
  if (!seed && loadGrant(gateway)) throw new Error("it was made in another tab");
  return softIdentity(seed, (made) => keepSeed(gateway, made));
}

async function storedPair(gateway: string): Promise<StoredPair | undefined> {
  const own = await keepPair(gateway);
  if (own || isForeign(gateway)) return own;
  const shared = await keepPair(SHARED);
  // If it can't be stored under its own name now, it is found under the shared one again.
  if (shared) keepPair(gateway, shared).catch(() => {});
  return shared;
}

/** The stored pair, else a new one; nothing where the browser can't make one: plain HTTP, or an old one. */
async function anyPair(gateway: string): Promise<StoredPair | undefined> {
  const stored = await storedPair(gateway);
  const made = stored ? undefined : await generatePair().catch(() => undefined);
  return made ? keepPair(gateway, made) : stored;
}

const ALGORITHM = "Ed25519";

export async function generatePair(): Promise<StoredPair> {
  const { subtle } = crypto;
  const pair = (await subtle.generateKey(ALGORITHM, false, ["sign", "verify"])) as CryptoKeyPair;
  return { privateKey: pair.privateKey, raw: await subtle.exportKey("raw", pair.publicKey) };
}

/** Rejects for a key that does not sign. */
export async function fromPair({ privateKey, raw }: StoredPair): Promise<Identity> {
  const { subtle } = crypto;
  const sign = async (text: string) =>
    toBase64Url(await subtle.sign(ALGORITHM, privateKey, new TextEncoder().encode(text)));
  await sign("");
  return {
    id: toHex(await subtle.digest("SHA-256", raw)),
    publicKey: toBase64Url(raw),
    kept: true,
    sign,
  };
}
