import { reduce } from "../../../../src/cli/commands/watch/reduce.ts";
import { screenLines } from "../../../../src/cli/commands/watch/screen.ts";
import {
  begin,
  type Effect,
  type Event,
  type State,
} from "../../../../src/cli/commands/watch/state.ts";
import { styleOf } from "../../../../src/cli/kit/style.ts";
import type { RequestRow } from "../../../../src/words/request-kinds.ts";

export const NOW = Date.UTC(2026, 8, 1, 12);
const MINUTE = 60_000;

/** A device that asks; `code` such as `AAAA-0001`. */
export function asking(code: string, more: Partial<RequestRow> = {}): RequestRow {
  return {
    requestId: code,
    deviceId: "ab".repeat(32),
    displayName: `Phone ${code.slice(0, 1)}`,
    platform: "Android 16",
    clientId: "openclaw-android",
    roles: ["operator"],
    scopes: ["operator.read"],
    remoteIp: "203.0.113.7",
    ts: NOW - 2 * MINUTE,
    expiresAtMs: NOW + 28 * MINUTE,
    ...more,
  };
}

/** The watch without a terminal: events in, its screen and its deeds out. */
export class Watch {
  state: State;
  effects: Effect[] = [];
  now = NOW;

  constructor(columns = 80, rows = 24) {
    this.state = begin({ columns, rows });
  }

  on(event: Event): this {
    const step = reduce(this.state, event);
    this.state = step.state;
    this.effects.push(...step.effects);
    return this;
  }

  list(...rows: RequestRow[]): this {
    return this.on({ on: "news", news: { on: "list", rows }, at: this.now });
  }

  /** Presses keys, one after the other, with time between them to read. */
  keys(...keys: string[]): this {
    for (const key of keys) {
      this.now += 1000;
      this.on({ on: "key", key, at: this.now });
    }
    return this;
  }

  /** Opens the chosen request, and the gateway says what it is. */
  open(row: RequestRow): this {
    this.keys("enter");
    return this.on({ on: "shown", code: row.requestId, row, at: this.now });
  }

  size(columns: number, rows: number): this {
    return this.on({ on: "size", size: { columns, rows }, at: this.now });
  }

  asked(row: RequestRow): this {
    return this.on({ on: "news", news: { on: "asked", row }, at: this.now });
  }

  resolved(code: string, why: "approved" | "rejected" | "expired" | "superseded"): this {
    return this.on({ on: "news", news: { on: "resolved", code, why }, at: this.now });
  }

  get screen(): string[] {
    return screenLines(this.state, { ...styleOf({ colour: false }), now: NOW });
  }

  /** What was done so far, as `show AAAA-0001`. */
  get deeds(): string[] {
    return this.effects.map((effect) =>
      "code" in effect ? `${effect.do} ${effect.code}` : effect.do,
    );
  }
}
