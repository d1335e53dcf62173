import type { GatewayConfig } from "../config/schema.ts";
import type { ConfigStore } from "../config/service.ts";
import { devicelessCliMode, gatewayName } from "../config/settings.ts";
import type { Hub } from "../events/hub.ts";
import type { Presence } from "../events/presence.ts";
import type { World } from "../lib/world.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { Registry } from "./registry.ts";
import { closeAdmittedBy, closeDeviceless } from "./shared-secret.ts";

interface Deps {
  readonly config: Pick<ConfigStore, "listen" | "path" | "hash">;
  readonly registry: Registry;
  readonly hub: Pick<Hub, "publish">;
  readonly presence: Pick<Presence, "rename">;
  readonly nodes: Pick<Nodes, "policyChanged">;
  readonly world: Pick<World, "now">;
  /** The machine's name, which the gateway goes by where it was given none. */
  readonly hostName: string;
}

/**
 * Applies each change of the configuration to who is connected, then publishes `config.changed`. Returns
 * how to stop.
 */
export function followConfig(deps: Deps): () => void {
  const { config, hub, registry, world } = deps;
  return config.listen((changed, next) => {
    for (const { path } of changed) applyChange(path, next, deps);
    const mayHoldScopes = devicelessCliMode(next) !== "never";
    closeDeviceless(registry, { kind: next.gateway.auth.mode, mayHoldScopes });
    hub.publish("config.changed", { path: config.path, hash: config.hash, ts: world.now() });
  });
}

function applyChange(path: string, next: GatewayConfig, deps: Deps): void {
  const { registry, presence, nodes, hostName } = deps;
  if (path === "gateway.name") presence.rename(gatewayName(next, hostName));
  if (path.startsWith("gateway.nodes.commands.")) nodes.policyChanged();
  if (path === "gateway.auth.token") closeAdmittedBy(registry, "token");
  if (path === "gateway.auth.password") closeAdmittedBy(registry, "password");
}
