import type { Timer, World } from "../lib/world.ts";
import type { Hub } from "./hub.ts";

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

/** Runs `pulses` while `hub` has receivers. Returns how to stop them for good. */
export function pulseWhileOccupied(hub: Pick<Hub, "onOccupied">, pulses: readonly Pulse[]) {
  const stop = hub.onOccupied((occupied) => {
    for (const pulse of pulses) pulse.run(occupied);
  });
  return (): void => {
    stop();
    for (const pulse of pulses) pulse.close();
  };
}
