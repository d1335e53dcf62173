/** What a process is told to end by. SIGHUP is that only where a terminal went away. */
const ALWAYS = ["SIGTERM", "SIGINT"] as const;

/**
 * Whether this process was told to end, from the moment this is made: a signal that comes while the
 * program still loads or starts is neither lost nor deadly, and one that comes again changes nothing.
 */
export class StopSignal {
  #asked = false;
  #listener: () => void = () => {};
  #hungUp: () => void = () => {};
  readonly #handlers = new Map<NodeJS.Signals, () => void>();

  /** `terminal`: a person watches, and SIGHUP says that they left. */
  constructor({ terminal }: { terminal: boolean }) {
    const stop = () => {
      this.#asked = true;
      this.#listener();
    };
    for (const name of ALWAYS) this.#handlers.set(name, stop);
    this.#handlers.set("SIGHUP", terminal ? stop : () => this.#hungUp());
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  get asked(): boolean {
    return this.#asked;
  }

  /**
   * Sets what signals do from now on: `stop` at every signal to end, at once if one came before,
   * and `reload` at a SIGHUP that does not end the process. Replaces the listener before it.
   */
  listen(on: { stop: () => void; reload: () => void }): void {
    this.#listener = on.stop;
    this.#hungUp = on.reload;
    if (this.#asked) on.stop();
  }

  /** Gives the signals back to the system, which ends the process at the next one. */
  close(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }
}
