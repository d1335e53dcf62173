import type { SystemdNotifier } from "../host/systemd.ts";
import type { World } from "../lib/world.ts";

/** Figures of one document's commits, as the store counts them. */
export interface CommitFigures {
  readonly commits: number;
  readonly waiting: number;
  readonly lastError?: unknown;
}

export interface WatchdogDeps {
  readonly world: World;
  readonly notifier: SystemdNotifier;
  /** Resolves when the own listener answered. */
  readonly probe: () => Promise<void>;
  readonly commits: () => readonly CommitFigures[];
  /** One line for `systemctl status`. */
  readonly status: () => string;
  readonly warn: (message: string) => void;
}

/**
 * Pings systemd's watchdog, and only with proof: the event loop turned to get here, the own listener
 * answered, and no commit hangs. Commits that fail by name (a full disk) do not count: a restart
 * cures no full disk, and would take revoking and rejecting away, which work without one.
 */
export class Watchdog {
  #timer: { cancel(): void } | undefined;
  #checking = false;
  #before: readonly CommitFigures[];
  #told: string | undefined;

  constructor(private readonly deps: WatchdogDeps) {
    this.#before = deps.commits();
    const { watchdogMs } = deps.notifier;
    // Two chances in each period, as sd_watchdog_enabled(3) advises.
    if (watchdogMs !== undefined) {
      this.#timer = deps.world.every(watchdogMs / 2, () => void this.check());
    }
  }

  /** Looks once; pings if all is well. */
  async check(): Promise<void> {
    // One that hangs is the proof that is missing; a second one beside it proves nothing.
    if (this.#checking) return;
    this.#checking = true;
    try {
      this.#refuseHungCommits();
      await this.deps.probe();
      await this.#alive();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.deps.warn(`no ping for the watchdog: ${why}`);
    } finally {
      this.#checking = false;
    }
  }

  #refuseHungCommits(): void {
    const before = this.#before;
    const now = this.deps.commits();
    this.#before = now.map(({ commits, waiting, lastError }) => ({ commits, waiting, lastError }));
    const hung = now.some(({ commits, waiting, lastError }, at) => {
      const then = before[at];
      if (waiting === 0 || lastError !== undefined || !then) return false;
      return then.waiting > 0 && then.commits === commits;
    });
    if (hung)
      throw new Error(
        "a change of the state has waited for the disk all the time since the last look",
      );
  }

  /** `systemctl status` gets a new line only when there is something new in it. */
  async #alive(): Promise<void> {
    const status = this.deps.status();
    const { notifier } = this.deps;
    await (status === this.#told ? notifier.alive() : notifier.alive(status));
    this.#told = status;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
