import { type Frame, makeDevice, pairAndConnect, type TestDevice } from "../../kit/client.ts";
import type { GatewayProcess } from "../../kit/process.ts";
import { until } from "../../kit/until.ts";
import { auth, host } from "./owner.ts";

/** A connected node that offers `commands`, which wait for approval under `requestId`. */
export async function offer(
  gateway: GatewayProcess,
  commands: readonly string[],
  device: TestDevice = makeDevice(),
) {
  const ground = { url: gateway.url, host: (m: string, p?: unknown) => host(gateway, m, p) };
  const client = { id: "node-host", version: "1", platform: "linux", mode: "node" };
  const params = { commands };
  const paired = await pairAndConnect(ground, { device, auth, role: "node", client, params });
  const requestId = await until(async () => {
    const { pending } = await host(gateway, "node.pair.list");
    return pending.find((row: Frame) => row.nodeId === device.deviceId)?.requestId as string;
  }, "the node's request");
  return { ...paired, device, nodeId: device.deviceId, requestId };
}

/** One node that was approved and one that waits; resolves with the id of the first. */
export async function addNodes(gateway: GatewayProcess): Promise<string> {
  const first = await offer(gateway, ["system.notify"]);
  await host(gateway, "node.pair.approve", { requestId: first.requestId });
  const second = await offer(gateway, ["system.which"]);
  for (const { client } of [first, second]) client.close();
  return first.nodeId;
}

/** What was approved and what waits, by node. */
export async function grantedCapabilities(gateway: GatewayProcess): Promise<Map<string, string>> {
  const { pending, paired } = await host(gateway, "node.pair.list");
  const rows = [
    ...paired.map(({ nodeId, commands }: Frame) => [nodeId, String(commands)]),
    ...pending.map(({ nodeId, requestId }: Frame) => [nodeId, requestId]),
  ];
  return new Map(rows.sort());
}
