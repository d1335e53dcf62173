import { wakeRouting, wakeWords } from "../agent/voice-wake.ts";
import { cleanText } from "../lib/text.ts";
import type { Limits } from "../limits/table.ts";
import { readClaims } from "../nodes/claims.ts";
import { sendEvent } from "../nodes/invoke.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { Actor } from "../protocol/access.ts";
import type { NodeText } from "../requests/records.ts";
import { type ConnectParams, deviceTextOf } from "./connect-params.ts";
import type { Connection } from "./connection.ts";

const PATH_CHARS = 4096;

interface Joining {
  readonly nodes: Nodes;
  readonly limits: Limits;
  /** Names the device's pairing as a node. */
  readonly pairingOf: (nodeId: string) => string | undefined;
}

/** A node was admitted: it can be invoked from now on, as far as it was approved. */
export function joinNode(
  connection: Connection,
  { actor, params }: { actor: Actor; params: ConnectParams },
  { nodes, limits, pairingOf }: Joining,
): void {
  const { deviceId } = actor;
  const pairing = deviceId === undefined ? undefined : pairingOf(deviceId);
  if (deviceId === undefined || pairing === undefined) return;
  const pathEnv = cleanText(params.pathEnv, PATH_CHARS);
  const text = textOf(params, connection);
  const session = nodes.join(connection, {
    nodeId: deviceId,
    pairing,
    claims: readClaims(params, limits),
    text,
    place: {
      source: connection.socket.peer.source,
      name: text.displayName,
      instanceId: cleanText(params.client.instanceId),
    },
    ...(pathEnv !== undefined && { pathEnv }),
    invited: actor.method === "bootstrap-token",
  });
  connection.onEnd(() => nodes.leave(session));
}

function textOf(params: ConnectParams, connection: Connection): NodeText {
  const { browserOrigin: _, ...text } = deviceTextOf(params, connection.socket.peer);
  const version = cleanText(params.client.version);
  const modelIdentifier = cleanText(params.client.modelIdentifier);
  return {
    ...text,
    ...(version !== undefined && { version }),
    ...(modelIdentifier !== undefined && { modelIdentifier }),
  };
}

/** What node hosts are told right after hello-ok: no wake words are set here. */
export function greetNode(connection: Connection): void {
  sendEvent(connection, "voicewake.changed", wakeWords);
  sendEvent(connection, "voicewake.routing.changed", wakeRouting);
}
