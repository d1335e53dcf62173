import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../kit/until.ts";
import { Box } from "../support/box.ts";
import { PairedDevice } from "../support/device.ts";
import { block } from "../support/docs.ts";
import { type Engine, FOLDER } from "../support/engine.ts";

interface Listed {
  readonly paired: readonly { readonly deviceId: string }[];
}

/** One gateway, ended in every way; a device that was paired once gets in after each. */
export function restarts(engine: () => Engine): void {
  let box: Box;
  let device: PairedDevice;
  const started = () => box.inspect<string>(".State.StartedAt");
  const ended = async () => (await box.inspect(".State.Status")) === "exited";

  beforeAll(async () => {
    box = new Box(engine(), "restarts");
    await box.healthy();
    device = await PairedDevice.pair(box);
  });
  afterAll(() => box?.down());

  test("in place keeps the container", async () => {
    const before = [await box.id(), await started()];
    const client = await device.comeIn();
    await box.openclaw(["gateway", "restart"]);
    expect((await client.end()).reason).toBe("service restart");
    (await device.comeIn()).close();
    expect([await box.id(), await started()]).toEqual(before);
  });

  test("by the engine keeps the devices, and tells clients first", async () => {
    const [id, at] = [await box.id(), await started()];
    const client = await device.comeIn();
    await box.ok(["restart"]);
    expect((await client.end()).reason).toBe("service stopped");
    (await device.comeIn()).close();
    expect(await box.id()).toBe(id);
    expect(await started()).not.toBe(at);
  });

  test("SIGTERM ends it with code 0, when all clients were told", async () => {
    const client = await device.comeIn();
    await box.ok(["kill", "--signal", "SIGTERM"]);
    expect((await client.end()).reason).toBe("service stopped");
    await until(ended, "its end");
    expect(await box.inspect(".State.ExitCode")).toBe(0);
    await box.up();
    (await device.comeIn()).close();
  });

  test("SIGTERM counts before Node.js listens for it", async () => {
    await box.ok(["stop"]);
    await box.ok(["start"]);
    await box.ok(["kill", "--signal", "SIGTERM"]);
    await until(ended, "its end");
    expect([0, 143]).toContain(await box.inspect(".State.ExitCode"));
    await box.up();
    (await device.comeIn()).close();
  });

  test("kill -9 loses nothing that was acknowledged, and the engine starts it again", async () => {
    const count = await box.inspect<number>(".RestartCount");
    const other = await PairedDevice.pair(box);
    // From outside the container: what `docker kill` ends is not started again.
    await engine().ok(["kill", "-9", String(await box.inspect(".State.Pid"))]);
    await until(async () => (await box.inspect<number>(".RestartCount")) > count, "a new start");
    (await device.comeIn()).close();
    const { paired } = await box.json<Listed>(["devices", "list"]);
    const ids = paired.map(({ deviceId }) => deviceId).sort();
    expect(ids).toEqual([device.id, other.id].sort());
  });

  // No registry is in reach: what `--pull` would fetch is what the test has made.
  test("an upgrade as docs/docker.md says it keeps the devices", async () => {
    const lines = await block("Upgrade");
    expect(lines).toMatch(/^git pull\n.* build --pull\n.* up -d\n$/);
    await box.script(lines.replace("git pull\n", "").replace(" --pull", ""));
    (await device.comeIn()).close();
  });

  test("another image on the same volume knows the devices", async () => {
    const id = await box.id();
    const next = "FROM openclaw-gateway\nLABEL release=next\n";
    const tag = ["docker", "build", "--quiet", "--tag", "openclaw-gateway:next", "-"];
    await engine().ok(tag, { input: next });
    box.change({ service: { image: "openclaw-gateway:next" } });
    await box.up();
    expect(await box.id()).not.toBe(id);
    expect(await box.inspect(".Config.Labels")).toMatchObject({ release: "next" });
    (await device.comeIn()).close();
  });

  test("a copy of the volume, made and read back as docs/docker.md says, is the same gateway", async () => {
    await box.script(await block("Backup"));
    const mode = ["stat", "-c", "%a", `${FOLDER}/openclaw-state.tar`];
    expect(await engine().ok(mode)).toBe("600\n");
    (await device.comeIn()).close();
    await box.down();
    await box.script(`${await block("Backup", 2)}rm openclaw-state.tar`);
    (await device.comeIn()).close();
    const { paired } = await box.json<Listed>(["devices", "list"]);
    expect(paired.map(({ deviceId }) => deviceId)).toContain(device.id);
  });
}
