import type { Hub } from "../events/hub.ts";
import type { Gateway, GatewayLog } from "../gateway/gateway.ts";
import { surfaceRequestRow } from "../methods/nodes-rows.ts";
import type { NodesListener } from "../nodes/nodes.ts";
import type { CapabilityRequest } from "../nodes/records.ts";
import { quoted } from "../words/device.ts";
import type { Core } from "./core.ts";
import { askLine } from "./pairing-log.ts";

/** Tells operators, and whoever watches the log, what becomes of nodes. */
export function nodeNews(
  core: Core,
  { hub, gateway, log }: { hub: Hub; gateway: Gateway; log: GatewayLog },
): NodesListener {
  return {
    requested: (request) => {
      const { requestId, nodeId } = request;
      const row = surfaceRequestRow(request, core);
      hub.publishAbout(nodeId, "node.pair.requested", row);
      const offers = askLine(row, {
        kind: "node",
        does: "allow it",
        command: core.command,
        askChars: core.limits.askChars,
      });
      gateway.refusalLog.write({
        level: "info",
        kind: "node-requested",
        facts: { requestId, nodeId },
        message: `${nameOf(request)} offers ${offers}`,
      });
    },
    resolved: (request, why) => {
      const { requestId, nodeId } = request;
      const decision = why === "approved" ? "approved" : "rejected";
      const ts = core.world.now();
      const facts = { requestId, nodeId, decision, why, ts };
      hub.publishAbout(nodeId, "node.pair.resolved", facts);
      const message = `what ${nameOf(request)} offers was ${why}`;
      if (why === "approved" || why === "rejected") log.info({ requestId, nodeId }, message);
    },
    told: (event, payload) => hub.publish(event, payload),
    refused: (metric) => gateway.count(metric),
    failed: (nodeId, error) => {
      gateway.failed("a node's request could not be written", { nodeId, err: error });
    },
  };
}

function nameOf({ displayName, clientId }: CapabilityRequest): string {
  return quoted(displayName ?? clientId);
}
