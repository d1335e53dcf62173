import { FailureLimiter } from "../lib/limiter.ts";
import { sourceKey } from "../lib/net.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { at, openclaw } from "../protocol/command.ts";
import { RequestError, wireDetails } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";
import type { AuditActor, AuditEvent } from "./chain.ts";

/** The key under which an actor's decisions are counted; `undefined` where they are not bounded. */
function paceKey({ by, from }: AuditEvent): string | undefined {
  if (by.kind === "device" || by.kind === "ssh") return `${by.kind}|${by.id ?? ""}`;
  // The owner on the host, the gateway itself, and links, which pair as many as they were made for.
  if (by.kind !== "secret") return undefined;
  return `secret|${from === undefined ? "" : sourceKey(from)}`;
}

/**
 * Bounds how many decisions one device makes. Each is a line of the audit and of the log: a device that
 * renames another for ever would push out of both what matters. A person never comes near.
 */
export class DecisionPace {
  readonly #limiter: FailureLimiter;

  constructor(
    limits: Pick<Limits, "decisions" | "decisionsMs" | "limiterEntries">,
    world: Pick<World, "monotonic">,
    /** Told of each decision that was refused. */
    private readonly refused: () => void,
  ) {
    const { decisions: failures, decisionsMs: windowMs, limiterEntries } = limits;
    const rules = { failures, windowMs, lockMs: windowMs };
    this.#limiter = new FailureLimiter(rules, {
      entries: limiterEntries,
      now: () => world.monotonic(),
    });
  }

  /**
   * Counts a decision. Whether it was the last that is taken for now, of which a line should tell.
   * @throws RequestError where there were too many
   */
  count(event: AuditEvent): boolean {
    const key = paceKey(event);
    if (key === undefined) return false;
    const retryAfterMs = this.#limiter.locked(key);
    if (retryAfterMs > 0) {
      this.refused();
      throw tooManyDecisions(retryAfterMs);
    }
    return this.#limiter.fail(key);
  }
}

/** The line about a pause. */
export function paused({ by, from }: AuditEvent): AuditEvent {
  const whom: AuditActor = { kind: "gateway" };
  const who = by.id === undefined || by.kind === "secret" ? {} : { [by.kind]: by.id };
  const what = { credential: "decisions", ...who };
  return { event: "lockout.begun", by: whom, what, ...(from !== undefined && { from }) };
}

function tooManyDecisions(retryAfterMs: number): RequestError {
  return new RequestError({
    code: "UNAVAILABLE",
    message: "too many decisions; retry later",
    retryable: true,
    retryAfterMs,
    details: wireDetails({
      code: "DECISIONS_PAUSED",
      next: say`${at("gateway", openclaw`devices list`)} on the gateway host`,
    }),
  });
}
