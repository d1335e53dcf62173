import type { Timer, World } from "../lib/world.ts";

/** A connection that waits for the answer to an invoke. */
export interface InvokeCaller {
  readonly connId: string;
  /** Sends it an event of its own. */
  tell(event: string, payload: unknown): void;
  /** Runs `then` when it ends; `left`: it will not come back. Returns how to take that back. */
  onEnd(then: (left: boolean) => void): () => void;
}

interface Deps {
  readonly world: Pick<World, "after">;
  /** Milliseconds that the invoke waits for a lost caller, 0 for one that can't come back. */
  readonly returnMs: number;
  /** Ends the invoke: no caller is left. */
  readonly cancel: () => void;
}

/** Who waits for one invoke. Where the last of them is gone for good, it ends. */
export class InvokeCallers {
  readonly #here: { readonly caller: InvokeCaller; readonly forget: () => void }[] = [];
  #return: Timer | undefined;
  #over = false;

  constructor(private readonly deps: Deps) {}

  /** One more waits. A connection counts once, however often it asks. */
  add(caller: InvokeCaller): void {
    if (this.#over) return;
    this.#return?.cancel();
    this.#return = undefined;
    if (this.#here.some((one) => one.caller.connId === caller.connId)) return;
    const forget = caller.onEnd((left) => this.#ended(caller, left));
    this.#here.push({ caller, forget });
  }

  tell(event: string, payload: unknown): void {
    for (const { caller } of this.#here) caller.tell(event, payload);
  }

  /** The invoke has ended. */
  over(): void {
    this.#over = true;
    this.#return?.cancel();
    for (const { forget } of this.#here) forget();
    this.#here.length = 0;
  }

  #ended(caller: InvokeCaller, left: boolean): void {
    if (this.#over) return;
    const at = this.#here.findIndex((one) => one.caller === caller);
    if (at >= 0) this.#here.splice(at, 1);
    if (this.#here.length > 0) return;
    const { world, returnMs, cancel } = this.deps;
    if (left || returnMs === 0) cancel();
    else this.#return = world.after(returnMs, cancel);
  }
}
