import type { Vps } from "../../kit/vps.ts";

const LOOK_EVERY_MS = 250;

/** The most memory that a machine's programs had at once, looked at four times a second. */
export class PeakMemory {
  #peak = 0;
  #on = true;
  readonly #looking: Promise<void>;

  constructor(private readonly vps: Vps) {
    this.#looking = this.#look();
  }

  get mb(): number {
    return Math.round(this.#peak);
  }

  async #look(): Promise<void> {
    while (this.#on) {
      this.#peak = Math.max(this.#peak, await this.vps.memoryMb().catch(() => 0));
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async close(): Promise<void> {
    this.#on = false;
    await this.#looking;
  }
}
