import type { World } from "../lib/world.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Document, DocumentShape } from "../store/shape.ts";
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

/** The secret store's document: `gateway.json` and its journal. */
export const secretsShape: DocumentShape<SecretsState, SecretsChange> = {
  name: "gateway",
  version: 1,
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
  private constructor(
    private readonly document: Document<SecretsState, SecretsChange>,
    private readonly deps: { world: World; hasher: Hasher },
    readonly identity: GatewayIdentity,
    readonly tokenKey: Buffer,
  ) {}

  /** Opens the secret store; makes the gateway's keys if this is its first start. */
  static async open(
    document: Document<SecretsState, SecretsChange>,
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
    return new SecretStore(document, deps, identity, Buffer.from(tokenKey, "base64url"));
  }

  get secrets(): StoredSecrets {
    return this.document.durable.secrets;
  }

  /** Stores the hash of a new shared secret and returns the epoch that ended (0 for none). */
  async setSecret(
    kind: SecretKind,
    secret: string,
    source: StoredSecret["source"],
  ): Promise<{ endedEpoch: number }> {
    const hash = await this.deps.hasher.hash(secret);
    const endedEpoch = this.document.working.secrets[kind]?.epoch ?? 0;
    const setAtMs = this.deps.world.now();
    const stored: StoredSecret = { hash, setAtMs, source, epoch: endedEpoch + 1 };
    await this.document.commit([{ op: "secret", kind, secret: stored }]);
    return { endedEpoch };
  }
}
