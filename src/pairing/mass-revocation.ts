import type { Actor } from "../protocol/access.ts";
import type { Durability } from "../store/shape.ts";
import { yieldToEventLoop } from "../store/time-slices.ts";
import { auditOf } from "./audit.ts";
import { beingRevoked, combinedDurability } from "./commits.ts";
import { derivedUpTo, type Ends, endTokens, everyToken, withoutTokens } from "./devices.ts";
import { revokedInvites } from "./invite.ts";
import { type Device, nodePairing, type PairingChange } from "./records.ts";
import type { RevocationDeps } from "./revocation.ts";
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

export interface DerivedAsk {
  /** The end of tokens that were granted under a shared secret up to this epoch. */
  readonly epoch: number;
  readonly actor: Actor;
  readonly force?: boolean | undefined;
  /** The command of the host's owner, without its `--force`. */
  readonly command: string;
}

/** How many devices had a token that ended, and how many of them were nodes. */
export interface Counted {
  readonly devices: number;
  readonly nodes: number;
}

export type AllRevoked = RevokeAllPlan & Counted & Durability;

/** What is ended, for whom, and what became of it so far. */
interface Run {
  readonly ends: Ends;
  readonly actor: Actor;
  devices: number;
  nodes: number;
  outcome: Durability;
  /** Told of some that were ended. */
  readonly ended?: (deviceIds: readonly string[]) => void;
}

/**
 * The ends of many. A hundred thousand at once would be too much for one commit and one turn, so they
 * go some at a time; what must not happen in between does not.
 */
export class MassRevocation {
  #running: Promise<unknown> | undefined;
  /** Set while all devices but these are being revoked. */
  #keeps: ReadonlySet<string> | undefined;

  constructor(private readonly deps: RevocationDeps) {}

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
  async plan(ask: RevokeAllAsk): Promise<RevokeAllPlan & Counted> {
    const { document } = this.deps;
    const plan = this.#plan(ask);
    const counted = { devices: 0, nodes: 0 };
    for (const id of leftOver(document.working, everyToken, plan.keeps)) {
      if (id === undefined) await yieldToEventLoop();
      else countIn(counted, document.working.devices.get(id));
    }
    return { ...plan, ...counted };
  }

  #plan(ask: RevokeAllAsk): RevokeAllPlan {
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
      if (ask.actor.method !== "host") throw beingRevoked();
      await this.#running;
    }
    const run = this.#revokeAll(this.#plan(ask), ask);
    const over = () => {
      this.#running = undefined;
    };
    this.#running = run.then(over, over);
    return run;
  }

  async #revokeAll(plan: RevokeAllPlan, ask: RevokeAllAsk): Promise<AllRevoked> {
    const { document, commits, guard, ending } = this.deps;
    const { keeps } = plan;
    const { actor } = ask;
    const goes = (deviceId: string) => !keeps.has(deviceId);
    this.#keeps = keeps;
    commits.givesNothing = true;
    const release = guard.ending(({ deviceId }) => goes(deviceId));
    // Whoever asks for its own end too waits for the answer: it goes last, right before that.
    const last = actor.deviceId === undefined || keeps.has(actor.deviceId) ? [] : [actor.deviceId];
    const others = new Set([...keeps, ...last]);
    ending((deviceId) => !others.has(deviceId));
    const asked = new Set(document.durable.pending.keys());
    const run: Run = { ...nothingYet(), ends: everyToken, actor };
    try {
      for (let asking: Asking | undefined = plan; asking; asking = this.#askingAgain(asked)) {
        await this.#endAsking({ ...plan, ...asking }, ask, run);
        while (await this.#endPass(others, run));
      }
      await this.#endSome(last, run);
      return { ...plan, ...run.outcome, devices: run.devices, nodes: run.nodes };
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
  async #endAsking(plan: RevokeAllPlan, { actor, force }: RevokeAllAsk, run: Run): Promise<void> {
    const { commits, now, resolved } = this.deps;
    const { pending, invites, keeps } = plan;
    const requests = pending.map(({ requestId }) => requestId);
    const links = invites.map(({ inviteId }) => inviteId);
    const what = { except: [...keeps], requests, links, forced: force || undefined };
    const changes: PairingChange[] = [
      ...requests.map((requestId) => ({ op: "pending-gone", requestId, why: "rejected" }) as const),
      ...revokedInvites(invites, now()),
    ];
    const event = auditOf("devices.revoked", actor, what);
    run.outcome = combinedDurability(run.outcome, await commits.urgentMany(changes, event));
    for (const one of pending) resolved(one, "rejected");
  }

  /**
   * Ends every token granted under a shared secret; `change` is the change of that secret, after which
   * it admits nobody any more. Returns the devices' ids. @throws RequestError LAST_WAY_IN
   */
  async revokeDerived(ask: DerivedAsk, change: () => Promise<number>): Promise<string[]> {
    const { actor, force, command } = ask;
    const ends = derivedUpTo(ask.epoch);
    // As an operator: what it was let in for as a node says nothing of that.
    const isEnding = ({ tokens: { operator } }: Device) => operator !== undefined && ends(operator);
    const { guard } = this.deps;
    guard.check((device) => !isEnding(device), { actor, force, command });
    const release = guard.ending(isEnding);
    try {
      const ended: string[] = [];
      const epoch = await change();
      const told = (ids: readonly string[]) => ended.push(...ids);
      const run: Run = { ...nothingYet(), ends: derivedUpTo(epoch), actor, ended: told };
      await this.#endPass(new Set(), run);
      return ended;
    } finally {
      release();
    }
  }

  /** One pass through all devices but those that are kept. Whether there were any to end. */
  async #endPass(keeps: ReadonlySet<string>, run: Run): Promise<boolean> {
    const before = run.devices;
    let some: string[] = [];
    for (const id of leftOver(this.deps.document.working, run.ends, keeps)) {
      if (id !== undefined) some.push(id);
      if (id !== undefined && some.length < AT_ONCE) continue;
      await this.#endSome(some, run);
      some = [];
      await yieldToEventLoop();
    }
    await this.#endSome(some, run);
    return run.devices > before;
  }

  async #endSome(ids: readonly string[], run: Run): Promise<void> {
    const { document, commits, now, ended } = this.deps;
    const hit = endTokens(document.working, { ids, ends: run.ends, now: now() });
    if (hit.devices.length === 0) return;
    for (const { deviceId } of hit.devices) countIn(run, document.working.devices.get(deviceId));
    const devices = hit.devices.map(({ deviceId }) => deviceId);
    const event = auditOf("tokens.revoked", run.actor, { devices });
    run.outcome = combinedDurability(run.outcome, await commits.urgentMany(hit.changes, event));
    for (const deviceId of devices) ended({ deviceId, why: "revoked", many: true });
    run.ended?.(devices);
  }
}

function nothingYet() {
  return { devices: 0, nodes: 0, outcome: { durable: true } };
}

function countIn(counts: { devices: number; nodes: number }, device: Device | undefined): void {
  counts.devices += 1;
  if (nodePairing(device) !== undefined) counts.nodes += 1;
}
