import { limitValues } from "../../src/limits/table.ts";
import type { Batch } from "../../src/notify/asking.ts";
import type { DeliveryOutcome } from "../../src/notify/delivery.ts";
import { NotifyFailure } from "../../src/notify/failure.ts";
import { composeNotice, type Notice, testNotice } from "../../src/notify/notice.ts";
import { Notifier } from "../../src/notify/notifier.ts";
import type { WebhookSettings } from "../../src/notify/target.ts";
import { HandWorld } from "../kit/world.ts";
import { sender, waiting } from "./support.ts";

const limits = limitValues();

export const refused = (more: { retry?: boolean; retryAfterMs?: number } = {}) =>
  new NotifyFailure("NOTIFY_CONNECT", "nobody answers", { next: "curl x", retry: true, ...more });

/** A notifier in a world of its own, with a receiver that answers when and what the test says. */
export class Bench {
  readonly world = new HandWorld();
  readonly log: string[] = [];
  readonly counted: string[] = [];
  /** The codes that each message showed, and how many more it told of. */
  readonly messages: string[] = [];
  settings: WebhookSettings = { url: "https://ntfy.example.com/x", format: "text", egress: [] };
  /** What the next deliveries come to; arrived when there is none left. */
  readonly failures: (NotifyFailure | undefined)[] = [];
  /** Keeps deliveries under way until it is called. */
  hold: (() => void) | undefined;
  #held: Promise<void> | undefined;
  aborted = 0;
  underWay = 0;
  mostUnderWay = 0;
  broken = false;
  readonly notifier: Notifier;

  constructor() {
    const { world } = this;
    const facts = () => ({ sender, now: world.now(), limits });
    this.notifier = new Notifier({
      world,
      limits,
      settings: () => this.settings,
      delivery: { attempt: (notice, _settings, signal) => this.#attempt(notice, signal) },
      compose: (batch: Batch) => {
        if (this.broken) throw new Error("a defect");
        return composeNotice(batch, facts());
      },
      composeTest: () => testNotice(facts()),
      log: {
        info: (_facts, message) => this.log.push(`info ${message}`),
        warn: (_facts, message) => this.log.push(`warn ${message}`),
      },
      count: (metric) => this.counted.push(metric),
    });
  }

  async #attempt(notice: Notice, signal: AbortSignal | undefined): Promise<DeliveryOutcome> {
    const codes = notice.requests.map(({ requestId }) => requestId).join(" ");
    this.messages.push(notice.event === "test" ? "test" : `${codes} +${notice.more}`);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    signal?.addEventListener("abort", () => {
      this.aborted += 1;
    });
    await this.#held;
    this.underWay -= 1;
    const failure = this.failures.shift();
    const facts = { atMs: this.world.now(), to: "https://ntfy.example.com", ms: 5 };
    return failure ? { ...facts, failure } : { ...facts, status: 200 };
  }

  holdDeliveries(): void {
    this.#held = new Promise((resolve) => {
      this.hold = resolve;
    });
  }

  ask(requestId: string, source?: string): void {
    this.notifier.asked(waiting(requestId, source));
  }

  /** Moves time, and lets what it started come to its end. */
  async pass(ms: number): Promise<void> {
    this.world.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
}
