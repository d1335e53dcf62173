import type { Decisions } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import { failureOf } from "../audit/write-ahead.ts";
import {
  replaceSecret,
  type SecretStore,
  type SecretsChange,
  type SecretsState,
} from "../auth/secret-store.ts";
import type { World } from "../lib/world.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Actor } from "../protocol/access.ts";
import { closes } from "../protocol/close.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Part } from "../store/parts.ts";
import type { Gateway } from "./gateway.ts";

const TOKEN_BYTES = 24;

interface Deps {
  readonly secretStore: SecretStore;
  readonly document: Part<SecretsState, SecretsChange>;
  readonly decisions: Decisions;
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

  /** Stores a new shared secret. @throws RequestError LAST_WAY_IN */
  async set(kind: SecretKind, secret: string, options: SecretOptions): Promise<SecretOutcome> {
    const { actor, revokeDerived } = options;
    await this.#store(kind, secret.trim(), options);
    const closed = closeAdmittedBy(this.deps.gateway, kind);
    const revoked = revokeDerived ? await this.deps.pairing.many.endDerived(actor) : [];
    return { closed, revoked };
  }

  /** Its hash, the line of the audit, and the end of the tokens granted under the old one are one step. */
  async #store(kind: SecretKind, secret: string, options: SecretOptions): Promise<void> {
    const { secretStore, decisions, document, pairing } = this.deps;
    const { actor, revokeDerived, force } = options;
    const inClear = this.deps.hasClearSecret(kind);
    const dropped = inClear ? [`gateway.auth.${kind}`] : undefined;
    const event = auditOf("secret.set", actor, { kind, revokeDerived, dropped });
    const command =
      kind === "token"
        ? "token new --revoke-derived"
        : `config set gateway.${kind} - --revoke-derived`;
    const derived = (epoch: number) =>
      pairing.many.derivedChanges({ epoch, actor, force, command });
    // Who may not is told so before it costs a hash.
    if (revokeDerived) derived(secretStore.secrets[kind]?.epoch ?? 0);
    const hashed = await secretStore.hashed(secret, "cli");
    const { seq = 0 } = await decisions.about(document).decide((state) => {
      const replaced = replaceSecret(state, kind, hashed);
      const also = revokeDerived ? [derived(replaced.answer.endedEpoch)] : [];
      return { ...replaced, event, also };
    });
    if (!inClear) return;
    await this.deps.dropClearSecret(kind).catch(async (error: unknown) => {
      await decisions.noteAnyway(failureOf(seq, event, error));
      throw error;
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
