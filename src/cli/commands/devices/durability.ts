import { shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import type { Context } from "../../kit/context.ts";
import { shownLines } from "../../kit/words.ts";
import type { Result } from "../../reach/gateway.ts";

/** What a change says of itself: `durable` is false where it is in force but not on disk. */
export type DurabilityFields = Pick<Result<"device.pair.remove">, "durable" | "reason">;

/** Says where a change is in force but not on disk: a restart would forget it. */
export function durabilityNote({ io }: Context, outcome: DurabilityFields): void {
  if (outcome.durable !== false) return;
  const why = shownLines(outcome.reason ?? "the disk can't be written");
  io.err(`warning: in force now, but not yet written to disk (${why})`);
  const look = shell`df -h`;
  io.err(say`  next: make room (${look}), then repeat the command before the gateway restarts`);
}
