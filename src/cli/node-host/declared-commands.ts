import { wholeCode } from "../../words/code.ts";
import type { Send } from "./invokes.ts";
import { hostStats } from "./stats.ts";
import type { HostEvent } from "./words.ts";

/** Milliseconds between two reports of the machine's figures, as in OpenClaw's own node host. */
const STATS_MS = 60_000;
const SOON_MS = 500;

interface RefusedReport {
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface CapabilityDeps {
  readonly tell: (event: HostEvent) => void;
  /** Looks whether other commands are to be declared now. */
  readonly refresh: () => void;
}

/**
 * What the gateway lets this node do: it learns that from the answers to its own figures, which are
 * refused until its commands are approved, and while another program with its key serves.
 */
export class DeclaredCommands {
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #soonMs = SOON_MS;
  #send: Send | undefined;
  #told = "";

  constructor(private readonly deps: CapabilityDeps) {}

  /** Connected: reports at once and every minute. */
  start(send: Send): void {
    this.stop();
    this.#send = send;
    this.#told = "";
    this.#soonMs = SOON_MS;
    this.#timer = setInterval(() => {
      this.deps.refresh();
      // What is refused its commands would ask for them anew by every report.
      if (this.#told !== "commands-rejected") void this.#report(send);
    }, STATS_MS);
    this.deps.refresh();
    void this.#report(send);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#send = undefined;
  }

  /** The owner decided about this node's commands. */
  resolved(decision: unknown): void {
    if (decision === "rejected") return this.#tell({ event: "commands-rejected" });
    if (this.#send) void this.#report(this.#send);
  }

  /** Another connection with this machine's key serves, or this one does again. */
  standby(stands: boolean): void {
    if (stands) this.#tell({ event: "standby" });
    else if (this.#send) void this.#report(this.#send);
  }

  async #report(send: Send): Promise<void> {
    try {
      const payloadJSON = JSON.stringify(hostStats());
      await send("node.event", { event: "node.host.stats", payloadJSON });
      if (send === this.#send) this.#tell({ event: "commands-approved" });
    } catch (error) {
      if (send === this.#send) this.#refused(error as RefusedReport, send);
    }
  }

  #refused({ details }: RefusedReport, send: Send): void {
    if (details?.["code"] !== "PAIRING_CHANGED") return;
    // The next report asks again: by then it may serve.
    if (details["reason"] === "standby") return this.#tell({ event: "standby" });
    // It is put before a person: anything else than a code would be a line of the gateway's own.
    const requestId = wholeCode(String(details["requestId"] ?? ""));
    if (requestId !== undefined) return this.#tell({ event: "commands-waiting", requestId });
    // Neither approved nor asked for yet: it is being written down.
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#report(send), this.#soonMs);
    this.#soonMs = Math.min(STATS_MS, this.#soonMs * 2);
  }

  #tell(event: HostEvent): void {
    if (this.#told === event.event) return;
    this.#told = event.event;
    this.deps.tell(event);
  }
}
