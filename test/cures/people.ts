import { type ConnectOptions, type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { TEST_TOKEN } from "../kit/gateway.ts";
import { approvedNode, type PairedNode } from "../nodes/support.ts";
import type { Machine } from "./machine.ts";

/** A device that asked for approval and went away. */
export interface Asker {
  readonly deviceId: string;
  readonly code: string;
}

/** A device asks the gateway that runs, with the shared token. */
export async function asks(m: Machine, more: ConnectOptions = {}): Promise<Asker> {
  const device = more.device ?? makeDevice();
  const client = await RawClient.open(gatewayOf(m).url);
  const scopes = ["operator.read"];
  const refused = await client.connect({ auth: { token: TEST_TOKEN }, scopes, ...more, device });
  client.close();
  return { deviceId: device.deviceId, code: refused.error.details.requestId };
}

/** A device comes in by a link with these scopes; resolves with its connection. */
export async function comesIn(
  m: Machine,
  scopes: readonly string[],
  device = makeDevice(),
): Promise<{ client: RawClient; device: ReturnType<typeof makeDevice>; hello: Frame }> {
  const auth = { bootstrapToken: await gatewayOf(m).invite({ scopes }) };
  const client = await RawClient.open(gatewayOf(m).url);
  const hello = await client.connect({ auth, scopes, device, client: { displayName: "phone" } });
  return { client, device, hello };
}

/** A node that is approved, connected, and answers every command. */
export async function serves(m: Machine, commands: readonly string[]): Promise<PairedNode> {
  const node = await approvedNode(gatewayOf(m), commands);
  node.client.ws.on("message", (data) => {
    const { event, payload } = JSON.parse(String(data));
    if (event !== "node.invoke.request") return;
    const { id, nodeId } = payload;
    void node.client.request("node.invoke.result", { id, nodeId, ok: true, payload: { ok: 1 } });
  });
  return node;
}

/** The link that a command printed. */
export const linkIn = (text: string) => /\S+#invite=[\w-]+/.exec(text)?.[0] ?? "";

/** The secret of the link that a command printed. */
export const secretIn = (text: string) => /#invite=([\w-]+)/.exec(text)?.[1] ?? "";

export function gatewayOf({ gateway }: Machine) {
  if (!gateway) throw new Error("no gateway runs on this machine");
  return gateway;
}
