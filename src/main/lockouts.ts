import type { AuditFact } from "../audit/chain.ts";
import { auditOf } from "../audit/events.ts";
import { LockoutLines } from "../audit/lockouts.ts";
import { FailureLimiter } from "../lib/limiter.ts";
import { CodeAttempts } from "../pairing/attempts.ts";
import type { Core } from "./core.ts";

/** Counts wrong credentials, of connects and HTTP requests together. */
export function failureLimiter(core: Core): FailureLimiter {
  const { limits, world } = core;
  const rules = {
    failures: limits.authFailures,
    windowMs: limits.authWindowMs,
    lockMs: limits.authLockMs,
  };
  const note = lockoutNotes(core);
  return new FailureLimiter(
    rules,
    limits.limiterEntries,
    () => world.monotonic(),
    (key) => {
      const [credential = "", address = ""] = key.split("|");
      note({ credential, address });
    },
  );
}

/** Counts unknown codes; `count` is told of each call that was refused for them. */
export function codeAttempts(core: Core, count: (metric: string) => void): CodeAttempts {
  const { limits, world } = core;
  const rules = {
    failures: limits.codeFailures,
    windowMs: limits.codeWindowMs,
    lockMs: limits.codeLockMs,
  };
  const note = lockoutNotes(core);
  const limiter = new FailureLimiter(
    rules,
    limits.limiterEntries,
    () => world.monotonic(),
    (key) => {
      const [kind = "", who = ""] = key.split("|");
      const name = kind === "device" || kind === "key" ? kind : "address";
      note({ credential: "code", [name]: who });
    },
  );
  return new CodeAttempts(limiter, () => count("codes-locked"));
}

/** Adds lines about lockouts to the audit: some an hour, of each kind. */
function lockoutNotes({
  audit,
  limits,
  world,
  log,
}: Core): (facts: Record<string, AuditFact>) => void {
  const lines = new LockoutLines(limits.auditLockoutsPerHour, world);
  return (facts) => {
    const line = lines.next();
    if (!line) return;
    const leftOut = line.leftOut > 0 ? line.leftOut : undefined;
    const event = auditOf("lockout.begun", "gateway", { ...facts, leftOut });
    audit.note(event).catch((err) => log.error({ err }, "a lockout is not in the audit"));
  };
}
