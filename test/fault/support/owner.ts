import { AdminLink } from "../../../src/cli/reach/admin-link.ts";
import {
  type ConnectOptions,
  type Frame,
  makeDevice,
  RawClient,
  type TestDevice,
} from "../../kit/client.ts";
import { type GatewayProcess, PROCESS_TOKEN } from "../../kit/process.ts";

export const auth = { token: PROCESS_TOKEN };
export const scopes = ["operator.read"];

/** One request as the owner on the host, over the admin socket. */
export async function host<T = Frame>(
  gateway: GatewayProcess,
  method: string,
  params?: unknown,
): Promise<T> {
  const link = await AdminLink.open(gateway.adminSocket);
  try {
    return (await link.request(method, params)) as T;
  } finally {
    await link.close();
  }
}

/** A new device asks for approval; resolves with its code. */
export async function ask(gateway: GatewayProcess, device = makeDevice()): Promise<string> {
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect({ device, auth, scopes });
  client.close();
  return error.details.requestId;
}

export interface Paired {
  readonly device: TestDevice;
  readonly client: RawClient;
  readonly deviceToken: string;
}

/** A device that was approved and is connected. */
export async function pair(gateway: GatewayProcess): Promise<Paired> {
  const device = makeDevice();
  const requestId = await ask(gateway, device);
  await host(gateway, "device.pair.approve", { requestId });
  return { device, ...(await connectAs(gateway, device)) };
}

/** Connects a device that is paired. */
export async function connectAs(
  gateway: GatewayProcess,
  device: TestDevice,
  more: ConnectOptions = { auth },
): Promise<{ client: RawClient; deviceToken: string }> {
  const client = await RawClient.open(gateway.url);
  const answer = await client.connect({ device, scopes, ...more });
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer.error)}`);
  return { client, deviceToken: answer.payload.auth.deviceToken };
}

/** What `/readyz` says. */
export async function readiness(
  gateway: GatewayProcess,
): Promise<{ status: number; failing: string[] }> {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/readyz`);
  const { failing } = (await answer.json()) as { failing: string[] };
  return { status: answer.status, failing };
}

/** Ids of the paired devices and codes of those that ask, as `devices list` has them. */
export async function listed(
  gateway: GatewayProcess,
): Promise<{ paired: Set<string>; pending: Map<string, string> }> {
  const { paired, pending } = await host(gateway, "device.pair.list");
  return {
    paired: new Set(paired.map((row: Frame) => row.deviceId)),
    pending: new Map(pending.map((row: Frame) => [row.deviceId, row.requestId])),
  };
}
