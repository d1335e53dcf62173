import { networkInterfaces } from "node:os";
import type { ConfigStore } from "../config/service.ts";
import { addressMatcher, isLoopback, PRIVATE_V4 } from "../lib/net.ts";
import type { Reach } from "./services.ts";

const EVERYWHERE = new Set(["lan", "0.0.0.0", "::"]);
const isPrivateV4 = addressMatcher(PRIVATE_V4);

/**
 * How others get to this gateway. `listening`: where it does, such as `http://0.0.0.0:18789`. The addresses of
 * a container are known on its host alone.
 */
export function reachOf(
  config: Pick<ConfigStore, "current" | "started">,
  listening: readonly string[],
  isContainer = false,
): Reach {
  const { publicUrl, auth } = config.current.gateway;
  const { bind, port } = config.started.gateway;
  const address = EVERYWHERE.has(bind) ? ownAddress() : bind;
  const [, actual = String(port)] = /^http:.*:(\d+)$/.exec(listening.at(-1) ?? "") ?? [];
  const isOpen = address !== undefined && !["loopback", "none"].includes(bind);
  const host = address?.includes(":") ? `[${address}]` : address;
  const own = { url: `ws://${host}:${actual}`, source: `gateway.bind=${bind}` };
  return {
    secretKind: auth.mode,
    ...(publicUrl !== undefined && { publicUrl }),
    ...(isOpen && !isContainer && !isLoopback(address) && { own }),
  };
}

/** This machine on the network of the house, where it is on one. */
function ownAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ internal, address }) => !internal && isPrivateV4(address))?.address;
}
