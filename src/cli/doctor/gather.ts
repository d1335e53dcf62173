import { stat } from "node:fs/promises";
import { stateFolder } from "../../lib/paths.ts";
import { version } from "../../lib/version.ts";
import { openRunning, startCommand } from "../connect.ts";
import type { Context } from "../context.ts";
import type { Environment } from "../io.ts";
import type { GatewayStatus, HostInfo } from "../wire.ts";
import type { ConfigFacts, Facts, GatewayFacts, ProgramFacts } from "./facts.ts";
import { gatherMachine } from "./gather-machine.ts";
import { fileFacts, gatherState } from "./gather-state.ts";

/** Looks at everything the checks judge. Changes nothing and never rejects for what is amiss. */
export async function gatherFacts(context: Context): Promise<Facts> {
  const { env } = context.io;
  const nowMs = context.io.now();
  const gateway = await gatherGateway(context);
  const running = gateway.how === "running" ? gateway.info : undefined;
  const folder = running?.stateDir ?? stateFolder(env);
  const inspect = gateway.how === "stopped";
  const [state, config] = await Promise.all([
    gatherState({ folder, nowMs, inspect }),
    gatherConfig(env, { folder, running }),
  ]);
  const { port } = config.gateway;
  const machine = await gatherMachine({ env, gateway, stateDir: folder, port });
  return { nowMs, program: programFacts(), gateway, state, config, machine };
}

async function gatherGateway(context: Context): Promise<GatewayFacts> {
  try {
    const gateway = await openRunning(context);
    if (!gateway) return { how: "stopped", start: startCommand() };
    try {
      const info = await gateway.request<HostInfo>("host.info");
      const { gateway: status } = await gateway.request<GatewayStatus>("status");
      return { how: "running", info, status };
    } finally {
      await gateway.close();
    }
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    return { how: "unreachable", message, denied: code === "EACCES" || code === "EPERM" };
  }
}

async function gatherConfig(
  env: Environment,
  from: { folder: string; running: HostInfo | undefined },
): Promise<ConfigFacts> {
  const { loadConfig, resolveConfigPath } = await import("../../config/load.ts");
  const { devicelessCliMode } = await import("../../config/settings.ts");
  const path = from.running?.configPath ?? resolveConfigPath(env, from.folder);
  const { config, source, errors, warnings } = await loadConfig({ path, env });
  const found = await stat(path).catch(() => undefined);
  return {
    path,
    exists: source.exists,
    file: found && fileFacts(found),
    errors,
    warnings,
    gateway: config.gateway,
    devicelessCli: devicelessCliMode(config),
  };
}

function programFacts(): ProgramFacts {
  const call = `node ${process.argv[1] ?? "dist/index.js"}`;
  return { version, node: process.versions.node, glibc: glibc(), call };
}

/** Node tells in its diagnostic report which C library it runs with. */
function glibc(): string | undefined {
  if (process.platform !== "linux" || !process.report) return undefined;
  // Without this the report looks up the names of all open connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}
