import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openRunning } from "../connect.ts";
import type { Context } from "../context.ts";
import { CliError } from "../exit.ts";
import type { HostInfo } from "../wire.ts";

const POLL_MS = 50;
const PROBE_MS = 1_000;
const PATIENCE_MS = 60_000;

/** What the gateway says about itself; `undefined` while it does not answer. */
export async function hostInfo(context: Context): Promise<HostInfo | undefined> {
  const gateway = await openRunning(context);
  if (!gateway) return undefined;
  try {
    return await gateway.request<HostInfo>("host.info");
  } finally {
    await gateway.close();
  }
}

/**
 * Waits until another start of the gateway than `before` accepts connections. Gives up at once when
 * nobody supervises it and its process is gone.
 */
export async function waitForStart(
  context: Context,
  before: HostInfo | undefined,
): Promise<HostInfo> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    // A socket that closes under the question is part of a restart.
    const info = await hostInfo(context).catch(() => undefined);
    const isNew = info !== undefined && info.startedAtMs !== before?.startedAtMs;
    if (isNew && (await accepts(info.listening))) return info;
    if (!info && before?.supervisor === "none" && !isAlive(before.pid)) throw endedInstead();
    await sleep(POLL_MS);
  }
  throw new CliError("unreachable", `the gateway does not accept connections after 60 s`, {
    next: "openclaw gateway status",
  });
}

/** Waits until the process of the gateway is gone. */
export async function waitForEnd(context: Context, before: HostInfo): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    const info = await hostInfo(context).catch(() => undefined);
    if (!info && !isAlive(before.pid)) return;
    await sleep(POLL_MS);
  }
  throw new CliError("failed", `process ${before.pid} is still there after 60 s`, {
    next: `kill ${before.pid}`,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function endedInstead(): CliError {
  return new CliError("unreachable", "the gateway ended instead of starting again", {
    next: "openclaw gateway run (it says what stops it)",
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
