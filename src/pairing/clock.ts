import type { World } from "../lib/world.ts";
import type { PairingChange, PairingState } from "./records.ts";

/** A clock that moved by so many milliseconds was set; NTP slews it by less. */
const SET_MS = 1_000;

/**
 * The wall clock, watched by the monotonic one. Requests and links carry times of the wall clock,
 * because they outlive the process; when that clock is set, one change moves them all along with it, so
 * that none ends at once or lives on for years.
 */
export class WatchedClock {
  /** Wall clock minus monotonic clock, as last known. */
  #apart: number;

  constructor(private readonly world: Pick<World, "now" | "monotonic">) {
    this.#apart = world.now() - world.monotonic();
  }

  /** By how many milliseconds the wall clock was set since this was asked last; mostly 0. */
  setBy(): number {
    const { world } = this;
    const apart = world.now() - world.monotonic();
    const by = Math.round(apart - this.#apart);
    if (Math.abs(by) < SET_MS) return 0;
    this.#apart = apart;
    return by;
  }
}

/** What a clock wrote that was ahead of `now`, moved back to it: nothing lives longer than it may. */
export function fromTheFuture(state: PairingState, now: number): PairingChange[] {
  const invites = [...state.invites.values()].filter(({ createdAtMs }) => createdAtMs > now);
  return invites.map((one) => inviteBy(one, now - one.createdAtMs));
}

type Change<Op extends PairingChange["op"]> = Extract<PairingChange, { op: Op }>;

function inviteBy(one: Change<"invite">["invite"], by: number): PairingChange {
  const times = { createdAtMs: one.createdAtMs + by, expiresAtMs: one.expiresAtMs + by };
  return { op: "invite", invite: { ...one, ...times } };
}
