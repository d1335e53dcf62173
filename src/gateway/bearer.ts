import { createHmac, timingSafeEqual } from "node:crypto";
import type { SharedSecrets } from "../auth/secret.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import { at, openclaw } from "../protocol/command.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import { say, type Text } from "../protocol/text.ts";

/**
 * What a secret opens: what a web app of OpenClaw's asks for, the metrics, or what programs ask for by
 * HTTP.
 */
export type Guarded = "gateway" | "metrics" | "program";

/** Whether an HTTP request's `Authorization: Bearer` may have what it asks for. */
export type BearerVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: string;
      readonly detail: string;
      readonly next: Text;
      /** Milliseconds; set where the same secret may be right later. */
      readonly retryAfterMs?: number;
    };

interface Deps {
  readonly secrets: SharedSecrets;
  /** The handshake's limiter, so that failures here and there count together. */
  readonly limiter: FailureLimiter;
  readonly kind: () => SecretKind;
  /** 32 random bytes of this process. */
  readonly compareKey: Uint8Array;
  /** The token that reads metrics and nothing else, where one is set. */
  readonly metricsToken: () => Promise<string | undefined>;
  readonly count: (metric: string) => void;
}

const BUSY_MS = 1000;

/** Web apps try their device token first, which counts only with the device's signature. */
const DEVICE_TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Checks secrets that come with HTTP requests. The shared secret opens everything; right or wrong, it
 * is hashed once and then known (`SharedSecrets`), so a scrape costs no password hash.
 */
export class BearerCheck {
  constructor(private readonly deps: Deps) {}

  async check(
    what: Guarded,
    { secret, source }: { secret: string; source: string },
  ): Promise<BearerVerdict> {
    const { deps } = this;
    if (secret === "") return missing(what);
    // A right metrics token passes a lock: other clients' failures must not blind the monitoring.
    if (what === "metrics" && this.#same(await deps.metricsToken(), secret)) return { ok: true };
    // A program has no such token: what it shows is a guess like any other.
    if (what === "gateway" && DEVICE_TOKEN.test(secret)) {
      return deps.secrets.knows(deps.kind(), secret) ? { ok: true } : wrong(what);
    }
    const key = `secret|${source}`;
    const locked = deps.limiter.locked(key);
    if (locked > 0) return rateLimited(locked);
    const verdict = await deps.secrets.verify(deps.kind(), secret, source);
    if (verdict === "ok") {
      deps.limiter.succeed(key);
      return { ok: true };
    }
    if (verdict === "busy") return busy();
    deps.limiter.fail(key);
    deps.count("http-unauthorized");
    return wrong(what);
  }

  #same(token: string | undefined, candidate: string): boolean {
    if (token === undefined) return false;
    return timingSafeEqual(this.#digest(token), this.#digest(candidate));
  }

  #digest(text: string): Buffer {
    return createHmac("sha256", this.deps.compareKey).update(text).digest();
  }
}

const SHARED = say`send Authorization: Bearer with the gateway's shared secret; a new one: ${at("gateway", openclaw`token new`)}`;

const CURES = {
  gateway: SHARED,
  program: SHARED,
  metrics:
    "send Authorization: Bearer with the token in the file of metrics.tokenFile, or with the shared secret",
} as const satisfies Record<Guarded, Text>;

const missing = (what: Guarded) =>
  ({ ok: false, code: "unauthorized", detail: "A secret is needed.", next: CURES[what] }) as const;

const wrong = (what: Guarded) =>
  ({ ok: false, code: "unauthorized", detail: "The secret is wrong.", next: CURES[what] }) as const;

const rateLimited = (retryAfterMs: number) =>
  ({
    ok: false,
    code: "rate-limited",
    detail: "Too many wrong secrets came from this address.",
    next: "wait as long as Retry-After says",
    retryAfterMs,
  }) as const;

const busy = () =>
  ({
    ok: false,
    code: "auth-busy",
    detail: "Too many secrets are being checked.",
    next: "try again",
    retryAfterMs: BUSY_MS,
  }) as const;
