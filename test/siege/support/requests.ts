import { setTimeout as pause } from "node:timers/promises";
import { type Frame, makeDevice, RawClient, type TestDevice } from "../../kit/client.ts";
import type { TestGateway } from "../../kit/gateway.ts";
import { until } from "../../kit/until.ts";

const WAITS = ["pairing-wait"];

/** Where a client connects to, and the address of this machine that it comes from. */
export interface From {
  readonly url: string;
  readonly address: string;
}

/** A device asks for approval and hangs up; resolves with the error that it was answered. */
export async function askOnce(
  { url, address }: From,
  options: { device?: TestDevice; scopes?: readonly string[]; displayName?: string } = {},
): Promise<Frame> {
  const { device = makeDevice(), scopes, displayName } = options;
  const client = await RawClient.open(url, { localAddress: address });
  const named = displayName === undefined ? {} : { client: { displayName } };
  const answer = await client.connect({ device, caps: WAITS, ...(scopes && { scopes }), ...named });
  client.ws.terminate();
  return answer.error;
}

/** A device that asks, shows its code and waits on a connection that stays open. */
export class HonestDevice {
  private constructor(
    readonly client: RawClient,
    readonly device: TestDevice,
    readonly code: string,
  ) {}

  static async ask({ url, address }: From): Promise<HonestDevice> {
    const device = makeDevice();
    const client = await RawClient.open(url, { localAddress: address });
    const { error } = await client.connect({ device, caps: WAITS, scopes: ["operator.read"] });
    const code = error.details?.requestId;
    if (code === undefined) throw new Error(`not asked: ${JSON.stringify(error)}`);
    return new HonestDevice(client, device, code);
  }

  /** The owner types the code that this device shows, and the device comes in. */
  async letIn(gateway: TestGateway): Promise<void> {
    const { client, device, code } = this;
    const seen = client.frames.length;
    await gateway.host("device.pair.approve", { requestId: code });
    const { nonce } = await client.challenge(seen);
    if (nonce === undefined) throw new Error("no challenge");
    const again = await RawClient.open(gateway.url);
    const hello = await again.connect({ device, caps: WAITS, scopes: ["operator.read"] });
    if (!hello.ok) throw new Error(`not let in: ${JSON.stringify(hello.error)}`);
    again.close();
    client.ws.terminate();
  }
}

/** Devices that ask until they have a code, one after the other, each from an address of its own. */
export async function gatherHonest(url: string, addresses: readonly string[]) {
  const honest: HonestDevice[] = [];
  for (const address of addresses) {
    honest.push(
      await until(() => HonestDevice.ask({ url, address }).catch(() => undefined), "a code"),
    );
  }
  return honest;
}

/** The codes that wait for the owner now. */
export async function pendingCodes(gateway: TestGateway): Promise<Set<string>> {
  const list = await gateway.host<{ pending: { requestId: string }[] }>("device.pair.list");
  return new Set(list.pending.map(({ requestId }) => requestId));
}

/** Calls `attack` with one number after the other, so many a second, until the returned stop. */
export function keepUp(attack: (serial: number) => Promise<unknown>, perSecond: number) {
  const WORKERS = 6;
  let serial = 0;
  let running = true;
  let failures = 0;
  const worker = async () => {
    while (running) {
      const next = pause((1000 * WORKERS) / perSecond);
      serial += 1;
      // A refused socket is the gateway's right; that the honest stay is what is asserted.
      await attack(serial).catch(() => {
        failures += 1;
      });
      await next;
    }
  };
  const workers = Array.from({ length: WORKERS }, worker);
  return {
    /** Resolves when so many were answered. */
    asked: (count = 1) => until(() => serial - failures >= count, `${count} attacks`),
    stop: async () => {
      running = false;
      await Promise.all(workers);
      return { asks: serial, failures };
    },
  };
}

/** Reads of `client` no more than `bytesPerSecond`, as a phone on a poor line does. Returns how to stop. */
export function readSlowly(client: RawClient, bytesPerSecond: number): () => void {
  // biome-ignore lint/suspicious/noExplicitAny: ws keeps its socket to itself
  const socket = (client.ws as any)._socket as import("node:net").Socket;
  const most = bytesPerSecond / 10;
  let credit = most;
  socket.on("data", (chunk: Buffer) => {
    credit -= chunk.length;
    if (credit <= 0) socket.pause();
  });
  const timer = setInterval(() => {
    credit = Math.min(credit + most, most);
    if (credit > 0) socket.resume();
  }, 100);
  return () => {
    clearInterval(timer);
    socket.resume();
  };
}
