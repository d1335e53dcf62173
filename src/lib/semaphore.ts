/** Refused because too many already wait. */
export class SemaphoreFull extends Error {
  override readonly name = "SemaphoreFull";
}

/** Runs at most `concurrency` jobs at once; at most `queued` more wait, first come first served. */
export class Semaphore {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly queued: number,
  ) {}

  /**
   * Runs `job` when there is room, and returns what it returns.
   * @throws SemaphoreFull when the queue is full
   */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running >= this.concurrency) {
      if (this.#waiting.length >= this.queued) throw new SemaphoreFull("too many jobs wait");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await job();
    } finally {
      // The place goes straight to the next one, so a newcomer cannot overtake the queue.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  get load(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length };
  }
}
