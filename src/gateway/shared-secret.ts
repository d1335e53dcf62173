import type { AuditFact } from "../audit/chain.ts";
import type { ConfigTrail } from "../audit/config-trail.ts";
import { writeAhead } from "../audit/write-ahead.ts";
import type { SecretStore } from "../auth/secret-store.ts";
import { clearSecrets } from "../config/migrate.ts";
import type { ConfigPlan } from "../config/plan.ts";
import type { ConfigStore } from "../config/service.ts";
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
  readonly config: Pick<ConfigStore, "plan" | "exclusive">;
  readonly configTrail: Pick<ConfigTrail, "ahead">;
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
  /** Also ends the devices' tokens that were granted under the old one. */
  readonly revokeDerived: boolean;
  /** Also where that ends the last way in with full control. */
  readonly force: boolean;
}

/** Changes of the shared secret, and whom they end (design, "When the shared secret changes"). */
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

  /** Stores its hash, with the line of the audit ahead, and returns the epoch that ended. */
  #store(kind: SecretKind, secret: string, { actor, revokeDerived }: SecretOptions) {
    const { secretStore, pairing } = this.deps;
    const store = async () => (await secretStore.setSecret(kind, secret, "cli")).endedEpoch;
    const what = { kind, revokeDerived };
    if (this.deps.hasClearSecret(kind)) return this.#storeAndDrop({ kind, actor, what }, store);
    return writeAhead(pairing, async (announce) => {
      await announce(auditOf("secret.set", actor, what));
      return store();
    });
  }

  /** The one in clear would win over what is stored: it goes once that is durable. */
  #storeAndDrop(
    { kind, actor, what }: { kind: SecretKind; actor: Actor; what: Record<string, AuditFact> },
    store: () => Promise<number>,
  ): Promise<number> {
    const { config, configTrail } = this.deps;
    return config.exclusive(async (turn) => {
      const plan = await turn.plan({ kind: "drop", secrets: [kind] });
      const dropped = [`gateway.auth.${kind}`];
      const line = await configTrail.ahead(
        plan,
        auditOf("secret.set", actor, { ...what, dropped }),
      );
      const change = async () => {
        const endedEpoch = await store();
        await turn.commit(plan);
        return endedEpoch;
      };
      const endedEpoch = await line.settle(change());
      await turn.apply(plan);
      return endedEpoch;
    });
  }

  /**
   * Moves secrets that stand in the configuration in clear into the state; unless `apply` it only says
   * what that would change. Each leaves the file once its hash is durable.
   */
  async migrate({ apply, actor }: { apply: boolean; actor: Actor }) {
    const { config, configTrail } = this.deps;
    const wanted = { kind: "drop", secrets: clearSecrets } as const;
    if (!apply) return migratedRow(await config.plan(wanted), false);
    return config.exclusive(async (turn) => {
      const plan = await turn.plan(wanted);
      const kinds = kindsOf(plan);
      if (kinds.length === 0) return migratedRow(plan, false);
      const line = await configTrail.ahead(plan, auditOf("secret.migrated", actor, { kinds }));
      await line.settle(this.#move(plan.secrets).then(() => turn.commit(plan)));
      await turn.apply(plan);
      return migratedRow(plan, true);
    });
  }

  async #move(secrets: ConfigPlan["secrets"]): Promise<void> {
    for (const kind of clearSecrets) {
      const secret = secrets[kind];
      if (secret !== undefined) await this.deps.secretStore.setSecret(kind, secret, "migrated");
    }
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
export function closeAdmittedBy(gateway: Gateway | undefined, kind: SecretKind): string[] {
  if (!gateway) return [];
  return gateway
    .closeWhere(
      (actor) => actor.method === kind && actor.deviceId === undefined,
      closes.authChanged,
    )
    .map(({ id }) => id);
}
