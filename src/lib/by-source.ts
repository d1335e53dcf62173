/** Things by where they come from, in each source oldest first. */
export class BySource<Item> {
  readonly #bySource = new Map<string, Set<Item>>();
  #size = 0;

  constructor(private readonly sourceOf: (item: Item) => string) {}

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    const source = this.sourceOf(item);
    const set = this.#bySource.get(source);
    if (set) set.add(item);
    else this.#bySource.set(source, new Set([item]));
    this.#size += 1;
  }

  /** False if it was not among them. */
  delete(item: Item): boolean {
    const source = this.sourceOf(item);
    const set = this.#bySource.get(source);
    if (!set?.delete(item)) return false;
    this.#size -= 1;
    if (set.size === 0) this.#bySource.delete(source);
    return true;
  }

  /** How many come from one source. */
  from(source: string): number {
    return this.#bySource.get(source)?.size ?? 0;
  }

  /** Those from one source, oldest first. */
  of(source: string): Iterable<Item> {
    return this.#bySource.get(source) ?? [];
  }

  *all(): Iterable<Item> {
    for (const set of this.#bySource.values()) yield* set;
  }

  /** What `pick` finds in the source with most of them, of those in which it finds any. */
  inLargest(pick: (from: Iterable<Item>) => Item | undefined): Item | undefined {
    let largest = 0;
    let found: Item | undefined;
    for (const set of this.#bySource.values()) {
      if (set.size <= largest) continue;
      const one = pick(set);
      if (one === undefined) continue;
      [found, largest] = [one, set.size];
    }
    return found;
  }
}
