import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { canRun, mayMount, SmallDisk } from "./support/disk.ts";
import { Injected } from "./support/injected.ts";
import { ask, connectAs, listed, pair, readiness } from "./support/owner.ts";

const traceable = canRun("strace", "-e", "trace=none", "true");
const mountable = mayMount();

/** What a broken disk answers, and what people are told about it. */
const failures = [
  {
    what: "an fsync that fails",
    inject: ["fdatasync:error=EIO"],
    code: "STORE_IO",
    says: "input/output error (EIO)",
    next: "check the disk (the last lines of dmesg)",
  },
  {
    what: "a write that fails",
    inject: ["pwrite64:error=EIO"],
    code: "STORE_IO",
    says: "input/output error (EIO)",
    next: "check the disk (the last lines of dmesg)",
  },
  {
    what: "a file system that turned read-only",
    inject: ["pwrite64:error=EROFS", "ftruncate:error=EROFS"],
    code: "STORE_READ_ONLY",
    says: "the file system is read-only",
    next: "mount it writable again (findmnt -T ",
  },
  {
    what: "a quota that is used up",
    inject: ["pwrite64:error=EDQUOT"],
    code: "STORE_DISK_FULL",
    says: "disk full",
    next: "free some space (df -h ",
  },
];

describe.skipIf(!traceable)("a running gateway with", () => {
  let gateway: GatewayProcess;
  let injected: Injected | undefined;
  beforeAll(async () => {
    gateway = await GatewayProcess.start();
  });
  afterEach(() => injected?.end());
  afterAll(() => gateway.close());

  test.each(failures)(
    "$what refuses what it cannot keep, ends who must go, and recovers by itself",
    async ({ inject, code, says, next }) => {
      const leaves = await pair(gateway);
      const stays = await pair(gateway);
      const requestId = await ask(gateway);
      injected = await Injected.into(gateway.run.pid, ...inject);
      const refused = await gateway.cli(["devices", "approve", requestId]);
      expect(refused.code).toBe(6);
      expect(refused.stderr).toContain(says);
      expect(refused.stderr).toContain(join(gateway.stateDir, "gateway.journal"));
      expect(refused.stderr).toContain(next);
      expect(await readiness(gateway)).toEqual({ status: 503, failing: ["store"] });
      expect(await gateway.ok(["status"])).toContain(`not well: ${code}`);
      const { deviceId } = leaves.device;
      const removed = await gateway.cli(["devices", "remove", deviceId]);
      expect(removed.code).toBe(0);
      expect(removed.stderr).toContain(`in force now, but not yet written to disk (${says}`);
      expect(await leaves.client.end()).toEqual({ code: 4001, reason: "device removed" });
      await expect(connectAs(gateway, leaves.device)).rejects.toThrow("refused");
      expect((await stays.client.request("health")).ok).toBe(true);
      await injected.end();
      injected = undefined;
      await until(async () => (await readiness(gateway)).status === 200, "readiness");
      await gateway.ok(["devices", "approve", requestId]);
      await gateway.kill();
      await gateway.start();
      const { paired, pending } = await listed(gateway);
      expect(paired.has(deviceId)).toBe(false);
      expect(paired.has(stays.device.deviceId)).toBe(true);
      expect([...pending.values()]).not.toContain(requestId);
    },
  );

  test("a stop with an unwritten removal says what is lost", async () => {
    const { device } = await pair(gateway);
    injected = await Injected.into(gateway.run.pid, "pwrite64:error=EIO");
    expect((await gateway.cli(["devices", "remove", device.deviceId])).code).toBe(0);
    expect(await gateway.stop()).toBe(6);
    const last = gateway.run.log.at(-1);
    expect(last).toMatchObject({ level: 60, code: "STORE_LOST" });
    expect(last?.msg).toContain("1 change was in force but never written");
    expect(last?.["next"]).toContain("openclaw devices list");
    await injected.end();
    injected = undefined;
    await gateway.start();
    expect((await listed(gateway)).paired.has(device.deviceId)).toBe(true);
  });
});

describe.skipIf(!mountable)("a state folder on a read-only file system", () => {
  let disk: SmallDisk;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    disk = SmallDisk.mount();
    gateway = await GatewayProcess.prepare({ stateDir: join(disk.path, "state") });
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  });
  afterAll(async () => {
    disk?.unlock();
    await gateway?.close();
    disk?.unmount();
  });

  test("is refused with the way out, by the gateway and by commands, and is whole afterwards", async () => {
    const { device } = await pair(gateway);
    await gateway.stop();
    disk.lock();
    const run = gateway.launch();
    expect(await run.end()).toBe(6);
    const last = run.log.at(-1);
    expect(last).toMatchObject({ level: 60, code: "STORE_READ_ONLY" });
    expect(last?.["next"]).toContain(`findmnt -T ${gateway.stateDir}`);
    const offline = await gateway.cli(["devices", "remove", device.deviceId]);
    expect(offline.code).toBe(6);
    expect(offline.stderr).toContain("the file system is read-only");
    expect(offline.stderr).toContain("next: mount it writable again");
    disk.unlock();
    await gateway.start();
    expect((await listed(gateway)).paired).toEqual(new Set([device.deviceId]));
  });

  test("does not exist yet: the same", async () => {
    const other = await GatewayProcess.prepare({ stateDir: join(disk.path, "other") });
    await gateway.stop();
    disk.lock();
    const run = other.launch();
    expect(await run.end()).toBe(6);
    expect(run.log.at(-1)).toMatchObject({ code: "STORE_READ_ONLY" });
    disk.unlock();
  });
});
