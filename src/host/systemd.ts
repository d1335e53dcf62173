import { execFile } from "node:child_process";
import notify from "node-systemd-notify";
import type { Environment } from "../lib/environment.ts";

/**
 * Readiness, state and liveness for systemd, through systemd-notify(1); nothing where no systemd
 * asks for it (sd_notify(3)).
 */
export interface SystemdNotifier {
  /** Whether a service manager listens. */
  readonly wanted: boolean;
  /** After how many milliseconds without a ping systemd kills, or `undefined` (WatchdogSec=). */
  readonly watchdogMs: number | undefined;
  ready(status: string): Promise<void>;
  status(text: string): Promise<void>;
  stopping(status: string): Promise<void>;
  /** "I am alive": once in less than `watchdogMs`. */
  alive(status?: string): Promise<void>;
  /** Asks for `ms` more milliseconds to start or stop in (EXTEND_TIMEOUT_USEC). */
  extend(ms: number): Promise<void>;
}

/** A notifier for this process. Failures are reported to `warn` and change nothing else. */
export function systemdNotifier(
  env: Environment,
  warn: (message: string) => void,
): SystemdNotifier {
  const wanted = env["NOTIFY_SOCKET"] !== undefined;
  const send = async (messages: () => readonly Promise<unknown>[]) => {
    if (!wanted) return;
    try {
      await Promise.all(messages());
    } catch (error) {
      warn(`systemd-notify failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const { pid } = process;
  const statusIs = (status: string) => notify({ status, pid });
  return {
    wanted,
    watchdogMs: watchdogMs(env),
    ready: (status) => send(() => [notify({ ready: true, status, pid })]),
    status: (status) => send(() => [statusIs(status)]),
    stopping: (status) => send(() => [assign("STOPPING=1"), statusIs(status)]),
    alive: (status) =>
      send(() => [assign("WATCHDOG=1"), ...(status === undefined ? [] : [statusIs(status)])]),
    extend: (ms) => send(() => [assign(`EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`)]),
  };
}

/** What `WatchdogSec=` of the unit says; meant for this process alone (sd_watchdog_enabled(3)). */
function watchdogMs(env: Environment): number | undefined {
  const usec = Number(env["WATCHDOG_USEC"]);
  if (!Number.isSafeInteger(usec) || usec <= 0) return undefined;
  const pid = env["WATCHDOG_PID"];
  return pid === undefined || pid === String(process.pid) ? usec / 1000 : undefined;
}

/** How long one call may take: systemd-notify itself waits for systemd, which may be busy. */
const SEND_MS = 5000;

/** Sends what the package has no word for: it knows READY and STATUS alone. */
function assign(assignment: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = [`--pid=${process.pid}`, assignment];
    execFile("systemd-notify", args, { timeout: SEND_MS }, (error, _stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message));
      else resolve();
    });
  });
}
