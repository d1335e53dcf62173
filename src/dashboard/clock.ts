/** Keeps the page's countdown up to date; no timer runs while there is none. */
import { byId, h } from "./dom.ts";
import { remaining } from "./text.ts";

let timer: ReturnType<typeof setInterval> | undefined;

export const stopClock = (): void => clearInterval(timer);

/** Says `before` and the time until `at` (ms, this browser's clock), then `over`. */
export function countdown(id: string, at: number, [before, over]: [string, string]): HTMLElement {
  const now = () => {
    const left = at - Date.now();
    return left > 0 ? before + remaining(left) : over;
  };
  timer = setInterval(() => {
    const shown = byId(id);
    if (shown) shown.textContent = now();
  }, 1000);
  return h(`span#${id}`, now());
}
