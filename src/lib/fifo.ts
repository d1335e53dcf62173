/** Fewer at the head than this are not worth moving the rest for. */
const WASTE = 64;

/**
 * A queue whose first is taken in constant time. A `Map` in the order of its keys is none: it walks over
 * all that were deleted before.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first out. */
  shift(): T | undefined {
    const { first } = this;
    if (this.size === 0) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= WASTE && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
