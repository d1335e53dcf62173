/** What is held in memory for one socket or one HTTP answer, as its owner last said. */
export class Holding {
  bytes = 0;
  party: Party | undefined;

  /**
   * `holder`: the device or address that it is held for. `drop` gives it back at once. `isStranger`:
   * it is held for a client that was not let in.
   */
  constructor(
    public holder: string,
    readonly drop: () => void,
    public isStranger = true,
  ) {}
}

/** One device or address, and all that is held for it. */
interface Party {
  readonly key: string;
  readonly isStranger: boolean;
  bytes: number;
  readonly holdings: Set<Holding>;
}

/**
 * The account of what is held in memory for clients. It has no timer: connections and answers say when
 * what they hold changes, and those that hold nothing are not in it. Past the bound the device or address
 * that holds most goes first, in however many parts it holds that; only an address of strangers as long
 * as strangers hold more than half, so that a crowd of which each holds little costs no device anything.
 */
export class MemoryAccount {
  #total = 0;
  /** What is held for strangers. */
  #strangers = 0;
  readonly #parties = new Map<string, Party>();

  constructor(private readonly limits: { readonly heldBytes: number }) {}

  get total(): number {
    return this.#total;
  }

  /** What is held for `holder`, which is a device or an address. */
  of(holder: string): number {
    return this.#parties.get(holder)?.bytes ?? 0;
  }

  /** Says that so much is held now. May drop holdings at once, this one among them. */
  set(holding: Holding, bytes: number): void {
    const change = bytes - holding.bytes;
    if (change === 0) return;
    const party = holding.party ?? this.#party(holding);
    party.bytes += change;
    this.#total += change;
    if (party.isStranger) this.#strangers += change;
    holding.bytes = bytes;
    if (bytes === 0) this.#leave(holding, party);
    else if (change > 0 && this.#total > this.limits.heldBytes) this.#evict();
  }

  /** The same is held for `holder`, no stranger, from now on: a socket was authenticated as a device. */
  move(holding: Holding, holder: string): void {
    const { bytes } = holding;
    this.set(holding, 0);
    holding.holder = holder;
    holding.isStranger = false;
    this.set(holding, bytes);
  }

  #party(holding: Holding): Party {
    let party = this.#parties.get(holding.holder);
    if (party === undefined) {
      const { holder: key, isStranger } = holding;
      party = { key, isStranger, bytes: 0, holdings: new Set() };
      this.#parties.set(holding.holder, party);
    }
    party.holdings.add(holding);
    holding.party = party;
    return party;
  }

  #leave(holding: Holding, party: Party): void {
    holding.party = undefined;
    party.holdings.delete(holding);
    if (party.holdings.size === 0) this.#parties.delete(party.key);
  }

  #evict(): void {
    while (this.#total > this.limits.heldBytes) {
      const crowded = this.#strangers > this.limits.heldBytes / 2;
      const party = largestOf(this.#parties.values(), (one) => one.isStranger || !crowded);
      const largest = largestOf(party?.holdings ?? []);
      if (largest === undefined) return;
      largest.drop();
      // Whatever its owner does: it counts no more, so this comes to an end.
      this.set(largest, 0);
    }
  }
}

function largestOf<T extends { readonly bytes: number }>(
  all: Iterable<T>,
  counts: (one: T) => boolean = () => true,
): T | undefined {
  let largest: T | undefined;
  for (const one of all) {
    if (!counts(one)) continue;
    if (largest === undefined || one.bytes > largest.bytes) largest = one;
  }
  return largest;
}
