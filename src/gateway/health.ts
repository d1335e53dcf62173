import type { LoopGauge } from "../host/loop-gauge.ts";
import type { World } from "../lib/world.ts";
import { RawJson } from "../protocol/frames.ts";
import type { DocumentStats } from "../store/shape.ts";

/** Milliseconds for which a summary is used again. */
const FRESH_MS = 1000;

interface Deps {
  readonly world: World;
  readonly loop: LoopGauge;
  /** The agent's part of the summary. */
  readonly agent: () => object;
  /** This gateway's own part: no paths, no names, because every client gets it. */
  readonly gateway: () => object;
}

/**
 * The health summary (docs/methods.md#health), made once for all who ask within a second. `ok` says
 * that the gateway answers; whether changes become durable and connects are taken stands in `gateway`.
 */
export class HealthSummary {
  #version = 1;
  #madeAt = Number.NEGATIVE_INFINITY;
  #summary = new RawJson("{}");
  #snapshot = new RawJson("{}");

  constructor(private readonly deps: Deps) {}

  /** Rises with every summary that is made. */
  get version(): number {
    this.#keepFresh();
    return this.#version;
  }

  /** The payload of `health`, as JSON text. */
  get summary(): RawJson {
    this.#keepFresh();
    return this.#summary;
  }

  /** The part that `hello-ok` may hold: its schema knows no other keys. */
  get snapshot(): RawJson {
    this.#keepFresh();
    return this.#snapshot;
  }

  /** A summary made now, with the event loop measured now. */
  async probe(): Promise<RawJson> {
    await this.deps.loop.measure();
    return this.refresh();
  }

  refresh(): RawJson {
    const { world, loop, agent, gateway } = this.deps;
    const startedAt = world.monotonic();
    const first = this.#madeAt === Number.NEGATIVE_INFINITY;
    const snapshot = {
      ok: true,
      ts: world.now(),
      durationMs: 0,
      eventLoop: loop.figures,
      plugins: { loaded: [], errors: [] },
      ...agent(),
    };
    const durationMs = Math.round(world.monotonic() - startedAt);
    this.#snapshot = new RawJson(JSON.stringify({ ...snapshot, durationMs }));
    const own = `,"gateway":${JSON.stringify(gateway())}}`;
    this.#summary = new RawJson(this.#snapshot.text.slice(0, -1) + own);
    this.#madeAt = startedAt;
    if (!first) this.#version += 1;
    // For the next one: it can't wait for this turn of the loop to end.
    void loop.measure();
    return this.#summary;
  }

  #keepFresh(): void {
    if (this.deps.world.monotonic() - this.#madeAt >= FRESH_MS) this.refresh();
  }
}

/** What `/readyz` answers: 200 where `ready`, else 503. */
export interface Readiness {
  readonly ready: boolean;
  /** What keeps it from being ready: `starting`, `draining`, `store`. */
  readonly failing: readonly string[];
  readonly uptimeMs: number;
}

/** Whether connects are decided and changes become durable. `store`: the figures of the state. */
export function readiness(facts: {
  readonly phase: "starting" | "ready" | "draining";
  readonly store: Pick<DocumentStats, "lastError">;
  readonly uptimeMs: number;
}): Readiness {
  const { phase, store, uptimeMs } = facts;
  const failing: string[] = phase === "ready" ? [] : [phase];
  if (store.lastError !== undefined) failing.push("store");
  return { ready: failing.length === 0, failing, uptimeMs };
}

/** Figures of the state as `status` shows them; `lastError` while its last write failed. */
export function storeFigures({ lastError, commits, journalBytes }: StoreStats) {
  return {
    ok: lastError === undefined,
    commits,
    journalBytes,
    ...(lastError && { lastError: `${lastError.code}: ${lastError.message}` }),
  };
}

type StoreStats = Pick<DocumentStats, "commits" | "journalBytes" | "lastError">;
