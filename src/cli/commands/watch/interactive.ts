import { leftOutScopes } from "../../../protocol/scopes.ts";
import type { Context } from "../../kit/context.ts";
import { explainFailure } from "../../kit/failures.ts";
import { styleOf } from "../../kit/style.ts";
import { Feed, opener } from "./feed.ts";
import { reduce } from "./reduce.ts";
import { screenLines } from "./screen.ts";
import { type ApprovalVerb, begin, type Effect, type Event, type State } from "./state.ts";
import { Terminal } from "./terminal.ts";

/** Ages on the screen are renewed so often; nothing is asked for it. */
const AGES_MS = 15_000;

/** What carries a decision out: both methods take codes of devices and of nodes. */
function deedOf(what: ApprovalVerb, requestId: string) {
  if (what === "reject") return ["device.pair.reject", { requestId }] as const;
  const without = what === "approve-without" ? { without: [...leftOutScopes] } : {};
  return ["device.pair.approve", { requestId, ...without }] as const;
}

/** The screen: keys and news in, lines and deeds out. What follows from what is for `reduce`. */
export async function watchOnTerminal(context: Context): Promise<void> {
  await new WatchScreen(context).run();
}

class WatchScreen {
  readonly #feed: Feed;
  readonly #terminal: Terminal;
  #state: State;
  #drawing: NodeJS.Immediate | undefined;

  constructor(private readonly context: Context) {
    const now = () => context.io.now();
    this.#feed = new Feed(opener(context), (news) => {
      // Why the gateway can't be watched at all is said on the ordinary screen.
      this.#terminal.open();
      this.#on({ on: "news", news, at: now() });
    });
    this.#terminal = new Terminal(process.stdin, process.stdout, {
      key: (key) => this.#on({ on: "key", key, at: now() }),
      resized: (size) => {
        this.#terminal.forget();
        this.#on({ on: "size", size, at: now() });
      },
      ended: () => this.#quit(),
    });
    this.#state = begin(this.#terminal.size);
  }

  async run(): Promise<void> {
    const over = this.#feed.run();
    const ages = setInterval(() => this.#draw(), AGES_MS);
    try {
      await over;
    } finally {
      clearInterval(ages);
      this.#terminal.close();
      await this.#feed.close();
    }
  }

  #quit(): void {
    void this.#feed.close();
  }

  #on(event: Event): void {
    const { state, effects } = reduce(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    // However much comes at once is drawn once.
    this.#drawing ??= setImmediate(() => this.#draw());
  }

  #draw(): void {
    this.#drawing = undefined;
    const { io } = this.context;
    this.#terminal.draw(screenLines(this.#state, { ...styleOf(io), now: io.now() }));
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case "quit":
        return this.#quit();
      case "suspend":
        return this.#terminal.suspend();
      case "redraw":
        return this.#terminal.forget();
      case "show":
        return void this.#show(effect.code);
      default:
        return void this.#decide(effect.do, effect.code);
    }
  }

  async #show(code: string): Promise<void> {
    await this.#ask(code, "show", async () => {
      const params = { requestId: code };
      const row = await this.#feed.request("device.pair.show", params);
      this.#on({ on: "shown", code, row, at: this.context.io.now() });
    });
  }

  async #decide(what: ApprovalVerb, code: string): Promise<void> {
    await this.#ask(code, what, async () => {
      const [method, params] = deedOf(what, code);
      await this.#feed.request(method, params);
      this.#on({ on: "decided", code, what, at: this.context.io.now() });
    });
  }

  async #ask(code: string, what: ApprovalVerb | "show", run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const { message } = explainFailure(error);
      this.#on({ on: "failed", code, what, message });
    }
  }
}
