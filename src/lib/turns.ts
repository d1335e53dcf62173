import { SemaphoreFull } from "./semaphore.ts";

/** Where a job comes from: a source, and the network that it may share with others of the same owner. */
export interface JobOrigin {
  readonly network: string;
  readonly source: string;
}

interface Waiting extends JobOrigin {
  readonly start: () => void;
  readonly refuse: () => void;
}

/**
 * Runs at most `concurrency` jobs at once; at most `queued` more wait. Networks take turns, and in each of
 * them its sources, but every other place goes to the job that waits longest. So a source of a network
 * without one that waits gets its turn after one job, and two for each other network, at most; and no job
 * at all waits for more than twice `queued`.
 */
export class TurnTaking {
  #running = 0;
  readonly #line = new Line();

  constructor(
    private readonly concurrency: number,
    private readonly queued: number,
  ) {}

  /**
   * Runs `job` when its turn comes, and returns what it returns.
   * @throws SemaphoreFull where the queue is full and no network holds so many more places of it that a
   * job of that one goes instead, and is refused like this
   */
  async run<T>(origin: JobOrigin, job: () => Promise<T>): Promise<T> {
    if (this.#running < this.concurrency) this.#running += 1;
    else await this.#wait(origin);
    try {
      return await job();
    } finally {
      // The place goes straight to the next one, so a newcomer cannot overtake the queue.
      const next = this.#line.next();
      if (next) next.start();
      else this.#running -= 1;
    }
  }

  async #wait(origin: JobOrigin): Promise<void> {
    if (this.#line.size >= this.queued) {
      const other = this.#line.giveWay(origin);
      if (!other) throw new SemaphoreFull("too many jobs wait");
      other.refuse();
    }
    await new Promise<void>((start, reject) => {
      const refuse = () => reject(new SemaphoreFull("too many jobs of one network wait"));
      this.#line.add({ ...origin, start, refuse });
    });
  }

  get load(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#line.size };
  }
}

type Sources = Map<string, Waiting[]>;

/** Who waits. The order of the maps is the order of turns. */
class Line {
  /** In the order in which they came. */
  readonly #all = new Set<Waiting>();
  readonly #networks = new Map<string, Sources>();
  #byAge = false;

  get size(): number {
    return this.#all.size;
  }

  add(one: Waiting): void {
    this.#all.add(one);
    const sources = this.#networks.get(one.network) ?? new Map<string, Waiting[]>();
    this.#networks.set(one.network, sources);
    const mine = sources.get(one.source) ?? [];
    sources.set(one.source, mine);
    mine.push(one);
  }

  next(): Waiting | undefined {
    this.#byAge = !this.#byAge;
    const one = this.#byAge ? first(this.#all) : this.#whoseTurn();
    if (one) this.#remove(one);
    return one;
  }

  /** The first source of the first network, which both go to the end of their order. */
  #whoseTurn(): Waiting | undefined {
    const [network, sources] = first(this.#networks) ?? [];
    const [source, mine] = (sources && first(sources)) ?? [];
    if (network === undefined || !sources || source === undefined || !mine) return undefined;
    toEnd(this.#networks, network, sources);
    toEnd(sources, source, mine);
    return mine[0];
  }

  /**
   * Takes out the job that has to go for one from `origin`: the newest of the source with most, in the
   * network with most. None where that would only turn the tables: then all share alike, and the newcomer
   * is one too many.
   */
  giveWay({ network, source }: JobOrigin): Waiting | undefined {
    const places = (sources: Sources) =>
      [...sources.values()].reduce((sum, l) => sum + l.length, 0);
    const own = this.#networks.get(network);
    const crowd = most([...this.#networks.values()], places);
    if (!crowd) return undefined;
    const elsewhere = places(crowd) > (own ? places(own) : 0) + 1;
    const sources = elsewhere ? crowd : own;
    const crowded = sources && most([...sources.values()], (list) => list.length);
    if (!sources || !crowded) return undefined;
    if (!elsewhere && crowded.length <= (sources.get(source)?.length ?? 0) + 1) return undefined;
    const last = crowded.at(-1);
    if (last) this.#remove(last);
    return last;
  }

  #remove(one: Waiting): void {
    this.#all.delete(one);
    const sources = this.#networks.get(one.network);
    const left = sources?.get(one.source)?.filter((other) => other !== one) ?? [];
    if (left.length > 0) sources?.set(one.source, left);
    else sources?.delete(one.source);
    if (sources?.size === 0) this.#networks.delete(one.network);
  }
}

function first<T>(of: Iterable<T>): T | undefined {
  const [one] = of;
  return one;
}

function toEnd<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
}

/** The one with most; of several the last, which came to it last. */
function most<T>(all: readonly T[], measure: (one: T) => number): T | undefined {
  return all.reduce<T | undefined>(
    (best, one) => (best === undefined || measure(one) >= measure(best) ? one : best),
    undefined,
  );
}
