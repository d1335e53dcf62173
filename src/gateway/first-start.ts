import type { Decisions } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import type { SharedSecrets } from "../auth/secret.ts";
import {
  replaceSecret,
  type SecretStore,
  type SecretsChange,
  type SecretsState,
} from "../auth/secret-store.ts";
import type { World } from "../lib/world.ts";
import { limitTable } from "../limits/table.ts";
import { hostOwner, type Pairing } from "../pairing/pairing.ts";
import { ownerScopes } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import { say } from "../protocol/text.ts";
import type { Part } from "../store/parts.ts";

/** The shared secrets that the environment gave, or files that it names. */
export type GivenSecrets = { readonly [kind in SecretKind]?: string | undefined };

interface Deps {
  readonly world: World;
  readonly secretStore: SecretStore;
  readonly document: Part<SecretsState, SecretsChange>;
  readonly decisions: Decisions;
  readonly pairing: Pairing;
  readonly secrets: SharedSecrets;
  readonly kind: SecretKind;
  /** Set only where there is no secret of that kind yet. */
  readonly given: GivenSecrets;
  /** A person sees the output, so secrets may be shown. */
  readonly terminal: boolean;
}

/** What a person at the terminal must see now, because it cannot be shown again. */
export interface FirstStart {
  /** A shared token that was just made. */
  readonly token?: string;
  /** Secret of a one-time link for the owner; made while no device is paired. */
  readonly ownerInvite?: { readonly secret: string; readonly expiresAtMs: number };
  readonly notes: readonly GatewayNote[];
}

/** Makes what a first start needs: a shared token and the owner's link. Secrets only for a terminal. */
export async function firstStart(deps: Deps): Promise<FirstStart> {
  const notes: GatewayNote[] = [];
  const token = await ensureToken(deps, notes);
  const ownerInvite = await ownerLink(deps);
  return { ...(token !== undefined && { token }), ...(ownerInvite && { ownerInvite }), notes };
}

async function ensureToken(deps: Deps, notes: GatewayNote[]): Promise<string | undefined> {
  const { secrets, kind, given, world, terminal } = deps;
  const wanted = given[kind];
  if (secrets.isSet(kind)) {
    if (wanted !== undefined && (await secrets.verify(kind, wanted, "environment")) !== "ok") {
      notes.push(secretDiffers(kind));
    }
    return undefined;
  }
  if (wanted !== undefined) {
    await storeSecret(deps, wanted, "environment");
    return undefined;
  }
  if (kind === "token" && terminal) {
    const token = world.bytes(24).toString("base64url");
    await storeSecret(deps, token, "first-start");
    return token;
  }
  notes.push(noSecret(kind));
  return undefined;
}

function secretDiffers(kind: SecretKind): GatewayNote {
  const name = kind === "token" ? "OPENCLAW_GATEWAY_TOKEN" : "OPENCLAW_GATEWAY_PASSWORD_FILE";
  const message = `${name} differs from the configured ${kind}, which stays in force`;
  const next = openclaw`config set ${`gateway.${kind}`} -`;
  const text = say`${message}; to change it: ${next}`;
  return { code: "SHARED_TOKEN_DIFFERS", message, next, text };
}

function noSecret(kind: SecretKind): GatewayNote {
  const message = `no shared ${kind} is set; clients that need one are refused`;
  const next = kind === "token" ? openclaw`token new` : openclaw`config set gateway.password -`;
  return { code: "NO_SHARED_SECRET", message, next, text: say`${message} until: ${next}` };
}

async function storeSecret(
  { secretStore, document, decisions, kind }: Deps,
  secret: string,
  how: "environment" | "first-start",
): Promise<void> {
  const hashed = await secretStore.hashed(secret, how);
  const event = auditOf("secret.set", "gateway", { kind, how });
  await decisions.about(document).decide((state) => {
    return { ...replaceSecret(state, kind, hashed), event };
  });
}

async function ownerLink(deps: Deps): Promise<FirstStart["ownerInvite"]> {
  const { pairing, terminal } = deps;
  if (!terminal || pairing.counts().devices > 0) return undefined;
  const ask = {
    role: "operator" as const,
    scopes: ownerScopes,
    expiresInMs: limitTable.inviteDefaultMs.value,
  };
  const { invite, secret } = await pairing.links.make(ask, hostOwner);
  return { secret, expiresAtMs: invite.expiresAtMs };
}
