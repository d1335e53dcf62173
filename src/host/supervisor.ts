import { readFileSync } from "node:fs";
import type { Environment } from "../lib/environment.ts";

export interface Supervisor {
  readonly kind: "systemd" | "pm2" | "none";
  /** Name of the systemd unit, or id of the pm2 process. */
  readonly unit?: string;
}

/** Who restarts this process when it ends, judged by what they leave in its environment. */
export function detectSupervisor(env: Environment): Supervisor {
  const pm2 = env["pm_id"];
  if (pm2 !== undefined) return { kind: "pm2", unit: pm2 };
  if (!isSystemdService(env)) return { kind: "none" };
  return { kind: "systemd", unit: unitOfThisProcess() ?? "openclaw-gateway.service" };
}

/** INVOCATION_ID alone is inherited by every shell inside a unit; the pid tells the service itself. */
function isSystemdService(env: Environment): boolean {
  if (env["INVOCATION_ID"] === undefined) return false;
  const exec = env["SYSTEMD_EXEC_PID"];
  return exec === undefined ? process.ppid === 1 : exec === String(process.pid);
}

function unitOfThisProcess(): string | undefined {
  try {
    const line = readFileSync("/proc/self/cgroup", "utf8")
      .split("\n")
      .find((l) => l.startsWith("0::"));
    return /\/([^/]+\.service)(?:\/|$)/.exec(line ?? "")?.[1];
  } catch {
    return undefined;
  }
}
