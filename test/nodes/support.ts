import {
  type ConnectOptions,
  type Frame,
  makeDevice,
  pairAndConnect,
  RawClient,
  type TestDevice,
} from "../kit/client.ts";
import { TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";

export const nodeClient = {
  id: "node-host",
  version: "2026.9.6",
  platform: "linux",
  mode: "node",
  displayName: "attic",
};

/** How a node connects that offers `commands`. */
export function nodeOptions(
  commands: readonly string[],
  more: Partial<ConnectOptions> = {},
): ConnectOptions {
  const { params, ...rest } = more;
  return {
    role: "node",
    scopes: [],
    client: nodeClient,
    caps: ["system"],
    ...rest,
    params: { commands, permissions: {}, ...params },
  };
}

export interface PairedNode {
  readonly device: TestDevice;
  readonly nodeId: string;
  readonly client: RawClient;
  readonly deviceToken: string;
}

/** A node whose device is paired; what it offers waits for approval. */
export async function pairNode(
  gateway: TestGateway,
  commands: readonly string[],
  more: Partial<ConnectOptions> = {},
): Promise<PairedNode> {
  const device = makeDevice();
  const auth = { token: TEST_TOKEN };
  const options = { ...nodeOptions(commands, { auth, ...more }), device };
  const { client, deviceToken } = await pairAndConnect(gateway, options);
  return { device, nodeId: device.deviceId, client, deviceToken };
}

/** The code of the request for what `nodeId` declares. */
export function capabilitiesCode(
  gateway: TestGateway,
  nodeId: string,
  not?: string,
): Promise<string> {
  return until(async () => {
    const { pending } = await gateway.host<Frame>("node.pair.list");
    const row = pending.find((one: Frame) => one.nodeId === nodeId && one.requestId !== not);
    return row?.requestId;
  }, "a request of the node");
}

/** A node that may run `commands`. */
export async function approvedNode(
  gateway: TestGateway,
  commands: readonly string[],
  more: Partial<ConnectOptions> = {},
): Promise<PairedNode> {
  const node = await pairNode(gateway, commands, more);
  const requestId = await capabilitiesCode(gateway, node.nodeId);
  await gateway.host("node.pair.approve", { requestId });
  return node;
}

/** An operator with `scopes`, paired. */
export async function operator(
  gateway: TestGateway,
  scopes: readonly string[] = ["operator.read", "operator.write"],
): Promise<RawClient> {
  const auth = { token: TEST_TOKEN };
  const { client } = await pairAndConnect(gateway, { device: makeDevice(), scopes, auth });
  return client;
}

/** Connects once more as the same node. */
export async function reconnect(
  gateway: TestGateway,
  node: PairedNode,
  commands: readonly string[],
  more: Partial<ConnectOptions> = {},
): Promise<{ client: RawClient; hello: Frame }> {
  const client = await RawClient.open(gateway.url);
  const auth = { deviceToken: node.deviceToken };
  const { device } = node;
  const hello = await client.connect({ ...nodeOptions(commands, more), device, auth });
  return { client, hello };
}

/** The next event of a name, from frame `from` on. */
export async function eventOf(client: RawClient, name: string, from = 0): Promise<Frame> {
  return (await client.next((frame) => frame.event === name, from)).payload;
}

let keys = 0;

/** Params of a `node.invoke`. */
export function invokeParams(nodeId: string, command: string, more: object = {}) {
  keys += 1;
  return { nodeId, command, idempotencyKey: `key-${keys}`, ...more };
}
