import { TokenBucket } from "../lib/token-bucket.ts";
import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { EventName } from "../protocol/events.ts";
import { RawJson } from "../protocol/frames.ts";
import type { Hub } from "./hub.ts";

/** That something began or ended which strangers can make begin and end. */
export interface StrangerEvent {
  /** Names that which began, and later ended. */
  readonly key: string;
  /** The device that it is about. */
  readonly deviceId: string;
  readonly event: EventName;
  /** Asked for when it is told, which may be later. */
  readonly payload: () => unknown;
}

interface Deps {
  readonly hub: Pick<Hub, "audienceAbout" | "publish" | "audience">;
  readonly world: Pick<World, "monotonic" | "after">;
  readonly limits: Pick<
    Limits,
    | "requestEventBurstBytes"
    | "requestEventBytesPerSecond"
    | "requestEventTotalBytesPerSecond"
    | "requestEventsKept"
    | "requestEventsMoreMs"
  >;
  /** Called for each event that was not told when it came. */
  readonly leftOut: () => void;
}

/**
 * Events that strangers cause, within a budget of bytes: however many there are, a listener on a poor line
 * is not closed for them. What is beyond it is counted, which goes out as one small event now and then, and
 * told later: what began and ended meanwhile never, all else once there is room. So who knows nothing of
 * that small event knows all in the end. A timer runs only while something is untold.
 */
export class StrangerEvents {
  readonly #each: TokenBucket;
  readonly #inAll: TokenBucket;
  /** What began, and what ended, by its key; nothing is in both. */
  readonly #begun = new Map<string, StrangerEvent>();
  readonly #ended = new Map<string, StrangerEvent>();
  #more = 0;
  #timer: Timer | undefined;

  constructor(private readonly deps: Deps) {
    const { limits } = deps;
    const total = limits.requestEventTotalBytesPerSecond;
    this.#each = new TokenBucket({
      burst: limits.requestEventBurstBytes,
      perSecond: limits.requestEventBytesPerSecond,
    });
    this.#inAll = new TokenBucket({ burst: total, perSecond: total });
  }

  /** Something began. */
  began(news: StrangerEvent): void {
    if (!this.#tell(news, false)) this.#keep(this.#begun, news);
  }

  /** It ended; `decided` by the owner, which is always told. */
  ended(news: StrangerEvent, decided: boolean): void {
    const untold = this.#begun.delete(news.key);
    if (decided) this.#tell(news, true);
    // No listener heard of it, so none misses its end.
    else if (untold) this.#count();
    else if (!this.#tell(news, false)) this.#keep(this.#ended, news);
  }

  /** Tells it now, where the budget has room for it or it `must` be told; false if it was not. */
  #tell({ deviceId, event, payload }: StrangerEvent, must: boolean): boolean {
    const { hub, world } = this.deps;
    const to = hub.audienceAbout(deviceId, event);
    if (to.length === 0) return true;
    const text = JSON.stringify(payload());
    const bytes = Buffer.byteLength(text);
    const now = world.monotonic();
    const all = bytes * to.length;
    if (!must && (this.#each.until(bytes, now) > 0 || this.#inAll.until(all, now) > 0))
      return false;
    this.#each.take(bytes, now);
    this.#inAll.take(all, now);
    hub.publish(event, new RawJson(text), { to });
    return true;
  }

  #keep(kept: Map<string, StrangerEvent>, news: StrangerEvent): void {
    kept.set(news.key, news);
    const [oldest] = kept.keys();
    if (kept.size > this.deps.limits.requestEventsKept && oldest !== undefined) kept.delete(oldest);
    this.#count();
  }

  #count(): void {
    this.#more += 1;
    this.deps.leftOut();
    this.#wait();
  }

  #wait(): void {
    const { world, limits } = this.deps;
    this.#timer ??= world.after(limits.requestEventsMoreMs, () => {
      this.#timer = undefined;
      this.#tellMore();
      if (!this.#catchUp(this.#ended) || !this.#catchUp(this.#begun)) this.#wait();
    });
  }

  #tellMore(): void {
    const { hub } = this.deps;
    if (this.#more === 0) return;
    hub.publish("device.pair.changed", { more: this.#more });
    this.#more = 0;
  }

  /** Tells what was kept, oldest first, as far as there is room; whether that was all. */
  #catchUp(kept: Map<string, StrangerEvent>): boolean {
    for (const news of kept.values()) {
      if (!this.#tell(news, false)) return false;
      kept.delete(news.key);
    }
    return true;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
