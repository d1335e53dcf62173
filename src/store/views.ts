import type { Entry } from "./entry.ts";
import type { DocumentShape, StoreLog } from "./shape.ts";

/** The two states of a document: what is durable, and what will be if all goes well. */
export class Views<State, Change, Event = never> {
  readonly #shape: DocumentShape<State, Change, Event>;
  readonly #log: Pick<StoreLog, "error">;
  readonly #listeners = new Set<(event: Event) => void>();
  /** Events of entries that are shown and not told of yet. */
  readonly #untold = new Map<Entry<Change>, readonly Event[]>();
  /** Events that are being handed out: what a listener changes is told behind them. */
  #telling: Event[] | undefined;
  #durable: State;
  #working: State;

  constructor(
    shape: DocumentShape<State, Change, Event>,
    durable: State,
    log: Pick<StoreLog, "error">,
  ) {
    this.#shape = shape;
    this.#log = log;
    this.#durable = durable;
    this.#working = this.#copy();
  }

  get durable(): State {
    return this.#durable;
  }

  get working(): State {
    return this.#working;
  }

  /** The records of the durable state, for a snapshot. */
  records(): Iterable<unknown> {
    return this.#shape.records(this.#durable);
  }

  /** `changes` with what belongs to them, by the working state. */
  whole(changes: readonly Change[]): readonly Change[] {
    const { consequences } = this.#shape;
    if (!consequences) return changes;
    const [only] = changes;
    // Each connect makes one such change, so it must cost next to nothing.
    if (only !== undefined && changes.length === 1) {
      const more = consequences(this.#working, only);
      return more.length === 0 ? changes : [only, ...more];
    }
    return changes.flatMap((change) => [change, ...consequences(this.#working, change)]);
  }

  /**
   * Applies to the working state.
   * @throws what `apply` threw, after the state was rebuilt from `pending`
   */
  propose(changes: readonly Change[], pending: () => Entry<Change>[]): void {
    try {
      for (const change of changes) this.#shape.apply(this.#working, change);
    } catch (error) {
      this.rebuild(pending());
      throw error;
    }
  }

  /** Applies to the durable state. What follows is told by {@link tell}. */
  show(entry: Entry<Change>): void {
    if (entry.shown) return;
    entry.shown = true;
    let events: Event[] | undefined;
    for (const change of entry.changes) {
      const more =
        this.#listeners.size > 0 ? this.#shape.follows?.(this.#durable, change) : undefined;
      if (more !== undefined && more.length > 0) {
        events ??= [];
        events.push(...more);
      }
      this.#shape.apply(this.#durable, change);
    }
    if (events) this.#untold.set(entry, events);
  }

  /** Hands what followed from an entry that is shown to all listeners, once. */
  tell(entry: Entry<Change>): void {
    const events = this.#untold.get(entry);
    if (!events) return;
    this.#untold.delete(entry);
    if (this.#telling) {
      this.#telling.push(...events);
      return;
    }
    this.#telling = [...events];
    for (const event of this.#telling) this.#handOut(event);
    this.#telling = undefined;
  }

  #handOut(event: Event): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // The change itself is durable: its caller must hear that, also where a listener fails.
        this.#log.error({ err: error }, "what follows from a change failed");
      }
    }
  }

  listen(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Makes the working state anew: durable plus `pending`, in order. Costs a pass over all records,
   * so only failures come here. What belongs to their changes is worked out anew: it may have been part of
   * a commit that failed. Returns the entries that cannot be applied any more.
   */
  rebuild(pending: readonly Entry<Change>[]): Map<Entry<Change>, unknown> {
    const failed = new Map<Entry<Change>, unknown>();
    for (let clean = false; !clean; ) {
      this.#working = this.#copy();
      clean = true;
      for (const entry of pending) {
        if (entry.shown || failed.has(entry)) continue;
        try {
          this.#refit(entry);
          for (const change of entry.changes) this.#shape.apply(this.#working, change);
        } catch (error) {
          failed.set(entry, error);
          clean = false;
          break;
        }
      }
    }
    return failed;
  }

  #refit(entry: Entry<Change>): void {
    const changes = this.whole(entry.given);
    const belonged = entry.changes.length > entry.given.length;
    if (!belonged && changes.length === entry.given.length) return;
    entry.changes = changes;
    entry.text = JSON.stringify(changes);
  }

  #copy(): State {
    if (this.#shape.copy) return this.#shape.copy(this.#durable);
    return this.#shape.restore(this.#shape.records(this.#durable));
  }
}
