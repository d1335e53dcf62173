import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { Box } from "../support/box.ts";
import { PairedDevice } from "../support/device.ts";
import type { Engine } from "../support/engine.ts";

const MB = 1024 * 1024;

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
    const crowd = await Promise.all(Array.from({ length: 300 }, () => RawClient.open(box.url)));
    const guesses = crowd.map((client, guess) =>
      client
        .connect({
          device: makeDevice(),
          auth: { token: guess % 2 === 0 ? token : `wrong-${guess}` },
        })
        .then(({ error }) => error?.details?.code ?? "in")
        .catch(() => "closed"),
    );
    const pages = Array.from({ length: 500 }, async () => (await fetch(http(box))).text());
    await Promise.all([...guesses, ...pages]);
    const clients = await Promise.all(Array.from({ length: 30 }, () => device.comeIn()));
    const busy = await memoryOf(box);
    console.log(`memory in 128 MB: ${quiet} MB idle, ${busy} MB at most under load`);
    for (const client of [...crowd, ...clients]) client.close();
    expect(await box.inspect(".State.OOMKilled")).toBe(false);
    expect(await box.inspect(".RestartCount")).toBe(0);
    expect(await facts()).toEqual(before);
    (await device.comeIn()).close();
    const heap = "process.stdout.write(String(v8.getHeapStatistics().heap_size_limit))";
    const { stdout } = await box.exec(["node", "-e", heap]);
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
    console.log(stdout);
    expect(code, stderr).toBe(0);
    expect(stdout).not.toMatch(/systemctl|journalctl|loginctl|apt|ufw|sysctl|ssh enable/);
  });
}

const http = (box: Box) => box.url.replace("ws:", "http:");

/** Megabytes that the container used at most so far. */
async function memoryOf(box: Box): Promise<number> {
  const names = ["memory/memory.max_usage_in_bytes", "memory.peak"];
  const paths = names.map((name) => `/sys/fs/cgroup/${name}`).join(" ");
  const { stdout } = await box.exec(["sh", "-c", `cat ${paths} 2>/dev/null`]);
  return Math.round(Number(stdout) / MB);
}
