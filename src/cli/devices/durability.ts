import type { Context } from "../context.ts";
import type { Durability } from "../wire.ts";
import { shownLines } from "../words.ts";

/** Says where a change is in force but not on disk: a restart would forget it. */
export function durabilityNote({ io }: Context, outcome: Durability): void {
  if (outcome.durable !== false) return;
  const why = shownLines(outcome.reason ?? "the disk can't be written");
  io.err(`warning: in force now, but not yet written to disk (${why})`);
  io.err("  next: make room (df -h), then repeat the command before the gateway restarts");
}
