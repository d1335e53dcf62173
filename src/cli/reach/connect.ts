import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { resolveAdminSocket, stateFolder } from "../../host/paths.ts";
import { whyFailed } from "../../lib/system-words.ts";
import { asRoot, type Command, openclaw, shell } from "../../protocol/command.ts";
import { say, type Text } from "../../protocol/text.ts";
import type { Context } from "../kit/context.ts";
import { CliError } from "../kit/exit.ts";
import { AdminLink, type LinkListener } from "./admin-link.ts";
import { gatewayBehind, type Needs, type ReachedGateway } from "./gateway.ts";

/** Reaches the gateway, runs `use`, and hangs up. */
export async function withGateway<Result>(
  context: Context,
  needs: Needs,
  use: (gateway: ReachedGateway) => Promise<Result>,
): Promise<Result> {
  const gateway = await openGateway(context, needs);
  try {
    return await use(gateway);
  } finally {
    await gateway.close();
  }
}

function notByUrl(): CliError {
  return new CliError("usage", "this can be done on the gateway's own machine only", {
    next: "repeat the command there, without --url",
  });
}

async function openGateway(context: Context, needs: Needs): Promise<ReachedGateway> {
  if (context.options.url !== undefined) {
    if (needs.hostOnly) throw notByUrl();
    const { openRemote } = await import("./remote.ts");
    return openRemote(context, needs.scopes);
  }
  refuseUrlOptions(context);
  const running = await openRunning(context);
  if (running) return running;
  if (!needs.stopped) throw notRunning();
  const { openStopped } = await import("./stopped.ts");
  const stopped = await openStopped(context, { ...needs, stopped: needs.stopped });
  try {
    if (!context.options.json) context.io.err(await stoppedNote(stopped));
    return stopped;
  } catch (error) {
    // It holds the state's lock, which would keep the gateway from starting.
    await stopped.close();
    throw error;
  }
}

async function stoppedNote(stopped: ReachedGateway): Promise<Text> {
  const { valid } = await stopped.request("config.get");
  if (valid) {
    return say`The gateway is not running: this acts on its state. To start it: ${startCommand()}`;
  }
  return say`The gateway is not running, and does not start while its configuration has errors (${openclaw`config validate`} shows them): this acts on its state.`;
}

/**
 * Refuses `--token`, `--password` and `--tls-fingerprint` without `--url`: the admin socket needs
 * none, and they would be ignored.
 * @throws CliError (usage)
 */
export function refuseUrlOptions({ options }: Context): void {
  for (const name of ["token", "password", "tlsFingerprint"] as const) {
    if (options[name] === undefined) continue;
    const flag = name === "tlsFingerprint" ? "--tls-fingerprint" : `--${name}`;
    throw new CliError(
      "usage",
      `${flag} goes with --url; on the gateway's machine none is needed`,
      {
        next: "leave it out",
      },
    );
  }
}

/** The gateway over its admin socket; `undefined` when it does not run. */
export async function openRunning(
  { io }: Context,
  listener?: LinkListener,
): Promise<ReachedGateway | undefined> {
  const path = resolveAdminSocket(io.env, stateFolder(io.env));
  const link = await AdminLink.open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return undefined;
    throw unreachable(path, error);
  });
  if (!link) return undefined;
  if (listener) link.listen(listener);
  return gatewayBehind({
    how: "running",
    call: (method, params, timeoutMs) => link.request(method, params, timeoutMs),
    close: () => link.close(),
  });
}

function unreachable(path: string, cause: NodeJS.ErrnoException): CliError {
  if (cause.code === "EACCES" || cause.code === "EPERM") {
    return new CliError("unreachable", `no permission to use the admin socket ${path}`, {
      asRoot: true,
      code: cause.code,
      cause,
    });
  }
  const message = `the admin socket ${path} can't be used: ${whyFailed(cause)}`;
  const next = shell`ls -ld ${dirname(path)}`;
  return new CliError("unreachable", message, { code: cause.code, cause, next });
}

const unitFolders = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
export const UNIT = "openclaw-gateway";

/** The command that starts the gateway on this machine; of a container its engine's is shown instead. */
export function startCommand(): Command {
  const unit = unitFolders.some((folder) => existsSync(`${folder}/${UNIT}.service`));
  return unit ? asRoot(shell`systemctl start ${UNIT}`) : openclaw`gateway run`;
}

export function notRunning(): CliError {
  return new CliError("unreachable", "the gateway is not running", { next: startCommand() });
}
