import { Holding, type MemoryAccount } from "../gateway/memory.ts";
import { BySource } from "../lib/by-source.ts";
import { KeyCounts } from "../lib/key-counts.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { type HttpAnswer, problem } from "./answers.ts";

interface Sending {
  readonly source: string;
  readonly holding: Holding;
  readonly drop: () => void;
}

interface Deps {
  readonly limits: Pick<Limits, "answersAtOnce" | "answersPerAddress" | "requestsPerTurn">;
  readonly memory: MemoryAccount;
  readonly count: (metric: string) => void;
  readonly world: Pick<World, "after">;
  /** Calls back once this turn of the event loop is over. */
  readonly nextTurn?: (run: () => void) => void;
}

/** Requests in one turn of an address that did not wait for its answers before, and for how long. */
const PUSHY_REQUESTS = 8;
const PUSHY_MS = 10_000;

/** HTTP answers in the making, and those whose clients have not read them whole, by address. */
export class HttpAnswers {
  readonly #sending = new BySource<Sending>(({ source }) => source);
  /** Requests of this turn of the event loop, by address. */
  #turn = new KeyCounts();
  /** Addresses that did not wait for their answers. */
  readonly #pushy = new Set<string>();

  constructor(private readonly deps: Deps) {}

  /** A request came; false if its address sends them without waiting for their answers. */
  begin(source: string): boolean {
    const { limits, count, nextTurn = setImmediate } = this.deps;
    if (this.#turn.size === 0) {
      nextTurn(() => {
        this.#turn = new KeyCounts();
      });
    }
    this.#turn.add(source);
    if (
      this.#turn.of(source) <= (this.#pushy.has(source) ? PUSHY_REQUESTS : limits.requestsPerTurn)
    )
      return true;
    count("answers-refused");
    this.#remember(source);
    return false;
  }

  #remember(source: string): void {
    if (this.#pushy.size === 0) this.deps.world.after(PUSHY_MS, () => this.#pushy.clear());
    this.#pushy.add(source);
  }

  get size(): number {
    return this.#sending.size;
  }

  /** Whether `source` may begin another request. */
  hasRoom(source: string): boolean {
    if (this.#sending.from(source) < this.deps.limits.answersPerAddress) return true;
    this.deps.count("answers-refused");
    return false;
  }

  /**
   * An answer to `source` takes longer: `bytes` are held for it. `drop` ends its connection. Returns how
   * to leave, or `undefined` where there is no room for it: then it is to be dropped by the caller.
   */
  enter(source: string, bytes: number, drop: () => void): (() => void) | undefined {
    if (this.#sending.size >= this.deps.limits.answersAtOnce && !this.#dropOther(source))
      return undefined;
    const evict = () => {
      this.deps.count("memory-evicted");
      drop();
    };
    const sending = { source, holding: new Holding(source, evict), drop };
    this.#sending.add(sending);
    this.deps.memory.set(sending.holding, bytes);
    return () => this.#leave(sending);
  }

  #leave(sending: Sending): void {
    if (!this.#sending.delete(sending)) return;
    this.deps.memory.set(sending.holding, 0);
  }

  /** Drops the oldest of the source with most of them; false if that is the newcomer's. */
  #dropOther(newcomer: string): boolean {
    this.deps.count("answers-refused");
    const oldest = this.#sending.inLargest(([first]) => first);
    if (!oldest || oldest.source === newcomer) return false;
    oldest.drop();
    this.#leave(oldest);
    return true;
  }
}

export function tooManyAnswers(): HttpAnswer {
  return problem("503 Service Unavailable", {
    detail: "Too many answers wait to be read.",
    code: "too-many-answers",
    next: "read the answers, then try again",
    headers: [["retry-after", "1"]],
  });
}
