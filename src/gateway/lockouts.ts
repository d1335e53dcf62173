import type { AuditFact } from "../audit/chain.ts";
import { auditOf } from "../audit/events.ts";
import { LockoutLines } from "../audit/lockouts.ts";
import type { Notes } from "../audit/write-ahead.ts";
import { FailureLimiter } from "../lib/limiter.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { CodeAttempts } from "../pairing/attempts.ts";

interface Deps {
  readonly limits: Limits;
  readonly world: World;
  readonly audit: Pick<Notes, "note">;
  readonly log: { error(facts: object, message: string): void };
}

/** Counts wrong credentials per source, those of connects and of HTTP requests together. */
export function failureLimiter(deps: Deps): FailureLimiter {
  const { limits, world } = deps;
  const rules = {
    failures: limits.authFailures,
    windowMs: limits.authWindowMs,
    lockMs: limits.authLockMs,
  };
  const note = lockoutNotes(deps);
  return new FailureLimiter(rules, {
    entries: limits.limiterEntries,
    now: () => world.monotonic(),
    onLock: (key) => {
      const [credential = "", address = ""] = key.split("|");
      note({ credential, address });
    },
  });
}

/** Counts unknown codes; `count` is told of each call that was refused for them. */
export function codeAttempts(deps: Deps, count: (metric: string) => void): CodeAttempts {
  const { limits, world } = deps;
  const rules = {
    failures: limits.codeFailures,
    windowMs: limits.codeWindowMs,
    lockMs: limits.codeLockMs,
  };
  const note = lockoutNotes(deps);
  const limiter = new FailureLimiter(rules, {
    entries: limits.limiterEntries,
    now: () => world.monotonic(),
    onLock: (key) => {
      const [kind = "", who = ""] = key.split("|");
      const name = kind === "device" || kind === "key" ? kind : "address";
      note({ credential: "code", [name]: who });
    },
  });
  return new CodeAttempts(limiter, () => count("codes-locked"));
}

/** Adds lines about lockouts to the audit: `limits.auditLockoutsPerHour` of each kind in an hour. */
function lockoutNotes(deps: Deps): (facts: Record<string, AuditFact>) => void {
  const { audit, limits, world, log } = deps;
  const lines = new LockoutLines(limits.auditLockoutsPerHour, world);
  return (facts) => {
    const line = lines.next();
    if (!line) return;
    const leftOut = line.leftOut > 0 ? line.leftOut : undefined;
    const event = auditOf("lockout.begun", "gateway", { ...facts, leftOut });
    audit.note(event).catch((err) => log.error({ err }, "a lockout is not in the audit"));
  };
}
