import type { SystemdNotifier } from "../host/systemd.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { openclaw } from "../protocol/command.ts";
import { type ProbeTarget, probeSelf } from "./self-probe.ts";
import { type CommitFigures, Watchdog } from "./watchdog.ts";

/** How many are here and how many wait: what `systemctl status` shows. */
export interface Crowd {
  readonly operators: number;
  readonly nodes: number;
  /** Requests that wait for the owner. */
  readonly pending: number;
}

export interface SupervisedServer {
  readonly listening: readonly string[];
  readonly probe: ProbeTarget;
  /** Sockets that were closed without an answer so far, because there were too many. */
  readonly turnedAway: () => number;
  readonly crowd: () => Crowd;
  readonly commits: () => readonly CommitFigures[];
}

export interface SupervisionDeps {
  readonly world: World;
  readonly limits: Limits;
  readonly notifier: SystemdNotifier;
  readonly warn: (message: string) => void;
}

/** What one start of the gateway tells its service manager, from loading to flushing. */
export class Supervision {
  #watchdog: Watchdog | undefined;

  constructor(private readonly deps: SupervisionDeps) {}

  /** Asks for more time, again and again, while `work` runs: a big state on a slow disk takes long. */
  async during<T>(work: Promise<T>): Promise<T> {
    const { world, limits, notifier } = this.deps;
    const { extendMs } = limits;
    const asking = world.every(extendMs / 2, () => {
      void notifier.extend(extendMs);
      if (notifier.watchdogMs !== undefined) void notifier.alive();
    });
    try {
      return await work;
    } finally {
      asking.cancel();
    }
  }

  /** Ready only when the own listener answered. From here on the watchdog is fed. @throws ProbeError */
  async ready(server: SupervisedServer): Promise<void> {
    const { world, limits, notifier, warn } = this.deps;
    const { turnedAway } = server;
    const how = { world, timeoutMs: limits.selfProbeMs, turnedAway };
    const probe = () => probeSelf(server.probe, how);
    await probe().catch((error: Error) => {
      throw new ProbeError(error.message);
    });
    const status = () => statusLine(server);
    await notifier.ready(status());
    this.#watchdog = new Watchdog({
      world,
      notifier,
      probe,
      status,
      commits: server.commits,
      warn,
    });
  }

  /** Draining begins; from here on the time to stop is what systemd watches. */
  async stopping(why: "stop" | "restart"): Promise<void> {
    const { notifier } = this.deps;
    this.end();
    const line = `${why === "stop" ? "stopping" : "restarting"}: clients are told, changes are flushed`;
    // A restart in place goes on in this process: for systemd it does not stop.
    await (why === "stop" ? notifier.stopping(line) : notifier.status(line));
  }

  end(): void {
    this.#watchdog?.stop();
  }
}

/** For example "3 operators, 1 node, 2 wait for approval; listening on http://127.0.0.1:18789". */
export function statusLine({
  listening,
  crowd,
}: Pick<SupervisedServer, "listening" | "crowd">): string {
  const { operators, nodes, pending } = crowd();
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const waits = pending === 0 ? "nobody waits" : `${pending} wait${pending === 1 ? "s" : ""}`;
  const who = `${many(operators, "operator")}, ${many(nodes, "node")}, ${waits} for approval`;
  return `${who}; listening on ${listening.join(", ")}`;
}

/** The gateway listens and does not answer. */
export class ProbeError extends Error {
  override readonly name = "ProbeError";
  readonly code = "PROBE_FAILED";
  readonly next = openclaw`doctor`;

  constructor(why: string) {
    super(`the gateway does not answer itself: ${why}`);
  }
}
