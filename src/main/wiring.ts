import { hostname } from "node:os";
import { StrangerEvents } from "../events/stranger-events.ts";
import { followConfig } from "../gateway/config-changes.ts";
import type { GatewayLog } from "../gateway/telemetry.ts";
import { broadcastDevices } from "../methods/device-broadcasts.ts";
import { nodeNews } from "../methods/node-news.ts";
import { pairingLog } from "../methods/pairing-log.ts";
import { requestNews } from "../methods/request-news.ts";
import type { PeerReader } from "../transport/peer.ts";
import type { Core } from "./core.ts";
import type { Network } from "./network.ts";

interface Parts {
  readonly network: Network;
  readonly peers: PeerReader;
  readonly setLogLevel: (level: string) => void;
  readonly log: GatewayLog;
}

/** Lets what happens in the core reach clients and the log, and starts to watch the configuration. */
export function follow(core: Core, { network, peers, setLogLevel, log }: Parts): () => void {
  const { pairing, nodes, setups, config, world, limits, command } = core;
  const { hub, presence, state } = network;
  const { registry, telemetry } = state;
  const lines = { log, telemetry, command, limits };
  const leftOut = () => telemetry.count("request-events-left-out");
  const events = new StrangerEvents({ hub, world, limits, leftOut });
  peers.trust(config.current.gateway.trustedProxies);
  const stops = [
    pairing.requests.listen(requestNews({ ...lines, events, nodes, pairing, world })),
    () => events.close(),
    broadcastDevices({ hub, pairing, setups }),
    pairing.listen(pairingLog(lines)),
    nodes.listen(nodeNews({ hub, telemetry, command })),
    config.listen((_changed, next) => {
      peers.trust(next.gateway.trustedProxies);
      setLogLevel(next.logging.level);
    }),
    followConfig({ config, registry, hub, presence, nodes, world, hostName: hostname() }),
  ];
  config.watch();
  return () => {
    for (const stop of stops) stop();
  };
}
