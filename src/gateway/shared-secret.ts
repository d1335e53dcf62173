import type { ConfigTrail, DurableLine } from "../audit/config-trail.ts";
import type { Decisions } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import {
  type HashedSecret,
  replaceSecret,
  type SecretStore,
  type SecretsChange,
  type SecretsState,
} from "../auth/secret-store.ts";
import { clearSecrets } from "../config/migrate.ts";
import type { ConfigPlan } from "../config/plan.ts";
import type { ConfigStore } from "../config/service.ts";
import { isUnresolved, UNRESOLVED } from "../lib/unresolved.ts";
import type { World } from "../lib/world.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Actor } from "../protocol/access.ts";
import { closes } from "../protocol/close.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest } from "../protocol/errors.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Part } from "../store/parts.ts";
import type { Registry } from "./registry.ts";

const TOKEN_BYTES = 24;

interface Deps {
  readonly secretStore: SecretStore;
  readonly document: Part<SecretsState, SecretsChange>;
  readonly decisions: Decisions;
  readonly world: World;
  readonly pairing: Pairing;
  /** The connections that a change may end. */
  readonly registry: Registry;
  readonly config: Pick<ConfigStore, "plan" | "exclusive">;
  readonly configTrail: Pick<ConfigTrail, "beside" | "settle">;
  /** Whether the configuration in force holds one in clear, which wins over what is stored. */
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
 * Changes the shared secret, and ends what depended on the old one: connections that nothing else had
 * admitted, and, where it is asked for, the tokens granted under it.
 */
export class SharedSecretChanges {
  constructor(private readonly deps: Deps) {}

  isSet(kind: SecretKind): boolean {
    return this.deps.hasClearSecret(kind) || this.deps.secretStore.secrets[kind] !== undefined;
  }

  /** Stores a new shared secret. @throws RequestError LAST_WAY_IN, UNRESOLVED_SECRET */
  async set(kind: SecretKind, secret: string, options: SecretOptions): Promise<SecretOutcome> {
    if (isUnresolved(secret.trim())) {
      const next = openclaw`config set gateway.${kind} -`;
      throw invalidRequest(`the ${kind} is ${UNRESOLVED}`, { code: "UNRESOLVED_SECRET", next });
    }
    const { actor, revokeDerived } = options;
    const endDerived = () => (revokeDerived ? this.deps.pairing.many.endDerived(actor) : []);
    try {
      await this.#store(kind, secret.trim(), options);
    } catch (error) {
      // Where only the file failed the end of these tokens is decided, and they count no more already.
      await endDerived();
      throw error;
    }
    const closed = closeAdmittedBy(this.deps.registry, kind);
    return { closed, revoked: await endDerived() };
  }

  async #store(kind: SecretKind, secret: string, options: SecretOptions): Promise<void> {
    const { config, configTrail } = this.deps;
    if (!this.deps.hasClearSecret(kind)) {
      await this.#decide(kind, secret, options);
      return;
    }
    // One in clear would win over what is stored: it goes once that is durable.
    await config.exclusive(async (turn) => {
      const plan = await turn.plan({ kind: "drop", secrets: [kind] });
      const line = await this.#decide(kind, secret, { ...options, drop: plan });
      await configTrail.settle(line, turn.commit(plan));
      await turn.apply(plan);
    });
  }

  /** Its hash, the line of the audit, and the end of the tokens granted under the old one are one step. */
  async #decide(
    kind: SecretKind,
    secret: string,
    { drop, ...options }: SecretOptions & { readonly drop?: ConfigPlan },
  ): Promise<DurableLine> {
    const { secretStore, decisions, document, pairing, configTrail } = this.deps;
    const { actor, revokeDerived, force } = options;
    const dropped = drop && [`gateway.auth.${kind}`];
    const event = auditOf("secret.set", actor, { kind, revokeDerived, dropped });
    const command =
      kind === "token"
        ? openclaw`token new --revoke-derived`
        : openclaw`config set gateway.${kind} - --revoke-derived`;
    const derived = (epoch: number) =>
      pairing.many.derivedChanges({ epoch, actor, force, command });
    // Who may not is told so before it costs a hash.
    if (revokeDerived) derived(secretStore.secrets[kind]?.epoch ?? 0);
    const hashed = await secretStore.hashed(secret, "cli");
    const { seq = 0 } = await decisions.about(document).decide((state) => {
      const replaced = replaceSecret(state, kind, hashed);
      const ended = revokeDerived ? [derived(replaced.answer.endedEpoch)] : [];
      const also = [...ended, ...(drop ? [configTrail.beside(drop, event)] : [])];
      return { ...replaced, event, also };
    });
    return { seq, event };
  }

  /**
   * Moves secrets that stand in the configuration in clear into the state; unless `apply` it only says
   * what that would change. Their hashes and the line are one step; the file follows.
   */
  async migrate({ apply, actor }: { apply: boolean; actor: Actor }) {
    const { config, configTrail } = this.deps;
    const wanted = { kind: "drop", secrets: clearSecrets } as const;
    if (!apply) return migratedRow(await config.plan(wanted), false);
    return config.exclusive(async (turn) => {
      const plan = await turn.plan(wanted);
      if (kindsOf(plan).length === 0) return migratedRow(plan, false);
      const line = await this.#decideMigration(plan, actor);
      await configTrail.settle(line, turn.commit(plan));
      await turn.apply(plan);
      return migratedRow(plan, true);
    });
  }

  async #decideMigration(plan: ConfigPlan, actor: Actor): Promise<DurableLine> {
    const { secretStore, decisions, document, configTrail } = this.deps;
    const kinds = kindsOf(plan);
    const hashed: (readonly [SecretKind, HashedSecret])[] = [];
    // One after the other: each takes memory and a processor.
    for (const kind of kinds) {
      hashed.push([kind, await secretStore.hashed(plan.secrets[kind] ?? "", "migrated")]);
    }
    const event = auditOf("secret.migrated", actor, { kinds });
    const { seq = 0 } = await decisions.about(document).decide((state) => {
      const changes = hashed.flatMap(([kind, one]) => replaceSecret(state, kind, one).changes);
      return { changes, event, also: [configTrail.beside(plan, event)], answer: undefined };
    });
    return { seq, event };
  }

  async renew(options: SecretOptions): Promise<SecretOutcome & { token: string }> {
    const token = this.deps.world.bytes(TOKEN_BYTES).toString("base64url");
    return { ...(await this.set("token", token, options)), token };
  }
}

function kindsOf({ secrets }: ConfigPlan): SecretKind[] {
  return clearSecrets.filter((kind) => secrets[kind] !== undefined);
}

function migratedRow(plan: ConfigPlan, applied: boolean) {
  return { found: kindsOf(plan), diff: plan.diff, applied };
}

/** Ends connections that nothing but the old secret had admitted; paired devices stay. */
export function closeAdmittedBy(registry: Registry, kind: SecretKind): string[] {
  return registry
    .closeWhere(
      (actor) => actor.method === kind && actor.deviceId === undefined,
      closes.authChanged,
    )
    .map(({ id }) => id);
}

/** What of the configuration decides whether connections without a device key stay. */
export interface DevicelessRule {
  /** The kind of shared secret that admits. */
  readonly kind: SecretKind;
  /** Whether the shared secret alone may give scopes at all. */
  readonly mayHoldScopes: boolean;
}

/** Ends connections without a device key that would not be admitted as they are any more. */
export function closeDeviceless(registry: Registry, rule: DevicelessRule): void {
  const { kind, mayHoldScopes } = rule;
  registry.closeWhere(
    ({ deviceId, method, scopes }) =>
      deviceId === undefined && (method !== kind || (!mayHoldScopes && scopes.length > 0)),
    closes.authChanged,
  );
}
