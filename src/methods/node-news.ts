import type { Hub } from "../events/hub.ts";
import type { NodesListener } from "../nodes/nodes.ts";
import type { RequestLog } from "./request-news.ts";

interface Deps extends Pick<RequestLog, "telemetry"> {
  readonly hub: Pick<Hub, "publish">;
}

/** Publishes what nodes tell of themselves, and counts what about nodes is refused. */
export function nodeNews({ hub, telemetry }: Deps): NodesListener {
  return {
    told: (event, payload) => hub.publish(event, payload),
    refused: (metric) => telemetry.count(metric),
    failed: (nodeId, error) => {
      telemetry.failed("a node's request could not be written", { nodeId, err: error });
    },
  };
}
