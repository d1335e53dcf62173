import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { plainText } from "../protocol/text.ts";
import type { Batch, WaitingRequest } from "./asking.ts";
import type { Delivery, DeliveryOutcome } from "./delivery.ts";
import type { NotifyCode, NotifyFailure } from "./failure.ts";
import type { Format } from "./formats.ts";
import type { Notice } from "./notice.ts";
import { afterMessage, freshPace, type MessagePace, type PaceRules, untilNext } from "./pace.ts";
import { isSet, type WebhookSettings } from "./target.ts";
import { WaitingList } from "./waiting-list.ts";

/** What `status` tells of the webhook. */
export interface NotifyReport {
  readonly configured: boolean;
  readonly format: Format;
  readonly waiting: number;
  /** Messages that arrived and that did not, requests told as a number, and never told. */
  readonly counts: NotifyCounts;
  readonly last?: LastOutcome;
}

export interface NotifyCounts {
  readonly sent: number;
  readonly failed: number;
  readonly merged: number;
  readonly dropped: number;
}

export interface LastOutcome {
  readonly atMs: number;
  readonly ok: boolean;
  /** Scheme, host and port. */
  readonly to?: string;
  readonly status?: number;
  readonly ms: number;
  readonly code?: string;
  readonly error?: string;
  readonly next?: string;
}

interface Deps {
  readonly world: World;
  readonly limits: Limits;
  readonly settings: () => WebhookSettings;
  readonly delivery: Pick<Delivery, "attempt">;
  /** The message about what waits, and the one of a test. */
  readonly compose: (batch: Batch) => Notice;
  readonly composeTest: () => Notice;
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  /** A limit acted; `metric` is its counter. */
  readonly count: (metric: string) => void;
}

/**
 * Tells the owner's webhook who waits for approval. It stands beside pairing: a request is answered
 * before anything here is put together, one message is under way at a time, and failures are
 * counted, logged and shown, and affect nothing else.
 */
export class Notifier {
  readonly #waiting: WaitingList;
  readonly #rules: PaceRules;
  readonly #counts = { sent: 0, failed: 0, merged: 0, dropped: 0 };
  #pace: MessagePace;
  #timer: Timer | undefined;
  /** Runs while something waits that was given up: it is told again then, with company or without. */
  #again: Timer | undefined;
  #underWay: AbortController | undefined;
  #testing: AbortController | undefined;
  /** How often other settings came into force. */
  #changes = 0;
  /** Failed tries of the message that is being delivered. */
  #tries = 0;
  /** Requests of the message under way that ended without a decision: untold, unless it arrives. */
  #lostOnItsWay = 0;
  /** What is tried is what was given up before, without anything new. */
  #isAgain = false;
  /** Something came since the last message was put together. */
  #news = false;
  #last: LastOutcome | undefined;
  /** The log was told that messages do not arrive, and why. */
  #failing: NotifyCode | undefined;
  #closed = false;

  constructor(private readonly deps: Deps) {
    const { world, limits } = deps;
    this.#waiting = new WaitingList(limits.notifyWaiting, limits.notifyNumbered);
    const { notifyGapMs: gapMs, notifyBurst: burst, notifyRefillMs: refillMs } = limits;
    this.#rules = { gapMs, burst, refillMs };
    this.#pace = freshPace(world.monotonic(), this.#rules);
  }

  /** A request waits for the owner. Returns at once; nothing is read, looked up or sent here. */
  asked(request: WaitingRequest): void {
    if (this.#closed || !isSet(this.deps.settings())) return;
    this.#waiting.add(request);
    this.#news = true;
    this.#isAgain = false;
    this.#schedule(this.deps.limits.notifySettleMs);
  }

  /** A request waits no more. `lost`: it ended without a decision. */
  gone(requestId: string, lost: boolean): void {
    const onItsWay = this.#waiting.isOnItsWay(requestId);
    const untold = this.#waiting.remove(requestId);
    if (lost && untold) this.#counts.dropped += 1;
    else if (lost && onItsWay) this.#lostOnItsWay += 1;
    if (this.#waiting.empty) this.#cancelAgain();
  }

  /**
   * Other settings are in force: what waits is tried there, or forgotten where there is no webhook.
   * How long the place of before wanted to be left alone says nothing of the one of now.
   */
  settingsChanged(): void {
    if (this.#closed) return;
    this.#changes += 1;
    this.#isAgain = false;
    this.#tries = 0;
    this.#cancel();
    if (!isSet(this.deps.settings())) {
      this.#waiting.clear();
    } else if (!this.#waiting.empty) {
      this.#schedule(this.deps.limits.notifySettleMs);
    }
  }

  /**
   * Sends a test at once, outside the pace. Resolves with how it went, or with `undefined` while
   * another one is under way; never rejects.
   */
  async test(): Promise<DeliveryOutcome | undefined> {
    if (this.#testing || this.#closed) return undefined;
    const { delivery, settings, composeTest } = this.deps;
    const testing = new AbortController();
    this.#testing = testing;
    try {
      const outcome = await delivery.attempt(composeTest(), settings(), testing.signal);
      if (isSet(settings()) && !this.#closed) this.#note(outcome);
      // What was given up need not wait until its time: the webhook takes messages again.
      if (!outcome.failure && !this.#waiting.empty) this.#schedule(0);
      return outcome;
    } finally {
      this.#testing = undefined;
    }
  }

  report(): NotifyReport {
    const settings = this.deps.settings();
    return {
      configured: isSet(settings),
      format: settings.format,
      waiting: this.#waiting.length,
      counts: { ...this.#counts },
      ...(this.#last && { last: this.#last }),
    };
  }

  get counts(): NotifyCounts {
    return this.#counts;
  }

  /** Ends at once: what is under way is abandoned, what waits is forgotten. */
  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#underWay?.abort();
    this.#testing?.abort();
    this.#waiting.clear();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#cancelAgain();
  }

  #cancelAgain(): void {
    this.#again?.cancel();
    this.#again = undefined;
  }

  #schedule(least: number): void {
    if (this.#timer || this.#underWay || this.#closed) return;
    const { world } = this.deps;
    // A further try is one more request for the same message.
    const paced = this.#tries > 0 ? 0 : untilNext(this.#pace, world.monotonic(), this.#rules);
    this.#timer = world.after(Math.max(least, paced), () => {
      this.#timer = undefined;
      this.#send().catch((error: unknown) => this.#broken(error));
    });
  }

  /** Nothing here may end the gateway, a fault of its own least of all. */
  #broken(err: unknown): void {
    this.#underWay = undefined;
    this.#waiting.delivered();
    this.#tries = 0;
    this.#counts.failed += 1;
    this.deps.log.warn({ err }, "a message for the webhook could not be put together");
  }

  async #send(): Promise<void> {
    const { limits, settings, delivery, compose, world } = this.deps;
    this.#cancelAgain();
    const batch = this.#waiting.take(limits.notifyShown);
    if (!batch) {
      this.#tries = 0;
      return;
    }
    this.#news = false;
    if (this.#tries === 0) {
      this.#pace = afterMessage(this.#pace, world.monotonic(), this.#rules);
    }
    const underWay = new AbortController();
    this.#underWay = underWay;
    const notice = compose(batch);
    const changes = this.#changes;
    const outcome = await delivery.attempt(notice, settings(), underWay.signal);
    this.#underWay = undefined;
    if (this.#closed) return;
    if (outcome.failure) this.#counts.dropped += this.#lostOnItsWay;
    this.#lostOnItsWay = 0;
    if (!outcome.failure) this.#arrived(outcome, notice);
    else if (changes === this.#changes) this.#failed(outcome, outcome.failure);
    else this.#failedAtFormer(outcome);
  }

  /** Handles a failure at a webhook that is not the configured one any more. */
  #failedAtFormer(outcome: DeliveryOutcome): void {
    this.#last = lastOf(outcome);
    this.#waiting.giveBack();
    if (!isSet(this.deps.settings())) this.#waiting.clear();
    else if (!this.#waiting.empty) this.#schedule(this.deps.limits.notifySettleMs);
  }

  #arrived(outcome: DeliveryOutcome, { more }: Notice): void {
    this.#waiting.delivered();
    this.#tries = 0;
    this.#counts.sent += 1;
    this.#counts.merged += more;
    for (let one = 0; one < more; one += 1) this.deps.count("notify-merged");
    this.#note(outcome);
    if (!this.#waiting.empty) this.#schedule(this.deps.limits.notifySettleMs);
  }

  #failed(outcome: DeliveryOutcome, failure: NotifyFailure): void {
    const { limits } = this.deps;
    this.#waiting.giveBack();
    if (failure.retry && this.#tries < limits.notifyRetries) {
      this.#last = lastOf(outcome);
      const own = limits.notifyRetryMs * 2 ** this.#tries;
      const asked = Math.min(failure.retryAfterMs ?? 0, limits.notifyRetryMaxMs);
      this.#tries += 1;
      this.#schedule(Math.max(own, asked));
      return;
    }
    this.#tries = 0;
    this.#counts.failed += 1;
    this.deps.count("notify-failed");
    this.#note(outcome);
    if (this.#news) return this.#schedule(limits.notifySettleMs);
    // What could not be delivered waits for company: the next request takes it along, if one comes.
    if (!this.#waiting.empty) this.#tellAgain();
  }

  #tellAgain(): void {
    this.#again = this.deps.world.after(this.deps.limits.notifyAgainMs, () => {
      this.#again = undefined;
      this.#isAgain = true;
      this.#schedule(0);
    });
  }

  /** Logs changes only: one line when a message is given up, one when they arrive again. */
  #note(outcome: DeliveryOutcome): void {
    const { log } = this.deps;
    const { failure, to, status, ms } = outcome;
    if (failure && !(this.#isAgain && failure.code === this.#failing)) {
      const facts = { code: failure.code, to, status, next: plainText(failure.next) };
      log.warn(facts, `the webhook did not get a message: ${failure.message}`);
    } else if (!failure && this.#failing) {
      log.info({ to, status, ms }, "the webhook gets messages again");
    }
    this.#failing = failure?.code;
    this.#last = lastOf(outcome);
  }
}

function lastOf({ failure, ...facts }: DeliveryOutcome): LastOutcome {
  if (!failure) return { ...facts, ok: true };
  const { code, message, next } = failure;
  return { ...facts, ok: false, code, error: message, next: plainText(next) };
}
