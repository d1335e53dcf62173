/** What has to be done when one state follows another. Deeds are done by `hands`. */
import type { State } from "./model.ts";
import { isElsewhere } from "./steps.ts";

export interface Hands {
  /** Drops the socket there is, if any, and opens another. */
  dialNow(): void;
  /** Answers the challenge with a signed `connect`. */
  connect(): void;
  /** Reports `retry` at `time`, this browser's clock. */
  again(time: number): void;
  /** Gives the socket up when nothing comes for `ms`; 0 never does. */
  watch(ms: number): void;
  /** Stores grant and invite, or forgets what is gone. */
  save(was: State, now: State): void;
  /** Asks other tabs whether one is there, until it is told otherwise. */
  standBy(on: boolean): void;
}

export function carryOut(was: State, now: State, hands: Hands): void {
  const dialled = was.dials !== now.dials;
  if (dialled) hands.dialNow();
  if (was.calls !== now.calls) hands.connect();
  if (now.retryAt && was.retryAt !== now.retryAt) hands.again(now.retryAt);
  // A new socket starts a new time of patience, even one of the same length.
  if (dialled || was.patience !== now.patience) hands.watch(now.patience);
  const isKept = was.grant === now.grant && was.aside === now.aside && was.invite === now.invite;
  if (!isKept) hands.save(was, now);
  if (isElsewhere(was) !== isElsewhere(now)) hands.standBy(isElsewhere(now));
}
