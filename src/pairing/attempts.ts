import type { FailureLimiter } from "../lib/limiter.ts";
import { sourceKey } from "../lib/net.ts";
import type { Actor } from "../protocol/access.ts";
import { at, openclaw } from "../protocol/command.ts";
import { RequestError, UnknownCode, wireDetails } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";

/**
 * What unknown codes are counted by: a device or an SSH key, or an address where there is neither.
 */
export function attemptKey({ deviceId, keyId, method, address }: Actor): string {
  if (deviceId !== undefined) return `device|${deviceId}`;
  if (keyId !== undefined) return `key|${keyId}`;
  return `${method}|${address === undefined ? "" : sourceKey(address)}`;
}

/**
 * Bounds the guessing of request codes. A right code takes nothing back: a device that asked knows
 * its own code, and could go on guessing with it.
 */
export class CodeAttempts {
  constructor(
    private readonly limiter: FailureLimiter,
    /** Told of each call that a lock refused. */
    private readonly refused: () => void,
  ) {}

  /** Runs what names a code. @throws RequestError while `actor` is locked */
  try<Result>(actor: Actor, act: () => Result | Promise<Result>): Result | Promise<Result> {
    if (actor.method === "host") return act();
    const who = attemptKey(actor);
    const retryAfterMs = this.limiter.locked(who);
    if (retryAfterMs > 0) {
      this.refused();
      throw tooManyCodes(retryAfterMs);
    }
    const count = (error: unknown): never => {
      if (error instanceof UnknownCode) this.limiter.fail(who);
      throw error;
    };
    try {
      const result = act();
      return result instanceof Promise ? result.catch(count) : result;
    } catch (error) {
      return count(error);
    }
  }
}

/** The refusal while a lock lasts. */
export function tooManyCodes(retryAfterMs: number): RequestError {
  return new RequestError({
    code: "UNAVAILABLE",
    message: "too many unknown codes; retry later",
    retryable: true,
    retryAfterMs,
    details: wireDetails({
      code: "CODES_LOCKED",
      next: say`${at("gateway", openclaw`devices list`)} on the gateway host`,
    }),
  });
}
