import { capabilityWords } from "../words/capabilities.ts";
import { shortCode } from "../words/code.ts";
import type { Capabilities, NodeRequest, NodeText } from "./records.ts";
import type { CapabilityAsk, Rules } from "./rules.ts";

/** Nodes ask for exactly what they declare: another declaration is another request. */
export const nodeRules: Rules<"node"> = {
  covers: ({ covered }) => covered,
  refreshed: (before, asked) => {
    const { pairing, capabilities, text } = asked;
    const asksTheSame =
      before.pairing === pairing && capabilitiesKey(before) === capabilitiesKey(capabilities);
    if (!asksTheSame) return undefined;
    // A refused node asks again at each connect: only what differs is worth a line in the journal.
    if (JSON.stringify(nodeText(before)) === JSON.stringify(nodeText(text))) return before;
    return requestFor(asked, before);
  },
  draft: (asked, _before, { now }) => requestFor(asked, { requestId: "", nonce: "", ts: now }),
  code: ({ nodeId, ...asked }, { gatewayId, nonce }) =>
    shortCode(["node-surface/1", nodeId, capabilitiesKey(asked), gatewayId, nonce]),
  words: capabilityWords,
  makesRoom: (waiting, _asked, { limits }) => {
    const [oldest] = waiting;
    return waiting.length < limits.nodeRequests || !oldest ? "fits" : { goes: oldest };
  },
  pace: () => 0,
  unknown: {
    ends: {},
    otherwise: "it was decided already, gave way to a newer code of the node, or is mistyped",
  },
};

function requestFor(
  { nodeId, pairing, capabilities, text }: CapabilityAsk,
  { requestId, nonce, ts }: Pick<NodeRequest, "requestId" | "nonce" | "ts">,
): NodeRequest {
  const asks = { ...nodeText(text), ...capabilitiesOf(capabilities) };
  return { kind: "node", ...asks, requestId, nonce, nodeId, pairing, ts };
}

/** The canonical text of what a node declares: equal texts ask for the same. */
export function capabilitiesKey({ caps, commands, permissions }: Capabilities): string {
  const names = Object.keys(permissions).sort();
  return JSON.stringify([caps, commands, names.map((name) => [name, permissions[name]])]);
}

/** The capabilities alone, without what else a request says. */
export function capabilitiesOf({ caps, commands, permissions }: Capabilities): Capabilities {
  return { caps, commands, permissions };
}

/** What a node says about itself, without what else a request or record says. */
export function nodeText(from: NodeText): NodeText {
  return {
    clientId: from.clientId,
    clientMode: from.clientMode,
    ...(from.displayName !== undefined && { displayName: from.displayName }),
    ...(from.program !== undefined && { program: from.program }),
    ...(from.platform !== undefined && { platform: from.platform }),
    ...(from.version !== undefined && { version: from.version }),
    ...(from.deviceFamily !== undefined && { deviceFamily: from.deviceFamily }),
    ...(from.modelIdentifier !== undefined && { modelIdentifier: from.modelIdentifier }),
    ...(from.remoteIp !== undefined && { remoteIp: from.remoteIp }),
  };
}
