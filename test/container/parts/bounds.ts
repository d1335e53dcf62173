import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { Box, PORT } from "../support/box.ts";
import { PairedDevice } from "../support/device.ts";
import type { Engine } from "../support/engine.ts";

const MB = 1024 * 1024;
/** Addresses of visitors. Each secret that they show takes 19 MB to check, one after another. */
const SOURCES = 20;

/** A gateway in 128 MB: under load, with a second one on its volume, and asked what is wrong. */
export function bounds(engine: () => Engine): void {
  let box: Box;
  let device: PairedDevice;
  const facts = () => Promise.all([box.id(), box.inspect(".State.StartedAt")]);
  beforeAll(async () => {
    box = new Box(engine(), "bounds", { service: { mem_limit: "128m", memswap_limit: "128m" } });
    await box.healthy();
    device = await PairedDevice.pair(box);
  });
  afterAll(() => box?.down());

  test("128 MB are enough under load, and its limits follow them", async () => {
    const before = await facts();
    const quiet = await memoryOf(box);
    const [token = ""] = /\S{20,}/.exec(await box.openclaw(["token", "new"])) ?? [];
    const few = await crowdOf(box, 1);
    expect(few).toHaveLength(SOURCES);
    const answers = few.map((client, guess) => {
      const auth = { token: guess % 2 === 0 ? token : `wrong-${guess}` };
      const asked = client.connect({ device: makeDevice(), auth });
      return asked.then(({ error }) => error?.details?.code ?? "in").catch(() => "closed");
    });
    expect(await Promise.all(answers)).toContain("PAIRING_REQUIRED");
    const many = await crowdOf(box, 20);
    expect(many.length).toBeLessThan(20 * SOURCES);
    const pages = Array.from({ length: 500 }, () =>
      fetch(http(box)).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    expect(await Promise.all(pages)).toContain(true);
    for (const client of [...few, ...many]) client.close();
    const clients = await allOf(device);
    const busy = await memoryOf(box);
    console.log(`memory in 128 MB: ${quiet} MB idle, ${busy} MB at most under load`);
    for (const client of clients) client.close();
    expect(await box.inspect(".State.OOMKilled")).toBe(false);
    expect(await box.inspect(".RestartCount")).toBe(0);
    expect(await facts()).toEqual(before);
    (await device.comeIn()).close();
    // 512 where there is memory enough.
    expect(clients.length).toBeLessThan(100);
    const heap = "process.stdout.write(String(v8.getHeapStatistics().heap_size_limit))";
    const [node = "", ...flags] = await box.inspect<string[]>(".Config.Cmd");
    const own = flags.filter((word) => word.startsWith("--"));
    const { stdout } = await box.exec([node, ...own, "-e", heap]);
    expect(Number(stdout)).toBeLessThan(128 * MB);
  });

  test("a second container on its volume ends and names the first, which does not notice", async () => {
    const before = await facts();
    const client = await device.comeIn();
    const [id = ""] = before;
    const second = await engine().docker([
      ...["run", "--rm", "--volume", "bounds_state:/data", "openclaw-gateway"],
    ]);
    expect(second.code, second.stdout).toBe(6);
    expect(second.stdout).toContain(id.slice(0, 12));
    expect(client.closed).toBeUndefined();
    client.close();
    (await device.comeIn()).close();
    expect(await facts()).toEqual(before);
  });

  test("its doctor says nothing that can't be done in a container", async () => {
    const { code, stdout, stderr } = await box.exec(["node", "dist/index.js", "doctor"]);
    expect(code, stderr).toBe(0);
    expect(stdout).not.toMatch(/systemctl|journalctl|loginctl|apt|ufw|sysctl|ssh enable/);
  });
}

/**
 * So many visitors from each of many addresses, straight to the container: what comes by the port on the machine's
 * loopback has one address for all. What is beyond its share is turned away.
 */
async function crowdOf(box: Box, each: number): Promise<RawClient[]> {
  const networks = await box.inspect<Record<string, { IPAddress: string }>>(
    ".NetworkSettings.Networks",
  );
  const url = `ws://${Object.values(networks)[0]?.IPAddress}:${PORT}`;
  const opened = Array.from({ length: SOURCES }, async (_, source) => {
    const localAddress = `10.99.0.${source + 1}`;
    await box.engine.ok(["ip", "address", "replace", `${localAddress}/32`, "dev", "lo"]);
    const some = Array.from({ length: each }, () =>
      RawClient.open(url, { localAddress }).catch(() => undefined),
    );
    return Promise.all(some);
  });
  const all = (await Promise.all(opened)).flat();
  return all.filter((client) => client !== undefined);
}

/** As many connections of a device as are let in, until one is refused. */
async function allOf(device: PairedDevice): Promise<RawClient[]> {
  const clients = [await device.comeIn()];
  while (clients.length < 600) {
    const { client, answer } = await device.connect();
    if (!answer.ok) {
      expect(answer.error.message).toBe("too many connections of this device");
      return clients;
    }
    clients.push(client);
  }
  return clients;
}

const http = (box: Box) => box.url.replace("ws:", "http:");

/** Megabytes that the container used at most so far. */
async function memoryOf(box: Box): Promise<number> {
  const names = ["memory/memory.max_usage_in_bytes", "memory.peak"];
  const paths = names.map((name) => `/sys/fs/cgroup/${name}`).join(" ");
  const { stdout } = await box.exec(["sh", "-c", `cat ${paths} 2>/dev/null`]);
  return Math.round(Number(stdout) / MB);
}
