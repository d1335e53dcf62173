/** How many of something each key has; keys that have none are not kept. */
export class KeyCounts implements Iterable<readonly [key: string, count: number]> {
  readonly #counts = new Map<string, number>();

  /** Keys that have any. */
  get size(): number {
    return this.#counts.size;
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** So many more, or fewer: what a key does not have is not taken from it. */
  add(key: string, change = 1): void {
    const count = this.of(key) + change;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }

  /** Takes one of `key` away; false if it has none. */
  take(key: string): boolean {
    if (!this.#counts.has(key)) return false;
    this.add(key, -1);
    return true;
  }

  [Symbol.iterator]() {
    return this.#counts.entries();
  }
}
