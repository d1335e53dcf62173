import type { Vault } from "../auth/vault.ts";
import type { World } from "../lib/world.ts";
import { auditOf } from "../pairing/audit.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Actor } from "../protocol/access.ts";
import { closes } from "../protocol/close.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Gateway } from "./gateway.ts";

const TOKEN_BYTES = 24;

interface Deps {
  readonly vault: Vault;
  readonly world: World;
  readonly pairing: Pairing;
  /** Absent where no network side runs (the command line on stopped state). */
  readonly gateway?: Gateway | undefined;
  /** Clear secrets in the config would win over what is stored; they go first. */
  readonly dropClearSecrets: () => Promise<void>;
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
  /** Also ends the devices' tokens that were granted under the old one. */
  readonly revokeDerived: boolean;
}

/** Changes of the shared secret, and whom they end (design, "When the shared secret changes"). */
export class SharedSecretChanges {
  constructor(private readonly deps: Deps) {}

  isSet(kind: SecretKind): boolean {
    return this.deps.hasClearSecret(kind) || this.deps.vault.secrets[kind] !== undefined;
  }

  async set(
    kind: SecretKind,
    secret: string,
    { actor, revokeDerived }: SecretOptions,
  ): Promise<SecretOutcome> {
    const { vault, pairing } = this.deps;
    const { endedEpoch } = await vault.setSecret(kind, secret.trim(), "cli");
    if (this.deps.hasClearSecret(kind)) await this.deps.dropClearSecrets();
    const closed = closeAdmittedBy(this.deps.gateway, kind);
    await pairing.note(auditOf("secret.set", actor, { kind, revokeDerived }));
    const revoked = revokeDerived ? await pairing.revokeDerived(endedEpoch, actor) : [];
    return { closed, revoked };
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
