import type { Entry } from "./entry.ts";
import type { DocumentShape } from "./shape.ts";

/** The two states of a document: what is durable, and what will be if all goes well. */
export class Views<State, Change> {
  readonly #shape: DocumentShape<State, Change>;
  #durable: State;
  #working: State;

  constructor(shape: DocumentShape<State, Change>, durable: State) {
    this.#shape = shape;
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

  /** Applies to the working state. If that throws, it is rebuilt from `pending`, and so clean. */
  propose(changes: readonly Change[], pending: () => Entry<Change>[]): void {
    try {
      for (const change of changes) this.#shape.apply(this.#working, change);
    } catch (error) {
      this.rebuild(pending());
      throw error;
    }
  }

  /** Applies to the durable state. */
  show(entry: Entry<Change>): void {
    if (entry.shown) return;
    for (const change of entry.changes) this.#shape.apply(this.#durable, change);
    entry.shown = true;
  }

  /**
   * Makes the working state anew: durable plus `pending`, in order. Costs a pass over all records,
   * so only failures come here. Returns the entries that cannot be applied any more.
   */
  rebuild(pending: readonly Entry<Change>[]): Map<Entry<Change>, unknown> {
    const failed = new Map<Entry<Change>, unknown>();
    for (let clean = false; !clean; ) {
      this.#working = this.#copy();
      clean = true;
      for (const entry of pending) {
        if (entry.shown || failed.has(entry)) continue;
        try {
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

  #copy(): State {
    if (this.#shape.copy) return this.#shape.copy(this.#durable);
    return this.#shape.restore(this.#shape.records(this.#durable));
  }
}
