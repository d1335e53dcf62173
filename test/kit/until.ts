import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 5;
/** Who waited that long waits for something that does not come: no machine is so slow. */
export const HANG_MS = 120_000;

/**
 * Resolves with what `look` finds as soon as it finds something (not `undefined` and not `false`);
 * rejects at the deadline, saying what was waited for.
 */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string | (() => string),
  timeoutMs = HANG_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const missed = typeof what === "string" ? what : what();
      throw new Error(`not within ${timeoutMs} ms: ${missed}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
