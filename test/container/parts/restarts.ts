import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { until } from "../../kit/until.ts";
import { Box } from "../support/box.ts";
import type { Engine } from "../support/engine.ts";

interface Listed {
  readonly paired: readonly { readonly deviceId: string }[];
}

/** One gateway, ended in every way; a device that was paired once gets in after each. */
export function restarts(engine: () => Engine): void {
  const device = makeDevice();
  let box: Box;
  let deviceToken = "";

  /** The paired device, let in by what it keeps. */
  const comeIn = async (): Promise<RawClient> =>
    until(async () => {
      const client = await RawClient.open(box.url).catch(() => undefined);
      const answer = await client
        ?.connect({ device, auth: { deviceToken } })
        .catch(() => undefined);
      return answer?.ok && client;
    }, "the paired device to be let in");
  const started = () => box.inspect(".State.StartedAt");

  beforeAll(async () => {
    box = new Box(engine(), "restarts");
    await box.healthy();
    const client = await RawClient.open(box.url);
    const answer = await client.connect({ device, caps: ["pairing-wait"] });
    await box.openclaw(["devices", "approve", answer.error.details.requestId]);
    const hello = await client.next((f) => f.type === "res" && f.ok);
    deviceToken = hello.payload.auth.deviceToken;
    client.close();
  });
  afterAll(() => box?.down());

  test("in place keeps the container", async () => {
    const before = [await box.id(), await started()];
    const client = await comeIn();
    await box.openclaw(["gateway", "restart"]);
    expect(await client.end()).toMatchObject({ code: 1012 });
    (await comeIn()).close();
    expect([await box.id(), await started()]).toEqual(before);
  });

  test("by the engine keeps the devices, and tells clients first", async () => {
    const [id, at] = [await box.id(), await started()];
    const client = await comeIn();
    await box.ok(["restart"]);
    expect((await client.end()).code).toBe(1001);
    (await comeIn()).close();
    expect(await box.id()).toBe(id);
    expect(await started()).not.toBe(at);
  });

  test("SIGTERM ends it with code 0, when all clients were told", async () => {
    const client = await comeIn();
    await box.ok(["kill", "--signal", "SIGTERM"]);
    expect((await client.end()).code).toBe(1001);
    await until(async () => (await box.inspect(".State.Status")) === "exited", "its end");
    expect(await box.inspect(".State.ExitCode")).toBe("0");
    await box.up();
    (await comeIn()).close();
  });

  test("SIGTERM counts before Node.js listens for it", async () => {
    await box.ok(["stop"]);
    await box.ok(["start"]);
    await box.ok(["kill", "--signal", "SIGTERM"]);
    await until(async () => (await box.inspect(".State.Status")) === "exited", "its end");
    expect(["0", "143"]).toContain(await box.inspect(".State.ExitCode"));
    await box.up();
    (await comeIn()).close();
  });

  test("kill -9 loses nothing that was acknowledged, and the engine starts it again", async () => {
    const count = Number(await box.inspect(".RestartCount"));
    const made = makeDevice();
    const client = await RawClient.open(box.url);
    const answer = await client.connect({ device: made, caps: ["pairing-wait"] });
    await box.openclaw(["devices", "approve", answer.error.details.requestId]);
    // From outside the container: what `docker kill` ends is not started again.
    await engine().ok(["kill", "-9", await box.inspect(".State.Pid")]);
    await until(async () => Number(await box.inspect(".RestartCount")) > count, "a new start");
    (await comeIn()).close();
    const { paired } = await box.json<Listed>(["devices", "list"]);
    const ids = paired.map(({ deviceId }) => deviceId).sort();
    expect(ids).toEqual([device.deviceId, made.deviceId].sort());
  });

  test("another image on the same volume knows the devices", async () => {
    const id = await box.id();
    const next = "FROM openclaw-gateway\nLABEL release=next\n";
    const tag = ["docker", "build", "--quiet", "--tag", "openclaw-gateway:next", "-"];
    await engine().ok(tag, { input: next });
    box.change({ service: { image: "openclaw-gateway:next" } });
    await box.up();
    expect(await box.id()).not.toBe(id);
    expect(JSON.parse(await box.inspect(".Config.Labels"))).toMatchObject({ release: "next" });
    (await comeIn()).close();
  });
}
