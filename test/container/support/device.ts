import { type Frame, makeDevice, RawClient, type TestDevice } from "../../kit/client.ts";
import { until } from "../../kit/until.ts";
import type { Box } from "./box.ts";

/** What a browser says that can wait for its approval. */
const CAPS = ["pairing-wait"];

/** A device that may come and go as it likes, once it was approved. */
export class PairedDevice {
  private constructor(
    private readonly box: Box,
    private readonly device: TestDevice,
    private readonly deviceToken: string,
  ) {}

  /** A new one, let in by the owner's `devices approve`. */
  static async pair(box: Box): Promise<PairedDevice> {
    const device = makeDevice();
    const code = await askedBy(device, box.url);
    await box.openclaw(["devices", "approve", code]);
    const client = await RawClient.open(box.url);
    const { ok, error, payload } = await client.connect({ device, caps: CAPS });
    if (!ok) throw new Error(`approved and refused: ${JSON.stringify(error)}`);
    client.close();
    return new PairedDevice(box, device, payload.auth.deviceToken);
  }

  get id(): string {
    return this.device.deviceId;
  }

  /** One connection, and what came of it. */
  async connect(): Promise<{ client: RawClient; answer: Frame }> {
    const { device, deviceToken } = this;
    const client = await RawClient.open(this.box.url);
    return { client, answer: await client.connect({ device, auth: { deviceToken } }) };
  }

  /** Tries until it is let in, also by a gateway that still starts. */
  comeIn(): Promise<RawClient> {
    let why = "";
    const look = async () => {
      const tried = await this.connect().catch((error) => String(error));
      if (typeof tried !== "string" && tried.answer.ok) return tried.client;
      why = typeof tried === "string" ? tried : JSON.stringify(tried.answer.error);
      if (typeof tried !== "string") tried.client.close();
      return undefined;
    };
    return until(look, () => `the paired device to be let in: ${why}`);
  }
}

/** Asks to be let in and goes; resolves with the code to approve. */
export async function askedBy(device: TestDevice, url: string): Promise<string> {
  const client = await RawClient.open(url);
  const answer = await client.connect({ device, caps: CAPS });
  client.close();
  return answer.error.details.requestId;
}
