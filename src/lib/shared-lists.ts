/** Lists of which many are the same: each is kept once, and holders of an equal one share it. */
export class SharedLists {
  readonly #lists = new Map<string, readonly string[]>();

  /** `kept`: lists that are remembered; past it the one that was made first is forgotten. */
  constructor(private readonly kept: number) {}

  /** A list with the same words in the same order, which must not be changed. */
  of(words: readonly string[]): readonly string[] {
    const key = JSON.stringify(words);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    // A copy has no spare room behind its last word.
    const list = Object.freeze(words.slice());
    this.#lists.set(key, list);
    const [first] = this.#lists.keys();
    if (this.#lists.size > this.kept && first !== undefined) this.#lists.delete(first);
    return list;
  }
}
