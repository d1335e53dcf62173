import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";

interface Deps {
  readonly world: World;
  readonly limits: Pick<
    Limits,
    "presenceBeacons" | "presenceBeaconsPerDevice" | "presenceBeaconMs"
  >;
  /** Called when one is over. */
  readonly changed: () => void;
}

interface Beacon {
  /** Its entry in the list, as JSON. */
  readonly text: string;
  /** Whose it is, as limits count. */
  readonly sender: string;
  /** Monotonic time at which it is over. */
  readonly untilMs: number;
}

/**
 * Entries of the presence list that outlive the connection they came on: each lasts
 * `limits.presenceBeaconMs` after it came last. There are at most `limits.presenceBeacons`, and
 * `limits.presenceBeaconsPerDevice` of one sender; past them the one that came longest ago goes, that of the
 * same sender first.
 */
export class Beacons {
  /** By sender and name; the one that came last stands last. */
  readonly #beacons = new Map<string, Beacon>();
  #timer: Timer | undefined;

  constructor(private readonly deps: Deps) {}

  /** Adds the sender's beacon of that name, or replaces it. */
  set(sender: string, name: string, text: string): void {
    const { world, limits } = this.deps;
    const key = `${sender}\n${name}`;
    this.#beacons.delete(key);
    const own = [...this.#beacons].filter(([, beacon]) => beacon.sender === sender);
    const full = this.#beacons.size >= limits.presenceBeacons;
    const goes = own.length >= limits.presenceBeaconsPerDevice ? own[0] : undefined;
    const [first] = goes ?? (full ? (own[0] ?? [...this.#beacons][0] ?? []) : []);
    if (first !== undefined) this.#beacons.delete(first);
    const untilMs = world.monotonic() + limits.presenceBeaconMs;
    this.#beacons.set(key, { text, sender, untilMs });
    this.#waitForFirst();
  }

  /** Those that are not over, oldest first. */
  get texts(): string[] {
    return [...this.#beacons.values()].map(({ text }) => text);
  }

  /** One timer for the beacon that is over first. */
  #waitForFirst(): void {
    this.#timer?.cancel();
    const [first] = this.#beacons.values();
    const { world } = this.deps;
    this.#timer = first && world.after(first.untilMs - world.monotonic(), () => this.#end());
  }

  #end(): void {
    const now = this.deps.world.monotonic();
    for (const [key, { untilMs }] of this.#beacons) {
      if (untilMs <= now) this.#beacons.delete(key);
    }
    this.#waitForFirst();
    this.deps.changed();
  }

  close(): void {
    this.#timer?.cancel();
  }
}
