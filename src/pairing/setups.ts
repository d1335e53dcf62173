import type { AuditedPart } from "../audit/decisions.ts";
import { joinSecret } from "../auth/tokens.ts";
import type { SetupAccess } from "../protocol/setup-access.ts";
import type { SetupPayload } from "../protocol/setup-code.ts";
import type { Part } from "../store/parts.ts";
import { deviceName } from "../words/device.ts";
import { auditOfFetch } from "./audit.ts";
import { refuseWhileRevoking } from "./being-revoked.ts";
import { hashInvite } from "./invite.ts";
import type { Pairing } from "./pairing.ts";
import {
  type Invite,
  isOpen,
  type PairingChange,
  type PairingEvent,
  type PairingState,
} from "./records.ts";

/** Which device a setup code paired, as clients are told. */
export interface SetupOutcome {
  readonly setupId: string;
  readonly deviceId: string;
  /** The owner's name for it, else its own. */
  readonly deviceName?: string;
  readonly access: SetupAccess;
  /** Wall clock, milliseconds: when it was paired. */
  readonly ts: number;
}

/** `completed`: the device was sent its tokens. `uncertain`: it was gone by then; it may try again. */
export type SetupEnd = "completed" | "uncertain";

type SetupListener = (end: SetupEnd, outcome: SetupOutcome) => void;

interface Deps {
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  readonly decisions: AuditedPart<PairingState, PairingChange>;
  readonly pairing: Pick<Pairing, "now">;
  readonly tokenKey: Uint8Array;
}

/** What becomes of setup codes beside being links: who used them, and the addresses to fetch them. */
export class Setups {
  readonly #listeners = new Set<SetupListener>();

  constructor(private readonly deps: Deps) {}

  listen(listener: SetupListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How the code ended; `undefined` while no device used it, as far as that is durable. */
  ended(setupId: string): { end: SetupEnd; outcome: SetupOutcome } | undefined {
    const { durable, working } = this.deps.document;
    const link = durable.invites.get(setupId);
    const outcome = link && outcomeOf(durable, link);
    if (!outcome) return undefined;
    const toldAtMs = working.invites.get(setupId)?.setup?.toldAtMs;
    return { end: toldAtMs === undefined ? "uncertain" : "completed", outcome };
  }

  /**
   * `hello-ok` with the tokens went out to the device that `inviteId` paired (or could not). That
   * is no promise to a client, so it is written lazily.
   */
  told(inviteId: string, sent: boolean): void {
    const { document, pairing } = this.deps;
    const link = document.working.invites.get(inviteId);
    const outcome = link && outcomeOf(document.working, link);
    // A device that tries again is told again, but the caller that waits for it is not.
    if (!outcome || link.setup?.toldAtMs !== undefined) return;
    if (sent) document.later([{ op: "setup-told", inviteId, at: pairing.now() }]);
    for (const listener of this.#listeners) listener(sent ? "completed" : "uncertain", outcome);
  }

  /**
   * What stands behind a join address: handed out once, durably, and then gone. `undefined` for a
   * code that is unknown, fetched, used, expired or taken back. `from`: who asks, for the audit.
   */
  async fetch(code: string, from: string): Promise<SetupPayload | undefined> {
    const { document, decisions, pairing, tokenKey } = this.deps;
    const secret = joinSecret(tokenKey, code);
    const now = pairing.now();
    // A refusal waits for nothing that is being written.
    if (!joinable(document.working, secret, now)) return undefined;
    const { answer } = await decisions.decide<SetupPayload | undefined>((state) => {
      const found = joinable(state, secret, now);
      if (!found) return { changes: [], answer: undefined };
      refuseWhileRevoking(state);
      const { link, setup } = found;
      const invite: Invite = { ...link, setup: { ...setup, fetchedAtMs: now } };
      const { expiresAtMs } = link;
      const answer = { url: setup.url, bootstrapToken: secret, expiresAtMs };
      return { changes: [{ op: "invite", invite }], event: auditOfFetch(link, from), answer };
    });
    return answer;
  }
}

/** The link of a join address that may still be fetched. */
function joinable(state: PairingState, secret: string, now: number) {
  const link = state.invites.get(state.inviteBySecret.get(hashInvite(secret)) ?? "");
  const setup = link?.setup;
  if (!link || !setup?.joins || setup.fetchedAtMs !== undefined || !isOpen(link, now)) {
    return undefined;
  }
  return { link, setup };
}

/** A setup code pairs one device. */
function outcomeOf(state: PairingState, { inviteId, setup, users }: Invite) {
  const [used] = Object.entries(users);
  if (!setup || !used) return undefined;
  const [deviceId, ts] = used;
  const device = state.devices.get(deviceId);
  const named = device ? { deviceName: device.label ?? deviceName(device) } : {};
  return { setupId: inviteId, deviceId, ...named, access: setup.access, ts } satisfies SetupOutcome;
}
