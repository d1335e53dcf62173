import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDevice } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { refusedConnect } from "../kit/wire.ts";
import { mayMount, SmallDisk } from "./support/disk.ts";
import {
  ask,
  auth,
  connectAs,
  host,
  listed,
  type Paired,
  pair,
  readiness,
} from "./support/owner.ts";

const mountable = mayMount();

describe.skipIf(!mountable)("a gateway whose disk is full", () => {
  let disk: SmallDisk;
  let gateway: GatewayProcess;
  const reserve = () => join(gateway.stateDir, "gateway.reserve");
  const exists = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    disk = SmallDisk.mount(1024);
    gateway = await GatewayProcess.prepare({ stateDir: join(disk.path, "state") });
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  });
  afterAll(async () => {
    await gateway?.close();
    disk?.unmount();
  });

  /** Fills the disk, and the journal's last block with it, but for less than a rename takes. */
  async function fillUp(): Promise<void> {
    await disk.fill();
    const { deviceId } = victims.named.device;
    for (const length of [200, 100, 50, 20, 10, 5, 2, 1]) {
      let letter = "x";
      const rename = () => {
        // The name that it has already would not be written.
        letter = letter === "x" ? "y" : "x";
        return host(gateway, "device.pair.rename", { deviceId, label: letter.repeat(length) });
      };
      for (let room = true; room; ) {
        room = await rename().then(
          () => true,
          () => false,
        );
      }
    }
  }

  /** What takes less than a rename may still fit: others are removed until none does. */
  async function removeWhatFits(): Promise<void> {
    for (let one = spare.pop(); one; one = spare.pop()) {
      const { stderr } = await gateway.cli(["devices", "remove", one.device.deviceId]);
      if (stderr.includes("not yet written to disk")) return;
    }
  }

  const spare: Paired[] = [];
  let victims: { named: Paired; revoked: Paired; removed: Paired; stays: Paired };
  const asking = { approved: makeDevice(), rejected: makeDevice(), late: makeDevice() };
  const codes: Record<string, string> = {};

  test("refuses to approve, with cause and next step, and says everywhere that it is not well", async () => {
    victims = {
      named: await pair(gateway),
      revoked: await pair(gateway),
      removed: await pair(gateway),
      stays: await pair(gateway),
    };
    for (let i = 0; i < 5; i += 1) spare.push(await pair(gateway));
    for (const [name, device] of Object.entries(asking)) codes[name] = await ask(gateway, device);
    expect(await readiness(gateway)).toEqual({ status: 200, failing: [] });
    await fillUp();
    const refused = await gateway.cli(["devices", "approve", codes["approved"] ?? ""]);
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain(`disk full: ${join(gateway.stateDir, "gateway.journal")}`);
    expect(refused.stderr).toContain(`next: free some space (df -h ${gateway.stateDir})`);
    expect(await readiness(gateway)).toEqual({ status: 503, failing: ["store"] });
    expect(await gateway.ok(["status"])).toContain("not well: STORE_DISK_FULL: disk full");
  });

  test("serves who is connected, and lets paired devices in", async () => {
    expect((await victims.stays.client.request("health")).ok).toBe(true);
    const { client } = await connectAs(gateway, victims.stays.device);
    client.close();
  });

  test("tells a new device the cause", async () => {
    // More than a rename takes, of which there may be room for a part.
    const many = Array.from({ length: 20 }, (_, at) => `operator.${"x".repeat(100)}${at}`);
    const ask = { device: makeDevice(), auth, scopes: many };
    const { error, closed } = await refusedConnect(gateway, ask);
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      message: "gateway cannot store state; retry shortly",
      details: { code: "STATE_NOT_WRITABLE" },
    });
    expect(error.details.cure).toContain("free some space");
    expect(closed.code).toBe(1013);
  });

  test("gives the reserve file up, so that a revocation is written even now", async () => {
    expect(await exists(reserve())).toBe(true);
    const { deviceId } = victims.revoked.device;
    const said = await gateway.cli(["devices", "revoke", deviceId]);
    expect({ code: said.code, err: said.stderr }).toEqual({ code: 0, err: "" });
    expect((await victims.revoked.client.end()).code).toBe(4001);
    expect(await exists(reserve())).toBe(false);
  });

  test("removes and rejects at once without a byte of room, and says that it is not durable", async () => {
    await fillUp();
    await removeWhatFits();
    const { deviceId } = victims.removed.device;
    const removed = await gateway.cli(["devices", "remove", deviceId]);
    expect(removed.code).toBe(0);
    expect(removed.stderr).toContain("in force now, but not yet written to disk (disk full: ");
    expect(await victims.removed.client.end()).toEqual({ code: 4001, reason: "device removed" });
    const rejected = await gateway.cli(["devices", "reject", codes["rejected"] ?? ""]);
    expect(rejected.code).toBe(0);
    expect(rejected.stderr).toContain("not yet written to disk");
    await expect(connectAs(gateway, victims.removed.device)).rejects.toThrow("refused");
  });

  test("makes all of it durable by itself when there is room again, and says so", async () => {
    const wellAgain = gateway.run.logged("the state is written again");
    await disk.free();
    await wellAgain;
    await until(async () => (await readiness(gateway)).status === 200, "readiness");
    expect(await gateway.ok(["status"])).toContain("written without errors");
    await until(() => exists(reserve()), "the reserve file");
    await gateway.kill();
    await gateway.start();
    const { paired, pending } = await listed(gateway);
    const of = (name: keyof typeof victims) => victims[name].device.deviceId;
    const left = spare.map(({ device }) => device.deviceId);
    expect(paired).toEqual(new Set([of("named"), of("revoked"), of("stays"), ...left]));
    expect(pending).toEqual(
      new Map([
        [asking.approved.deviceId, codes["approved"]],
        [asking.late.deviceId, codes["late"]],
      ]),
    );
    await gateway.ok(["devices", "approve", codes["approved"] ?? ""]);
    await expect(connectAs(gateway, victims.revoked.device)).rejects.toThrow("refused");
  });

  test("is well again without anybody's doing when all that failed was refused", async () => {
    await fillUp();
    expect(await readiness(gateway)).toEqual({ status: 503, failing: ["store"] });
    await disk.free();
    await until(async () => (await readiness(gateway)).status === 200, "readiness");
  });

  test("cannot be started on a disk without room for its first files, and says which", async () => {
    await gateway.stop();
    const other = await GatewayProcess.prepare({ stateDir: join(disk.path, "other") });
    try {
      await disk.fill();
      const run = other.launch();
      expect(await run.end()).toBe(6);
      expect(run.log.at(-1)?.["code"]).toBe("STORE_DISK_FULL");
      expect(run.log.at(-1)?.["next"]).toContain(`df -h ${other.stateDir}`);
    } finally {
      await disk.free();
      await other.close();
    }
  });

  test("revokes all devices but one at once without a byte of room, and for good when there is some", async () => {
    await gateway.start();
    const { client } = await connectAs(gateway, victims.stays.device);
    const others = await pair(gateway);
    const { device: gone } = await pair(gateway);
    const late = await ask(gateway);
    await until(() => exists(reserve()), "the reserve file");
    await fillUp();
    // Takes the reserve file; then there is nothing left.
    await gateway.ok(["devices", "revoke", gone.deviceId]);
    await fillUp();
    const { deviceId } = others.device;
    const said = await gateway.cli(["devices", "revoke-all", "--except", deviceId, "--yes"]);
    expect(said.code).toBe(0);
    expect(said.stdout).toMatch(/^Revoked \d+ devices?: their tokens ended, and their connections/);
    expect(said.stderr).toContain("in force now, but not yet written to disk (disk full: ");
    expect(await client.end()).toEqual({ code: 4001, reason: "device removed" });
    await expect(connectAs(gateway, victims.stays.device)).rejects.toThrow("refused");
    expect((await others.client.request("health")).ok).toBe(true);
    expect([...(await listed(gateway)).pending.values()]).not.toContain(late);
    await disk.free();
    await until(async () => (await readiness(gateway)).status === 200, "readiness");
    await gateway.kill();
    await gateway.start();
    await expect(connectAs(gateway, victims.stays.device)).rejects.toThrow("refused");
    (await connectAs(gateway, others.device)).client.close();
    victims.stays = others;
    expect(await gateway.ok(["audit", "verify"])).toContain("Every line follows");
    await gateway.stop();
  });

  test("starts on a full disk when it has state, and serves it", async () => {
    await disk.fill();
    await gateway.start();
    const { client } = await connectAs(gateway, victims.stays.device);
    client.close();
    expect(await gateway.stop()).toBe(0);
    await disk.free();
  });
});
