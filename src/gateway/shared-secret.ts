import { writeAhead } from "../audit/write-ahead.ts";
import type { SecretStore } from "../auth/secret-store.ts";
import type { World } from "../lib/world.ts";
import { auditOf } from "../pairing/audit.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Actor } from "../protocol/access.ts";
import { closes } from "../protocol/close.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Gateway } from "./gateway.ts";

const TOKEN_BYTES = 24;

interface Deps {
  readonly secretStore: SecretStore;
  readonly world: World;
  readonly pairing: Pairing;
  /** Absent where no network side runs (the command line on stopped state). */
  readonly gateway?: Gateway | undefined;
  /** A clear secret in the config would win over what is stored: it goes once that is durable. */
  readonly dropClearSecret: (kind: SecretKind) => Promise<void>;
  readonly hasClearSecret: (kind: SecretKind) => boolean;
}

export interface SecretOutcome {
  /** Connections closed because only the old secret had admitted them. */
  readonly closed: readonly string[];
  /** Devices whose tokens ended. */
  readonly revoked: readonly string[];
}

export interface SecretOptions {
  readonly actor: Actor;
  /** Ends the devices' tokens that were granted under the old secret too. */
  readonly revokeDerived: boolean;
  /** Goes on where that ends the last remaining admin. */
  readonly force: boolean;
}

/**
 * Changes the shared secret, and ends the connections and tokens that depended on the old one
 * (design, "When the shared secret changes").
 */
export class SharedSecretChanges {
  constructor(private readonly deps: Deps) {}

  isSet(kind: SecretKind): boolean {
    return this.deps.hasClearSecret(kind) || this.deps.secretStore.secrets[kind] !== undefined;
  }

  async set(kind: SecretKind, secret: string, options: SecretOptions): Promise<SecretOutcome> {
    const { secretStore, pairing } = this.deps;
    const { actor, revokeDerived, force } = options;
    let closed: readonly string[] = [];
    const change = async () => {
      const endedEpoch = await this.#store(kind, secret.trim(), options);
      closed = closeAdmittedBy(this.deps.gateway, kind);
      return endedEpoch;
    };
    if (!revokeDerived) {
      await change();
      return { closed, revoked: [] };
    }
    const epoch = secretStore.secrets[kind]?.epoch ?? 0;
    const command =
      kind === "token"
        ? "token new --revoke-derived"
        : `config set gateway.${kind} - --revoke-derived`;
    const revoked = await pairing.many.revokeDerived({ epoch, actor, force, command }, change);
    return { closed, revoked };
  }

  /** Stores its hash, after the audit's line about it, and returns the epoch that ended. */
  #store(kind: SecretKind, secret: string, options: SecretOptions): Promise<number> {
    const { secretStore, pairing } = this.deps;
    const { actor, revokeDerived } = options;
    return writeAhead(pairing, async (announce) => {
      const inClear = this.deps.hasClearSecret(kind);
      const dropped = inClear ? [`gateway.auth.${kind}`] : undefined;
      await announce(auditOf("secret.set", actor, { kind, revokeDerived, dropped }));
      const { endedEpoch } = await secretStore.setSecret(kind, secret, "cli");
      if (inClear) await this.deps.dropClearSecret(kind);
      return endedEpoch;
    });
  }

  async renew(options: SecretOptions): Promise<SecretOutcome & { token: string }> {
    const token = this.deps.world.bytes(TOKEN_BYTES).toString("base64url");
    return { ...(await this.set("token", token, options)), token };
  }
}

/** Ends connections that nothing but the old secret had admitted; paired devices stay. */
export function closeAdmittedBy(gateway: Gateway | undefined, kind: SecretKind): string[] {
  if (!gateway) return [];
  return gateway
    .closeWhere(
      (actor) => actor.method === kind && actor.deviceId === undefined,
      closes.authChanged,
    )
    .map(({ id }) => id);
}
