import { combinedDurability, durabilityOf } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import type { Actor } from "../protocol/access.ts";
import type { Command } from "../protocol/command.ts";
import { gone } from "../requests/book.ts";
import type { RequestEvent } from "../requests/part.ts";
import type { RequestsChange, RequestsState } from "../requests/records.ts";
import type { OtherChanges, Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { yieldToEventLoop } from "../store/time-slices.ts";
import { beingRevoked } from "./being-revoked.ts";
import { derivedUpTo, type Ends, endTokens, everyToken } from "./devices.ts";
import { revokedInvites } from "./invite.ts";
import {
  type Device,
  nodePairing,
  type PairingChange,
  type PairingState,
  type RevokingAll,
} from "./records.ts";
import type { RevocationDeps } from "./revocation.ts";
import {
  askingIn,
  leftOver,
  type OpenAsks,
  planRevokeAll,
  type RevokeAllAsk,
  type RevokeAllPlan,
} from "./revoke-all.ts";

/** Devices whose tokens are ended in one commit. */
const BATCH = 256;

interface Deps extends RevocationDeps {
  /** Called in the turn in which all but some begin to end, before that is durable. */
  readonly ending: (revoking: RevokingAll) => void;
  readonly requests: Part<RequestsState, RequestsChange, RequestEvent>;
}

/** The end of tokens that were granted under a shared secret up to `epoch`. */
export interface DerivedAsk {
  readonly epoch: number;
  readonly actor: Actor;
  readonly force?: boolean | undefined;
  /** The command of the host's owner, without its `--force`. */
  readonly command: Command;
}

/** How many devices had a token that ended, and how many of them were nodes. */
export interface Counted {
  readonly devices: number;
  readonly nodes: number;
}

export type AllRevoked = RevokeAllPlan & Counted & Durability;

/** Which tokens are ended, who asked for it, and what became of it so far. */
interface RevocationRun {
  readonly ends: Ends;
  readonly actor: Actor | "gateway";
  readonly ended: string[];
  nodes: number;
  outcome: Durability;
}

/**
 * Ends the tokens of many devices. A hundred thousand at once would be too much for one commit and one
 * turn of the event loop. So the first commit decides: from then on the state says that these tokens
 * count no more (being-revoked.ts). Their records follow some at a time, after a restart too.
 */
export class MassRevocation {
  #running: Promise<unknown> | undefined;

  constructor(private readonly deps: Deps) {}

  /** All devices but some are being revoked. */
  get revokesAll(): boolean {
    return this.deps.document.working.revokingAll !== undefined;
  }

  /** What {@link revokeAll} would end. @throws RequestError as it does */
  async plan(ask: RevokeAllAsk): Promise<RevokeAllPlan & Counted> {
    const { document } = this.deps;
    const plan = this.#plan(document.working, ask);
    const counted = { devices: 0, nodes: 0 };
    for (const id of leftOver(document.working, everyToken, plan.keeps)) {
      if (id === undefined) {
        await yieldToEventLoop();
        continue;
      }
      counted.devices += 1;
      if (nodePairing(document.working.devices.get(id)) !== undefined) counted.nodes += 1;
    }
    return { ...plan, ...counted };
  }

  #plan(state: PairingState, ask: RevokeAllAsk): RevokeAllPlan {
    const { guard, now, requests } = this.deps;
    return planRevokeAll(state, ask, { guard, now: now(), requests: requests.working });
  }

  /**
   * Ends every token of every device but some, all requests and all links:
   * from its first turn on no token of these devices counts, their connections are not listened to, and
   * nothing is granted. Resolves when nothing is left.
   * @throws RequestError where a device would be left out by a slip, LAST_WAY_IN, BEING_REVOKED
   */
  async revokeAll(ask: RevokeAllAsk): Promise<AllRevoked> {
    while (this.#running) {
      // The quicker one ends soon; the owner on the host is not sent away meanwhile.
      if (ask.actor.method !== "host") throw beingRevoked();
      await this.#running.catch(() => undefined);
    }
    return this.#alone(this.#revokeAll(ask));
  }

  #alone<Result>(work: Promise<Result>): Promise<Result> {
    const over = () => {
      this.#running = undefined;
    };
    this.#running = work.then(over, over);
    return work;
  }

  async #revokeAll(ask: RevokeAllAsk): Promise<AllRevoked> {
    const { document, requests } = this.deps;
    const asked = new Set(requests.durable.requests.keys());
    const { plan, ...first } = await this.#decideAll(ask);
    const { keeps } = plan;
    const run: RevocationRun = {
      ...nothingYet(ask.actor),
      ends: everyToken,
      outcome: first.outcome,
    };
    for (let again = this.#askingAgain(asked); again; again = this.#askingAgain(asked)) {
      run.outcome = combinedDurability(run.outcome, await this.#endAsking(again));
    }
    await this.#endAll(keeps, run, document.working.revokingAll?.last);
    return { ...plan, ...run.outcome, devices: run.ended.length, nodes: run.nodes };
  }

  /**
   * The first step: the line of the act and the mark are one; the end of all requests and links
   * goes with them, in as many commits as it takes.
   */
  async #decideAll(ask: RevokeAllAsk): Promise<{ plan: RevokeAllPlan; outcome: Durability }> {
    const { decisions, document, now, ending } = this.deps;
    const { actor, force } = ask;
    const atMs = now();
    const deciding = decisions.decide((state) => {
      const plan = this.#plan(state, ask);
      const { pending, invites, kept } = plan;
      const keeps = kept.map(({ deviceId }) => deviceId);
      const requests = pending.map(({ requestId }) => requestId);
      const links = invites.map(({ inviteId }) => inviteId);
      const what = { except: keeps, requests, links, forced: force || undefined };
      const caller = actor.deviceId;
      const last = caller === undefined || plan.keeps.has(caller) ? undefined : caller;
      const mark = {
        op: "revoking-all",
        keeps,
        atMs,
        ...(last !== undefined && { last }),
      } as const;
      const event = auditOf("devices.revoked", actor, what);
      return { changes: [mark], event, urgent: true, answer: plan };
    });
    const { revokingAll } = document.working;
    // Refused, in this turn already.
    if (!revokingAll) return { plan: (await deciding).answer, outcome: await deciding };
    ending(revokingAll);
    const [marked, ended] = await Promise.all([deciding, this.#endAsking(this.#asking())]);
    return { plan: marked.answer, outcome: combinedDurability(durabilityOf(marked), ended) };
  }

  /** Ends the tokens that the mark names, until none is left, and takes the mark away. */
  async #endAll(
    keeps: ReadonlySet<string>,
    run: RevocationRun,
    last: string | undefined,
  ): Promise<void> {
    const others = new Set(last === undefined ? keeps : [...keeps, last]);
    while (await this.#endPass(others, run));
    // The caller's own end is the last thing before its answer.
    await this.#endBatch(last === undefined ? [] : [last], run, [{ op: "revoked-all" }]);
  }

  /**
   * Requests and links that are back: what was decided on them was still being written when this
   * began, and failed since. New requests are others' and may be made at any time.
   */
  #askingAgain(asked: ReadonlySet<string>): OpenAsks | undefined {
    const { pending, invites } = this.#asking();
    const again = pending.filter(({ requestId }) => asked.has(requestId));
    return again.length + invites.length > 0 ? { pending: again, invites } : undefined;
  }

  #asking(): OpenAsks {
    const { document, requests, now } = this.deps;
    return askingIn(document.working, { requests: requests.working, now: now() });
  }

  /** Ends requests and links, urgently and in this turn, in as many commits as they take. */
  async #endAsking({ pending, invites }: OpenAsks): Promise<Durability> {
    const { decisions, requestDecisions, now } = this.deps;
    const rejected = pending.map((request) => gone(request, "rejected"));
    return combinedDurability(
      ...(await Promise.all([
        requestDecisions.urgentParts(rejected),
        decisions.urgentParts(revokedInvites(invites, now())),
      ])),
    );
  }

  /**
   * The changes that end every token granted under a shared secret, to be committed with the change of
   * that secret; {@link endDerived} does the rest. @throws RequestError LAST_WAY_IN
   */
  derivedChanges(ask: DerivedAsk): OtherChanges {
    const { guard, document, now } = this.deps;
    const { actor, force, command } = ask;
    const ends = derivedUpTo(ask.epoch);
    // As an operator: what it was let in for as a node says nothing of that.
    const isEnding = ({ tokens: { operator } }: Device) => operator !== undefined && ends(operator);
    guard.check((device) => !isEnding(device), { actor, force, command });
    return document.also([{ op: "revoking-derived", epoch: ask.epoch, atMs: now() }]);
  }

  /** Ends the tokens that {@link derivedChanges} named, as far as that is durable. Returns the devices' ids. */
  async endDerived(actor: Actor | "gateway"): Promise<readonly string[]> {
    const { document } = this.deps;
    const { revokingDerived } = document.durable;
    if (!revokingDerived) return [];
    const { epoch } = revokingDerived;
    const run: RevocationRun = { ...nothingYet(actor), ends: derivedUpTo(epoch) };
    await this.#endPass(new Set(), run);
    await document.commit([{ op: "revoked-derived", epoch }], { urgent: true });
    return run.ended;
  }

  /** Goes on with what a gateway began that was killed in the middle of it. */
  async resume(): Promise<void> {
    const { revokingAll } = this.deps.document.working;
    if (revokingAll) {
      const run: RevocationRun = { ...nothingYet("gateway"), ends: everyToken };
      const { pending, invites } = this.#asking();
      const before = pending.filter(({ ts }) => ts <= revokingAll.atMs);
      await this.#endAsking({ pending: before, invites });
      await this.#alone(this.#endAll(new Set(revokingAll.keeps), run, undefined));
    }
    await this.endDerived("gateway");
  }

  /** One pass through all devices but those that are kept. Whether there were any to end. */
  async #endPass(keeps: ReadonlySet<string>, run: RevocationRun): Promise<boolean> {
    const before = run.ended.length;
    let batch: string[] = [];
    for (const id of leftOver(this.deps.document.working, run.ends, keeps)) {
      if (id !== undefined) batch.push(id);
      if (id !== undefined && batch.length < BATCH) continue;
      await this.#endBatch(batch, run);
      batch = [];
      await yieldToEventLoop();
    }
    await this.#endBatch(batch, run);
    return run.ended.length > before;
  }

  async #endBatch(
    ids: readonly string[],
    run: RevocationRun,
    then: readonly PairingChange[] = [],
  ): Promise<void> {
    const { document, decisions, now } = this.deps;
    const hit = endTokens(document.working, { ids, ends: run.ends, now: now() });
    const devices = hit.devices.map(({ deviceId }) => deviceId);
    for (const id of devices) {
      run.ended.push(id);
      if (nodePairing(document.working.devices.get(id)) !== undefined) run.nodes += 1;
    }
    const changes = [...hit.changes, ...then];
    if (changes.length === 0) return;
    const event = auditOf("tokens.revoked", run.actor, { devices });
    const outcome = await (devices.length > 0
      ? decisions.urgentMany(changes, event)
      : decisions.urgentParts(changes));
    run.outcome = combinedDurability(run.outcome, outcome);
  }
}

function nothingYet(actor: Actor | "gateway") {
  return { actor, ended: [], nodes: 0, outcome: { durable: true } };
}
