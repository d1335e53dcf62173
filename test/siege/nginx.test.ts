import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../kit/free-port.mjs";
import { Nginx, renderSite } from "../kit/nginx.ts";
import { Attack, addressesV6 } from "./support/attack.ts";
import { canIsolate, Namespace } from "./support/namespace.ts";
import { Siege } from "./support/siege.ts";

const MS = 2_200;
/** More than nginx holds as Debian ships it, where each takes two of its connections. */
const COUNT = 1_200;
const kinds = [
  ["as Debian ships it", 2, 768],
  ["as the installer leaves it", 2, 16_384],
] as const;

describe.skipIf(!canIsolate).each(kinds)("through nginx %s", (_, workers, connections) => {
  let siege: Siege;
  let nginx: Nginx;
  let namespace: Namespace;
  let folder: string;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "siege-"));
    const socket = join(folder, "gateway.sock");
    siege = await Siege.begin({ config: { gateway: { socket } }, clients: 50 });
    namespace = Namespace.make();
    nginx = await Nginx.inFolder();
    port = await freePort();
    const words = [`workers=${workers}`, `connections=${connections}`, "ipv6=yes"];
    const site = await renderSite("name=_", `http=${port}`, `socket=${socket}`, ...words);
    await nginx.write(site, { workers, connections });
    await nginx.launch(namespace.runner);
  });
  afterAll(async () => {
    await siege?.end();
    await nginx?.close();
    namespace?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const from = (more: {
    attack: string;
    sources: readonly string[];
    count?: number;
    rate?: number;
  }) => ({
    ...more,
    to: { host: "2001:db8::1", port },
    runner: namespace.runner,
  });

  /** What visitors of other networks get while `attack` goes on. */
  async function visitorsDuring(name: string, attack: ReturnType<typeof from>) {
    const visitors = Attack.start(
      from({ attack: "visitors", sources: ["2001:db8:99:1::5", "2001:db8:99:2::5"], rate: 10 }),
    );
    const toll = await siege.endure(name, attack, MS);
    return { toll, visitors: await visitors.stop() };
  }

  test(`${COUNT} upgrades from one address that say nothing keep no visitor waiting`, async () => {
    const { visitors } = await visitorsDuring(
      `${COUNT} silent upgrades from one address`,
      from({ attack: "silentUpgrades", sources: ["2001:db8:7:1::b"], count: COUNT, rate: 800 }),
    );
    expect(visitors.answered).toBeGreaterThan(10);
    expect(visitors.failed).toBe(0);
  });

  test("nor those of one network, in whatever way its addresses are written", async () => {
    // The interface's part differs, and with it where the zeros of the address are left out.
    const sources = Array.from(
      { length: 64 },
      (_, n) => `2001:db8:7:0:${n % 2 ? 0 : n}:${n}:${n % 3}:b`,
    );
    const { visitors } = await visitorsDuring(
      `${COUNT} silent upgrades from one /64`,
      from({ attack: "silentUpgrades", sources, count: COUNT, rate: 800 }),
    );
    expect(visitors.answered).toBeGreaterThan(10);
    expect(visitors.failed).toBe(0);
  });

  test("a stranger that floods pings takes no memory here either", async () => {
    const sources = addressesV6(3);
    const { toll } = await visitorsDuring(
      "pings from three addresses",
      from({ attack: "waitingPings", sources, count: 6 }),
    );
    expect(toll.grew).toBeLessThan(96 * 1024 * 1024);
  });
});
