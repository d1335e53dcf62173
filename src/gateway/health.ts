import type { Timer, World } from "../lib/world.ts";
import { RawJson } from "../protocol/frames.ts";

const REFRESH_MS = 60_000;

interface Deps {
  readonly world: World;
  readonly sessionsPath: string;
  readonly publish: (summary: RawJson, version: number) => void;
}

/** The health summary that all clients share, made anew every minute (protocol page, section 5.5). */
export class HealthSummary {
  summary: RawJson;
  version = 1;
  readonly #timer: Timer;

  constructor(private readonly deps: Deps) {
    this.summary = this.#make();
    this.#timer = deps.world.every(REFRESH_MS, () => this.#refresh());
  }

  #refresh(): void {
    this.version += 1;
    this.summary = this.#make();
    this.deps.publish(this.summary, this.version);
  }

  #make(): RawJson {
    const startedAt = this.deps.world.monotonic();
    const summary = {
      ok: true,
      ts: this.deps.world.now(),
      durationMs: Math.round(this.deps.world.monotonic() - startedAt),
      plugins: { loaded: [], errors: [] },
      channels: {},
      channelOrder: [],
      channelLabels: {},
      heartbeatSeconds: 0,
      defaultAgentId: "main",
      agents: [],
      sessions: { path: this.deps.sessionsPath, count: 0, recent: [] },
    };
    return new RawJson(JSON.stringify(summary));
  }

  close(): void {
    this.#timer.cancel();
  }
}
