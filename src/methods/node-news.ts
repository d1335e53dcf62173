import type { Hub } from "../events/hub.ts";
import type { NodesListener } from "../nodes/nodes.ts";
import { plainText } from "../protocol/text.ts";
import { keyUseWords } from "../words/key-use.ts";
import type { RequestLog } from "./request-news.ts";

interface Deps extends Pick<RequestLog, "telemetry" | "command"> {
  readonly hub: Pick<Hub, "publish">;
}

/** Publishes what nodes tell of themselves, and counts what about nodes is refused. */
export function nodeNews({ hub, telemetry, command }: Deps): NodesListener {
  return {
    told: (event, payload) => hub.publish(event, payload),
    shared: ({ nodeId, use, sessions }) => {
      const { message, next } = keyUseWords(use);
      const connections = sessions.map(({ facts: { text, place } }) => ({
        name: text.displayName,
        address: text.remoteIp ?? place.source,
        instanceId: place.instanceId,
      }));
      const facts = { nodeId, connections, next: plainText(next, { gateway: command }) };
      telemetry.refusalLog.write({ level: "warn", kind: "key-shared", facts, message });
    },
    tookOver: ({ nodeId, facts: { text, place } }) => {
      const facts = { nodeId, name: text.displayName, address: text.remoteIp ?? place.source };
      const message = "a node's connection ended, and one that stood by takes over";
      telemetry.refusalLog.write({ level: "info", kind: "standby", facts, message });
    },
    refused: (metric) => telemetry.count(metric),
    failed: (nodeId, error) => {
      telemetry.failed("a node's request could not be written", { nodeId, err: error });
    },
  };
}
