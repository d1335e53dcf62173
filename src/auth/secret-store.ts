import type { World } from "../lib/world.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Part, PartShape } from "../store/parts.ts";
import type { Hasher } from "./hasher.ts";
import { GatewayIdentity } from "./identity.ts";
import type { StoredSecret, StoredSecrets } from "./secret.ts";

const KEY_BYTES = 32;

/** The gateway's keys and the hashes of its shared secrets. */
export interface SecretsState {
  /** Seed of the gateway's Ed25519 key, base64url. */
  seed?: string;
  /** Key that device tokens are derived under, base64url. A new one ends them all. */
  tokenKey?: string;
  secrets: StoredSecrets;
}

export type SecretsChange =
  | { op: "keys"; seed: string; tokenKey: string }
  | { op: "secret"; kind: SecretKind; secret: StoredSecret };

/** Keys and secrets as a part of the state. */
export const secretsPart: PartShape<SecretsState, SecretsChange> = {
  empty: () => ({ secrets: {} }),
  apply: (state, change) => {
    if (change.op === "secret") {
      state.secrets = { ...state.secrets, [change.kind]: change.secret };
    } else {
      state.seed = change.seed;
      state.tokenKey = change.tokenKey;
    }
  },
  records: (state) => [{ ...state }],
  restore: (records) => {
    const [state] = records as Iterable<SecretsState>;
    return state ? { ...state } : { secrets: {} };
  },
};

/** Keys and secrets of this gateway, made at the first start and kept from then on. */
export class SecretStore {
  readonly identity: GatewayIdentity;
  /** 32 bytes that the tokens of devices are derived from. */
  readonly tokenKey: Buffer;

  private constructor(
    private readonly document: Part<SecretsState, SecretsChange>,
    private readonly deps: { world: World; hasher: Hasher },
    keys: { identity: GatewayIdentity; tokenKey: Buffer },
  ) {
    this.identity = keys.identity;
    this.tokenKey = keys.tokenKey;
  }

  /** Opens the secret store; makes the gateway's keys if this is its first start. */
  static async open(
    document: Part<SecretsState, SecretsChange>,
    deps: { world: World; hasher: Hasher },
  ): Promise<SecretStore> {
    const made = {
      seed: deps.world.bytes(KEY_BYTES).toString("base64url"),
      tokenKey: deps.world.bytes(KEY_BYTES).toString("base64url"),
    };
    const { seed = made.seed, tokenKey = made.tokenKey } = document.durable;
    if (document.durable.seed === undefined) {
      await document.commit([{ op: "keys", seed, tokenKey }]);
    }
    const identity = new GatewayIdentity(Buffer.from(seed, "base64url"));
    return new SecretStore(document, deps, {
      identity,
      tokenKey: Buffer.from(tokenKey, "base64url"),
    });
  }

  get secrets(): StoredSecrets {
    return this.document.durable.secrets;
  }

  /** The hash of a shared secret, which takes tens of milliseconds, and where it comes from. */
  async hashed(secret: string, source: StoredSecret["source"]): Promise<HashedSecret> {
    const hash = await this.deps.hasher.hash(secret);
    return { hash, source, setAtMs: this.deps.world.now() };
  }

  /** Stores the hash of a new shared secret, without a line of the audit. */
  async setSecret(
    kind: SecretKind,
    secret: string,
    source: StoredSecret["source"],
  ): Promise<{ endedEpoch: number }> {
    const hashed = await this.hashed(secret, source);
    const { answer } = await this.document.decide((state) => replaceSecret(state, kind, hashed));
    return answer;
  }
}

/** A shared secret as it is stored, before it takes the place of another. */
export type HashedSecret = Omit<StoredSecret, "epoch">;

/** Puts a secret in the place of the one before, whose epoch ends (0 where there was none). Pure. */
export function replaceSecret(
  state: SecretsState,
  kind: SecretKind,
  hashed: HashedSecret,
): { changes: readonly SecretsChange[]; answer: { endedEpoch: number } } {
  const endedEpoch = state.secrets[kind]?.epoch ?? 0;
  const secret: StoredSecret = { ...hashed, epoch: endedEpoch + 1 };
  return { changes: [{ op: "secret", kind, secret }], answer: { endedEpoch } };
}
