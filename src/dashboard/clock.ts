/** Keeps the page's countdown up to date; no timer runs while there is none. */
import { h } from "./dom.ts";
import { remaining } from "./text.ts";

let timer: ReturnType<typeof setInterval> | undefined;

export const stopClock = (): void => clearInterval(timer);

/** Says `before` and the time until `at` (ms, this browser's clock), then `over`. */
export function countdown(id: string, at: number, [before, over]: [string, string]): HTMLElement {
  const span = h(`span#${id}`);
  const show = () => {
    const left = at - Date.now();
    span.textContent = left > 0 ? before + remaining(left) : over;
  };
  show();
  timer = setInterval(show, 1000);
  return span;
}
