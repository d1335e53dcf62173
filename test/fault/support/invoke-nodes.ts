import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { GatewayClientOptions } from "@openclaw/gateway-client";
import type { Frame } from "../../kit/client.ts";
import { type GatewayProcess, PROCESS_TOKEN } from "../../kit/process.ts";
import { Reference, ReferenceDevice } from "../../kit/reference.ts";
import { until } from "../../kit/until.ts";
import { host } from "./owner.ts";

export const COMMANDS = ["system.notify", "system.which"];
const child = fileURLToPath(new URL("./node-child.mjs", import.meta.url));

const nodeOptions: Partial<GatewayClientOptions> = {
  token: PROCESS_TOKEN,
  role: "node",
  scopes: [],
  caps: ["system"],
  commands: COMMANDS,
  mode: "node",
  clientName: "node-host",
};

/** A node on the reference client that does what the params of each invoke say. */
export class StormNode {
  readonly device = new ReferenceDevice();
  /** Invokes it was asked for, and those it was told to cancel. */
  asked = 0;
  readonly cancelled = new Set<string>();
  /** Results that the gateway said nobody waits for. */
  ignored = 0;
  readonly #reference: Reference;

  constructor(url: string, name: string) {
    this.#reference = Reference.start(url, {
      ...nodeOptions,
      device: this.device,
      clientDisplayName: name,
    });
    const { events } = this.#reference;
    // The reference client hands events to this list in order; nothing else reads it.
    events.push = (frame: Frame) => {
      this.#event(frame);
      return 0;
    };
  }

  get nodeId(): string {
    return this.device.deviceId;
  }

  /** Pairs the device, and has what the node offers approved. */
  async join(gateway: GatewayProcess): Promise<void> {
    const { details } = await this.#reference.refusal();
    await host(gateway, "device.pair.approve", { requestId: details.requestId });
    await this.#reference.hello();
    await approveCapabilities(gateway, this.nodeId);
  }

  stop(): Promise<void> {
    return this.#reference.stop();
  }

  #event({ event, payload }: Frame): void {
    if (event === "node.invoke.cancel") this.cancelled.add(payload.invokeId);
    if (event !== "node.invoke.request") return;
    this.asked += 1;
    const { do: what } = JSON.parse(payload.paramsJSON);
    if (what === "hang") return;
    void this.#answer(payload, what);
    if (what === "twice") void this.#answer(payload, what);
  }

  async #answer({ id, nodeId, paramsJSON }: Frame, what: string): Promise<void> {
    const error = { code: "UNAVAILABLE", message: "boom" };
    const outcome = what === "fail" ? { ok: false, error } : { ok: true, payloadJSON: paramsJSON };
    const answer = await this.#reference.request("node.invoke.result", { id, nodeId, ...outcome });
    if (answer.ignored) this.ignored += 1;
  }
}

/** Approves what a node offers once it asks. */
export async function approveCapabilities(gateway: GatewayProcess, nodeId: string): Promise<void> {
  const requestId = await until(async () => {
    const { pending } = await host(gateway, "node.pair.list");
    return pending.find((row: Frame) => row.nodeId === nodeId)?.requestId as string;
  }, "the node's request");
  await host(gateway, "node.pair.approve", { requestId });
}

/** A node in a process of its own, paired and approved; it echoes until it is killed. */
export async function doomedNode(
  gateway: GatewayProcess,
): Promise<{ nodeId: string; process: ChildProcess }> {
  const device = new ReferenceDevice();
  const { url } = gateway;
  const first = Reference.start(url, { ...nodeOptions, device });
  const { details } = await first.refusal();
  await first.stop();
  await host(gateway, "device.pair.approve", { requestId: details.requestId });
  const process = fork(child, { stdio: "ignore" });
  const ready = once(process, "message");
  const { identity } = device;
  process.send({ url, token: PROCESS_TOKEN, identity, commands: COMMANDS });
  await ready;
  await approveCapabilities(gateway, device.deviceId);
  return { nodeId: device.deviceId, process };
}
