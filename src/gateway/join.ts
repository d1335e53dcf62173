import type { FailureLimiter } from "../lib/limiter.ts";
import type { Setups } from "../pairing/setups.ts";
import type { SetupPayload } from "../protocol/setup-code.ts";

/** What a join address answers. */
export type JoinVerdict =
  | { readonly ok: true; readonly payload: SetupPayload }
  | { readonly ok: false; readonly why: "unknown" }
  /** That the address is used up could not be written, so the code was not handed out. */
  | { readonly ok: false; readonly why: "not-stored" }
  | { readonly ok: false; readonly why: "locked"; readonly retryAfterMs: number };

interface Deps {
  readonly setups: Pick<Setups, "fetch">;
  /** The handshake's limiter: guesses at links and at join addresses count together. */
  readonly limiter: FailureLimiter;
  readonly count: (metric: string) => void;
  readonly failed: (error: unknown) => void;
}

/** 16 bytes as base64url. */
const CODE = /^[A-Za-z0-9_-]{22}$/;

/**
 * Hands out the setup code behind a join address, once each. A source that guesses is locked out
 * for a while.
 */
export class JoinAddresses {
  constructor(private readonly deps: Deps) {}

  async fetch(code: string, source: string): Promise<JoinVerdict> {
    const { setups, limiter, count, failed } = this.deps;
    // The code before the lock, as for links: a right code works in spite of others' failures.
    try {
      const payload = CODE.test(code) ? await setups.fetch(code, source) : undefined;
      if (payload) return { ok: true, payload };
    } catch (error) {
      failed(error);
      return { ok: false, why: "not-stored" };
    }
    const key = `invite|${source}`;
    const retryAfterMs = limiter.locked(key);
    if (retryAfterMs > 0) return { ok: false, why: "locked", retryAfterMs };
    limiter.fail(key);
    count("join-unknown");
    return { ok: false, why: "unknown" };
  }
}
