import { checkNative, hashModule } from "../host/native.ts";

/** Argon2id with OWASP's second recommended setting (19 MiB, 2 passes, 1 lane) doubled in memory. */
const PARAMETERS = { memoryCost: 38 * 1024, timeCost: 2, parallelism: 1 } as const;

let loading: Promise<typeof import("argon2")> | undefined;

/** At the first use, once it was seen to be the module that this program was built with. */
async function load() {
  if (!loading) {
    checkNative("argon2", hashModule);
    loading = import("argon2");
  }
  return loading;
}

/** Slow password hashing as a value, so that tests need not wait for it. */
export interface Hasher {
  /** A PHC string that holds salt and parameters. */
  hash(secret: string): Promise<string>;
  verify(hash: string, secret: string): Promise<boolean>;
}

/** Argon2id (RFC 9106). The native module is loaded at the first use: most starts never need it. */
export const argon2Hasher: Hasher = {
  async hash(secret) {
    const argon2 = await load();
    return argon2.hash(secret, { type: argon2.argon2id, ...PARAMETERS });
  },
  async verify(hash, secret) {
    const argon2 = await load();
    return argon2.verify(hash, secret);
  },
};
