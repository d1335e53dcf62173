import type { Actor } from "../protocol/access.ts";
import { unavailable } from "../protocol/errors.ts";
import { breathe } from "../store/slices.ts";
import { auditOf } from "./audit.ts";
import { type Durability, together } from "./commits.ts";
import { derivedUpTo, type Ends, endTokens, everyToken, withoutTokens } from "./devices.ts";
import type { EndingDeps } from "./endings.ts";
import { revokedInvites } from "./invite.ts";
import type { Device, PairingChange } from "./records.ts";
import {
  type Asking,
  askingIn,
  leftOver,
  planRevokeAll,
  type RevokeAllAsk,
  type RevokeAllPlan,
} from "./revoke-all.ts";

/** Devices whose tokens are ended in one commit. */
const AT_ONCE = 256;
const RETRY_MS = 1000;

export interface DerivedAsk {
  /** The end of tokens that were granted under a shared secret up to this epoch. */
  readonly epoch: number;
  readonly actor: Actor;
  readonly force?: boolean | undefined;
  /** The command of the host's owner, without its `--force`. */
  readonly command: string;
}

export type AllRevoked = RevokeAllPlan & Durability;

/**
 * The ends of many. A hundred thousand at once would be too much for one commit and one turn, so they
 * go some at a time; what must not happen in between does not.
 */
export class MassEndings {
  #running: Promise<unknown> | undefined;
  /** Set while all devices but these are being revoked. */
  #keeps: ReadonlySet<string> | undefined;

  constructor(private readonly deps: EndingDeps) {}

  /** All devices but some are being revoked. */
  get revokesAll(): boolean {
    return this.#keeps !== undefined;
  }

  /** A device as it counts from the moment in which the revocation of all but some began. */
  asItCounts(device: Device | undefined): Device | undefined {
    if (!device || !this.#keeps || this.#keeps.has(device.deviceId)) return device;
    return withoutTokens(device, everyToken, this.deps.now()) ?? device;
  }

  /** What {@link revokeAll} would end. @throws as it does */
  plan(ask: RevokeAllAsk): RevokeAllPlan {
    const { document, guard, now } = this.deps;
    return planRevokeAll(document.working, ask, { guard, now: now() });
  }

  /**
   * Ends every token of every device but some, all requests and all links, whatever comes meanwhile:
   * from its first turn on no token of these devices counts, their connections are not listened to,
   * and nobody is given anything. Resolves when nothing is left.
   */
  async revokeAll(ask: RevokeAllAsk): Promise<AllRevoked> {
    while (this.#running) {
      // Whoever was quicker ends soon; the owner on the host is not sent away meanwhile.
      if (ask.actor.method !== "host") throw busy();
      await this.#running;
    }
    const run = this.#revokeAll(this.plan(ask), ask);
    const over = () => {
      this.#running = undefined;
    };
    this.#running = run.then(over, over);
    return run;
  }

  async #revokeAll(plan: RevokeAllPlan, { actor, force }: RevokeAllAsk): Promise<AllRevoked> {
    const { document, commits, guard, ending } = this.deps;
    const { keeps } = plan;
    const goes = (deviceId: string) => !keeps.has(deviceId);
    this.#keeps = keeps;
    commits.givesNothing = true;
    const release = guard.ending(({ deviceId }) => goes(deviceId));
    ending((deviceId) => goes(deviceId) && deviceId !== actor.deviceId);
    const asked = new Set(document.durable.pending.keys());
    try {
      let outcome = await this.#endAsking(plan, { actor, force });
      for (;;) {
        const ids = leftOver(document.working, keeps, actor.deviceId);
        const asking = this.#askingAgain(asked);
        if (ids.length === 0 && !asking) return { ...plan, ...outcome };
        const rest = asking && (await this.#endAsking({ ...plan, ...asking }, { actor, force }));
        const ended = await this.#endSome(ids, { ends: everyToken, actor });
        outcome = together(outcome, ended, ...(rest ? [rest] : []));
      }
    } finally {
      this.#keeps = undefined;
      commits.givesNothing = false;
      release();
    }
  }

  /**
   * Requests and links that are back: what was decided on them was still being written when this
   * began, and failed since. New requests are others' and may be made at any time.
   */
  #askingAgain(asked: ReadonlySet<string>): Asking | undefined {
    const { pending, invites } = askingIn(this.deps.document.working, this.deps.now());
    const again = pending.filter(({ requestId }) => asked.has(requestId));
    return again.length + invites.length > 0 ? { pending: again, invites } : undefined;
  }

  /** The first step: the line of the act, and the end of whatever could become a device. */
  async #endAsking(
    plan: RevokeAllPlan,
    { actor, force }: Pick<RevokeAllAsk, "actor" | "force">,
  ): Promise<Durability> {
    const { commits, now, resolved } = this.deps;
    const { pending, invites, keeps, devices } = plan;
    const requests = pending.map(({ requestId }) => requestId);
    const links = invites.map(({ inviteId }) => inviteId);
    const what = { except: [...keeps], devices, requests, links, forced: force || undefined };
    const changes: PairingChange[] = [
      ...requests.map((requestId) => ({ op: "pending-gone", requestId, why: "rejected" }) as const),
      ...revokedInvites(invites, now()),
    ];
    const event = auditOf("devices.revoked", actor, what);
    const outcome = await commits.urgentMany(changes, event);
    for (const one of pending) resolved(one, "rejected");
    return outcome;
  }

  /**
   * Ends every token granted under a shared secret; `change` is the change of that secret, after which
   * it admits nobody any more. Returns the devices' ids. @throws RequestError LAST_WAY_IN
   */
  async revokeDerived(ask: DerivedAsk, change: () => Promise<number>): Promise<string[]> {
    const { document, guard, now } = this.deps;
    const { actor, force, command } = ask;
    const ends = derivedUpTo(ask.epoch);
    const after = (device: Device) => withoutTokens(device, ends, now()) ?? device;
    guard.check(after, { actor, force, command });
    const release = guard.ending((device) => withoutTokens(device, ends, 0) !== undefined);
    try {
      const ended: string[] = [];
      const facts = { ends: derivedUpTo(await change()), actor, ended };
      await this.#endSome([...document.working.devices.keys()], facts);
      return ended;
    } finally {
      release();
    }
  }

  /** Some at a time. `ended` takes the ids of those that had such a token. */
  async #endSome(
    ids: readonly string[],
    facts: { ends: Ends; actor: Actor; ended?: string[] },
  ): Promise<Durability> {
    const { document, commits, now, ended } = this.deps;
    let outcome: Durability = { durable: true };
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      if (at > 0) await breathe();
      const some = ids.slice(at, at + AT_ONCE);
      const hit = endTokens(document.working, { ids: some, ends: facts.ends, now: now() });
      if (hit.devices.length === 0) continue;
      const devices = hit.devices.map(({ deviceId }) => deviceId);
      const event = auditOf("tokens.revoked", facts.actor, { devices });
      outcome = together(outcome, await commits.urgentMany(hit.changes, event));
      for (const deviceId of devices) ended({ deviceId, why: "revoked" });
      facts.ended?.push(...devices);
    }
    return outcome;
  }
}

function busy() {
  return unavailable("all devices but some are being revoked; try again in a moment", RETRY_MS);
}
