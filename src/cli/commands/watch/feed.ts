import { setTimeout as sleep } from "node:timers/promises";
import { watchLimitTable } from "../../../limits/watch.ts";
import { ADMIN, PAIRING, READ } from "../../../protocol/access.ts";
import { kinds, type RequestRow } from "../../../words/request-kinds.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { explainFailure } from "../../kit/failures.ts";
import type { LinkListener } from "../../reach/admin-link.ts";
import { notRunning, openRunning, refuseUrlOptions, startCommand } from "../../reach/connect.ts";
import type { CallOf, MethodName, ReachedGateway, Result } from "../../reach/gateway.ts";
import { pendingRows } from "../devices/pages.ts";
import { capabilityRows } from "../nodes/rows.ts";
import { type News, newsOf, saysMore } from "./requests.ts";

const EVENTS = [
  ...Object.values(kinds).flatMap(({ events }) => [events.requested, events.resolved]),
  "device.pair.changed" as const,
];
const awayMs = watchLimitTable.watchAwayMs.value;
const FIRST_PAUSE_MS = watchLimitTable.watchRetryMs.value;
const LAST_PAUSE_MS = watchLimitTable.watchRetryMaxMs.value;

/** A clock that never jumps, and pauses. */
interface Time {
  now(): number;
  pause(ms: number): Promise<unknown>;
}

/** Opens a connection whose events go to the listener; `undefined` when no gateway answers. */
export type Open = (listener: LinkListener) => Promise<ReachedGateway | undefined>;

/** The gateway on this machine, or the one that `--url` names. */
export function opener(context: Context): Open {
  if (context.options.url === undefined) {
    refuseUrlOptions(context);
    return (listener) => openRunning(context, listener);
  }
  return async (listener) => {
    const { openRemote } = await import("../../reach/remote.ts");
    return openRemote(context, [ADMIN, PAIRING, READ], listener);
  };
}

/**
 * News of requests for as long as there is a gateway: it is asked once for what there is, and tells
 * the rest. When it goes away the feed comes back to it by itself.
 */
export class Feed {
  #gateway: ReachedGateway | undefined;
  /** What came while the list was on its way. */
  #early: News[] | undefined;
  /** The list that is on its way is out of date already. */
  #stale = false;
  #closed = false;
  #ended: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(
    private readonly open: Open,
    private readonly tell: (news: News) => void,
    private readonly time: Time = { now: () => performance.now(), pause: sleep },
  ) {}

  /** Resolves after {@link close}; rejects when the gateway can't be watched, or stays away. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ended = { resolve, reject };
      this.#connect().then(
        (connected) => {
          if (!connected) reject(notRunning());
        },
        (error) => reject(error),
      );
    });
  }

  /**
   * Asks the gateway over the connection of now.
   * @throws CliError (unreachable) while there is none
   */
  request<Name extends MethodName>(method: Name, ...ask: CallOf<Name>): Promise<Result<Name>> {
    if (!this.#gateway) throw new CliError("unreachable", "the gateway is away");
    return this.#gateway.request(method, ...ask);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const gateway = this.#gateway;
    this.#gateway = undefined;
    await gateway?.close();
    this.#ended?.resolve();
  }

  async #connect(): Promise<boolean> {
    let over = false;
    let gateway: ReachedGateway | undefined;
    gateway = await this.open({
      event: (name, payload) => {
        if (saysMore(name, payload)) this.#more();
        else this.#heard(newsOf(name, payload));
      },
      ended: () => {
        over = true;
        if (gateway && gateway === this.#gateway) void this.#away();
      },
    });
    if (!gateway) return false;
    try {
      this.#early = [];
      if (gateway.how === "running") await gateway.request("host.events", { events: EVENTS });
      const rows = await listOf(gateway);
      if (over) return false;
      if (this.#closed) {
        await gateway.close();
        return true;
      }
      this.#gateway = gateway;
      this.#listed(rows);
      return true;
    } catch (error) {
      await gateway.close();
      throw error;
    }
  }

  #listed(rows: readonly RequestRow[]): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.tell({ on: "list", rows });
    for (const news of early) this.tell(news);
    if (!this.#stale) return;
    this.#stale = false;
    this.#more();
  }

  /** The gateway left some events out, so it is asked again for what there is; once at a time. */
  #more(): void {
    const gateway = this.#gateway;
    if (this.#early || !gateway) {
      this.#stale = true;
      return;
    }
    this.#early = [];
    listOf(gateway).then(
      (rows) => {
        if (!this.#closed && gateway === this.#gateway) this.#listed(rows);
      },
      // Where the connection is gone, coming back asks for the list.
      () => {
        if (gateway !== this.#gateway) return;
        const early = this.#early ?? [];
        this.#early = undefined;
        for (const news of early) this.tell(news);
      },
    );
  }

  #heard(news: News | undefined): void {
    if (!news || this.#closed) return;
    if (this.#early) this.#early.push(news);
    else this.tell(news);
  }

  /** Comes back to the gateway, with growing pauses, until it was away for too long. */
  async #away(): Promise<void> {
    this.#gateway = undefined;
    if (this.#closed) return;
    this.tell({ on: "away" });
    const { time } = this;
    const deadline = time.now() + awayMs;
    for (let pause: number = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
      await time.pause(pause);
      if (this.#closed) return;
      try {
        if (await this.#connect()) return;
      } catch (error) {
        if (!isPassing(error)) return this.#ended?.reject(error);
      }
      if (time.now() >= deadline) return this.#ended?.reject(stayedAway());
    }
  }
}

async function listOf(gateway: ReachedGateway): Promise<RequestRow[]> {
  return [...(await pendingRows(gateway)), ...(await capabilityRows(gateway))];
}

/** A failure that a restart explains. */
function isPassing(error: unknown): boolean {
  const { exit, code } = explainFailure(error);
  return exit === "unreachable" || code === "UNAVAILABLE";
}

function stayedAway(): CliError {
  const message = `the gateway went away and did not come back within ${awayMs / 1000} s`;
  return new CliError("unreachable", message, { next: startCommand() });
}
