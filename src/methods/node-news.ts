import type { Hub } from "../events/hub.ts";
import type { World } from "../lib/world.ts";
import type { Nodes, NodesListener } from "../nodes/nodes.ts";
import type { CapabilityRequest } from "../nodes/records.ts";
import type { Pairing } from "../pairing/pairing.ts";
import { quoted } from "../words/device.ts";
import { surfaceRequestRow } from "./nodes-rows.ts";
import { askLine, type RequestLog } from "./pairing-log.ts";

interface Deps extends RequestLog {
  readonly world: Pick<World, "now">;
  readonly hub: Pick<Hub, "publish" | "publishAbout">;
  readonly nodes: Nodes;
  readonly pairing: Pairing;
}

/** Tells operators and the log what becomes of nodes: who asks for what, and each decision. */
export function nodeNews(deps: Deps): NodesListener {
  const { hub, telemetry, log } = deps;
  return {
    requested: (request) => {
      const { requestId, nodeId } = request;
      const row = surfaceRequestRow(request, deps);
      hub.publishAbout(nodeId, "node.pair.requested", row);
      const offers = askLine(row, {
        kind: "node",
        does: "allow it",
        command: deps.command,
        askChars: deps.limits.askChars,
      });
      telemetry.refusalLog.write({
        level: "info",
        kind: "node-requested",
        facts: { requestId, nodeId },
        message: `${nameOf(request)} offers ${offers}`,
      });
    },
    resolved: (request, why) => {
      const { requestId, nodeId } = request;
      const decision = why === "approved" ? "approved" : "rejected";
      const ts = deps.world.now();
      const facts = { requestId, nodeId, decision, why, ts };
      hub.publishAbout(nodeId, "node.pair.resolved", facts);
      const message = `what ${nameOf(request)} offers was ${why}`;
      if (why === "approved" || why === "rejected") log.info({ requestId, nodeId }, message);
    },
    told: (event, payload) => hub.publish(event, payload),
    refused: (metric) => telemetry.count(metric),
    failed: (nodeId, error) => {
      telemetry.failed("a node's request could not be written", { nodeId, err: error });
    },
  };
}

function nameOf({ displayName, clientId }: CapabilityRequest): string {
  return quoted(displayName ?? clientId);
}
