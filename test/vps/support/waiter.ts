import type { Page } from "playwright-core";
import { code, shows } from "../../browser/support/page.ts";
import { until } from "../../kit/until.ts";

/** A browser's page that asks to be let in, and when it was greeted. */
export class Waiter {
  /** When a hello-ok came, on the test's own clock. */
  #greetedAt: number[] = [];

  constructor(readonly page: Page) {
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => {
        if (String(payload).includes('"type":"hello-ok"')) this.#greetedAt.push(performance.now());
      });
    });
  }

  /** The code that it shows now. */
  async code(): Promise<string> {
    await shows(this.page, "waiting");
    return code(this.page);
  }

  /** The line that it offers to copy for another computer. */
  async line(): Promise<string> {
    return (await this.page.locator("#cmd-ssh").textContent()) ?? "";
  }

  /** Milliseconds from now until the next hello-ok, while `happening`. */
  async greeted(happening: () => Promise<unknown>): Promise<number> {
    const before = this.#greetedAt.length;
    const from = performance.now();
    await happening();
    const at = await until(() => this.#greetedAt[before], "the page to be greeted");
    return at - from;
  }
}

/** p50 and p99 of some figures, for people. */
export function percentiles(figures: readonly number[]): string {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return `p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms (n ${sorted.length})`;
}
