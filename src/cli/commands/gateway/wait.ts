import { readFileSync } from "node:fs";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { openRunning } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";

type HostReport = Result<"host.info">;

const POLL_MS = 50;
const PROBE_MS = 1_000;
const PATIENCE_MS = 60_000;
/** A gateway in another container has a process id that means nothing here. */
const SILENCE_MS = 5_000;

/** What the gateway says about itself; `undefined` while it does not answer. */
export async function hostInfo(context: Context): Promise<HostReport | undefined> {
  const gateway = await openRunning(context);
  if (!gateway) return undefined;
  try {
    return await gateway.request("host.info");
  } finally {
    await gateway.close();
  }
}

/** A gateway that is about to be restarted. */
export interface Before {
  readonly info: HostReport;
  /** Whether its process can be seen from here, so that its end can be told from a pause. */
  readonly visible: boolean;
}

/**
 * Waits until another start of the gateway than `before` accepts connections, 60 s at most.
 * @throws CliError at once where the process is gone and has no supervisor; (unreachable) after 60
 * s
 */
export async function waitForStart(
  context: Context,
  before: Before | undefined,
): Promise<HostReport> {
  const unsupervised = before?.visible && before.info.supervisor === "none";
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    // A socket that closes under the question is part of a restart.
    const info = await hostInfo(context).catch(() => undefined);
    const isNew = info !== undefined && info.startedAtMs !== before?.info.startedAtMs;
    if (isNew && (await accepts(info.listening))) return info;
    if (!info && unsupervised && !isAlive(before.info.pid)) throw endedInstead();
    await sleep(POLL_MS);
  }
  throw new CliError("unreachable", `the gateway does not accept connections after 60 s`, {
    next: openclaw`gateway status`,
  });
}

/**
 * Waits until the process of the gateway is gone, 60 s at most.
 * @throws CliError (failed) after that
 */
export async function waitForEnd(context: Context, before: HostReport): Promise<void> {
  let silentSince: number | undefined;
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    const info = await hostInfo(context).catch(() => undefined);
    silentSince = info ? undefined : (silentSince ?? performance.now());
    if (silentSince !== undefined) {
      const silent = performance.now() - silentSince > SILENCE_MS;
      if (silent || !isAlive(before.pid)) return;
    }
    await sleep(POLL_MS);
  }
  throw new CliError("failed", "the gateway still answers after 60 s", {
    next: shell`kill ${before.pid}`,
  });
}

/** Whether a process runs. One that ended and was not reaped yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function endedInstead(): CliError {
  return new CliError("unreachable", "the gateway ended instead of starting again", {
    next: say`${openclaw`gateway run`} (it says what stops it)`,
  });
}

/** Whether the first place where the gateway listens answers that it is ready. */
async function accepts([where]: readonly string[]): Promise<boolean> {
  if (where === undefined) return true;
  const unix = /^unix:(.+)$/.exec(where)?.[1];
  if (unix !== undefined) return isReady({ socketPath: unix });
  if (!URL.canParse(where)) return true;
  const { hostname, port } = new URL(where);
  const host = hostname === "0.0.0.0" || hostname === "[::]" ? "127.0.0.1" : hostname;
  return isReady({ host: host.replace(/^\[|\]$/g, ""), port: Number(port) });
}

function isReady(where: { socketPath: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ ...where, path: "/readyz", timeout: PROBE_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    // No right to use the public socket says nothing about the gateway.
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EACCES"));
    asked.end();
  });
}
