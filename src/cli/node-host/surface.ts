import type { Send } from "./invokes.ts";
import { hostStats } from "./stats.ts";
import type { HostEvent } from "./words.ts";

/** As OpenClaw's own node host does. */
const STATS_MS = 60_000;

export interface SurfaceDeps {
  readonly tell: (event: HostEvent) => void;
  /** Looks whether other commands are to be declared now. */
  readonly refresh: () => void;
}

/**
 * What the gateway lets this node do: it learns that from the answers to its own figures, which are
 * refused until its commands are approved.
 */
export class Surface {
  #timer: NodeJS.Timeout | undefined;
  #send: Send | undefined;
  #told = "";

  constructor(private readonly deps: SurfaceDeps) {}

  /** Connected: reports at once and every minute. */
  start(send: Send): void {
    this.stop();
    this.#send = send;
    this.#told = "";
    this.#timer = setInterval(() => {
      this.deps.refresh();
      void this.#report(send);
    }, STATS_MS);
    this.deps.refresh();
    void this.#report(send);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#send = undefined;
  }

  /** The owner decided about this node's commands. */
  resolved(decision: unknown): void {
    if (decision === "rejected") return this.#tell({ event: "commands-rejected" });
    if (this.#send) void this.#report(this.#send);
  }

  async #report(send: Send): Promise<void> {
    try {
      const payloadJSON = JSON.stringify(hostStats());
      await send("node.event", { event: "node.host.stats", payloadJSON });
      if (send === this.#send) this.#tell({ event: "commands-approved" });
    } catch (error) {
      if (send !== this.#send) return;
      const { details } = error as { details?: Record<string, unknown> };
      if (details?.["code"] !== "PAIRING_CHANGED") return;
      const requestId = details["requestId"];
      const known = typeof requestId === "string" ? { requestId } : {};
      if (this.#told !== "commands-rejected") this.#tell({ event: "commands-waiting", ...known });
    }
  }

  #tell(event: HostEvent): void {
    if (this.#told === event.event) return;
    this.#told = event.event;
    this.deps.tell(event);
  }
}
