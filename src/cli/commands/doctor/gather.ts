import { stat } from "node:fs/promises";
import type { GatewayConfig } from "../../../config/schema.ts";
import { ownGlibc } from "../../../host/node-support.ts";
import { configPath, stateFolder } from "../../../host/paths.ts";
import { mayServe } from "../../../host/served-folder.ts";
import type { Environment } from "../../../lib/environment.ts";
import { version } from "../../../lib/version.ts";
import type { Context } from "../../kit/context.ts";
import { openRunning, startCommand } from "../../reach/connect.ts";
import type { ConfigFacts, DoctorFacts, GatewayFacts, ProgramFacts } from "./facts.ts";
import { gatherMachine } from "./gather-machine.ts";
import { gatherSsh } from "./gather-ssh.ts";
import { fileFacts, gatherState } from "./gather-state.ts";
import { gatherWebhook } from "./gather-webhook.ts";

/** Looks at everything the checks judge. Changes nothing and never rejects for what is amiss. */
export async function gatherFacts(context: Context): Promise<DoctorFacts> {
  const { env } = context.io;
  const nowMs = context.io.now();
  const { gateway, settings, overrides } = await gatherGateway(context);
  const running = gateway.how === "running" ? gateway.info : undefined;
  const folder = running?.stateDir ?? stateFolder(env);
  const inspect = gateway.how === "stopped";
  const [state, config] = await Promise.all([
    gatherState({ folder, nowMs, inspect }),
    gatherConfig(env, { folder, path: running?.configPath, settings, overrides }),
  ]);
  const port = config.gateway?.port;
  const machine = await gatherMachine({ env, gateway, stateDir: folder, port });
  const ssh = await gatherSsh(env, config.gateway?.ssh ?? {}, gateway);
  return { nowMs, program: programFacts(), gateway, state, config, machine, ssh };
}

/** What a gateway that runs says of its settings. */
interface InForce {
  readonly settings?: GatewayConfig;
  readonly overrides?: ConfigFacts["overrides"] | undefined;
}

/** The gateway, and if it runs its settings in force: flags and its own environment included. */
async function gatherGateway(context: Context): Promise<{ gateway: GatewayFacts } & InForce> {
  try {
    const gateway = await openRunning(context);
    if (!gateway) return { gateway: { how: "stopped", start: startCommand() } };
    try {
      const info = await gateway.request("host.info");
      const { gateway: status } = await gateway.request("status");
      const { config, overrides } = await gateway.request("config.get");
      const list = gateway.request("host.ssh.list");
      const sshKeys = (await list.catch(() => undefined))?.keys;
      return { gateway: { how: "running", info, status, sshKeys }, settings: config, overrides };
    } finally {
      await gateway.close();
    }
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    const denied = code === "EACCES" || code === "EPERM";
    return { gateway: { how: "unreachable", message, denied } };
  }
}

interface ConfigAsked {
  readonly folder: string;
  readonly path: string | undefined;
  readonly settings: GatewayConfig | undefined;
  readonly overrides: ConfigFacts["overrides"] | undefined;
}

async function gatherConfig(env: Environment, asked: ConfigAsked): Promise<ConfigFacts> {
  const { loadConfig } = await import("../../../config/load.ts");
  const { devicelessCliMode } = await import("../../../config/settings.ts");
  const { markOf, markWord } = await import("../../../config/file-mark.ts");
  const path = asked.path ?? configPath(env, asked.folder);
  const { config, source, errors, warnings, overrides } = await loadConfig({ path, env });
  const settings = asked.settings ?? (errors.length === 0 ? config : undefined);
  const found = await stat(path).catch(() => undefined);
  return {
    path,
    exists: source.exists,
    mark: found || !source.exists ? markWord(await markOf(path)) : undefined,
    file: found && fileFacts(found),
    errors,
    warnings,
    overrides: asked.overrides ?? overrides,
    gateway: settings?.gateway,
    bindByFlag: errors.length === 0 && settings?.gateway.bind !== config.gateway.bind,
    devicelessCli: settings && devicelessCliMode(settings),
    // A running gateway leaves a group out of which nothing is set.
    webRoot: await gatherWebRoot(settings?.dashboard?.root, asked.folder, path),
    webhook: await gatherWebhook(settings),
  };
}

async function gatherWebRoot(folder: string | undefined, stateDir: string, configPath: string) {
  if (folder === undefined) return undefined;
  return { folder, verdict: await mayServe(folder, { stateDir, configPath }) };
}

function programFacts(): ProgramFacts {
  const call = `node ${process.argv[1] ?? "dist/index.js"}`;
  return { version, node: process.versions.node, glibc: ownGlibc(), call };
}
