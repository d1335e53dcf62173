import type { Timer, World } from "../lib/world.ts";

/** A connection that waits for the answer to an invoke. */
export interface InvokeCaller {
  readonly connId: string;
  /** Sends it an event of its own. */
  tell(event: string, payload: unknown): void;
  /** Runs `then` when it ends; `left`: it will not come back. Returns how to take that back. */
  onEnd(then: (left: boolean) => void): () => void;
}

interface Here {
  readonly caller: InvokeCaller;
  readonly forget: () => void;
}

interface Deps {
  readonly world: Pick<World, "after">;
  /** Milliseconds that an invoke waits for a lost caller, 0 for one that can't come back. */
  readonly returnMs: number;
}

/** One for all, so that an invoke that has ended keeps no list. */
const NOBODY: readonly Here[] = [];

/** Who waits for one invoke. Where the last of them is gone for good, it is cancelled. */
export class InvokeCallers {
  /** Ends the invoke; set once it was sent. */
  cancel: () => void = noop;
  #here = NOBODY;
  #return: Timer | undefined;
  #over = false;

  constructor(private readonly deps: Deps) {}

  /** One more waits. A connection counts once, however often it asks. */
  add(caller: InvokeCaller): void {
    if (this.#over) return;
    this.#return?.cancel();
    this.#return = undefined;
    if (this.#here.some((one) => one.caller.connId === caller.connId)) return;
    const here = { caller, forget: caller.onEnd((left) => this.#ended(caller, left)) };
    this.#here = [...this.#here, here];
  }

  tell(event: string, payload: unknown): void {
    for (const { caller } of this.#here) caller.tell(event, payload);
  }

  /** The invoke has ended. */
  over(): void {
    this.#over = true;
    this.cancel = noop;
    this.#return?.cancel();
    for (const { forget } of this.#here) forget();
    this.#here = NOBODY;
  }

  #ended(caller: InvokeCaller, left: boolean): void {
    if (this.#over) return;
    this.#here = this.#here.filter((one) => one.caller !== caller);
    if (this.#here.length > 0) return;
    const { world, returnMs } = this.deps;
    if (left || returnMs === 0) this.cancel();
    else this.#return = world.after(returnMs, () => this.cancel());
  }
}

function noop(): void {}
