import type { Timer, World } from "../lib/world.ts";

/** Calls `beat` at an interval while it is switched on; switched off, no timer runs. */
export class Pulse {
  #timer: Timer | undefined;

  constructor(
    private readonly deps: {
      readonly world: Pick<World, "every">;
      readonly ms: number;
      readonly beat: () => void;
    },
  ) {}

  run(on: boolean): void {
    if (on) this.#timer ??= this.deps.world.every(this.deps.ms, this.deps.beat);
    else this.close();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
