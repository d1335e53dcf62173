import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { whyNoVps } from "../kit/vps-base.ts";
import { Attack } from "./support/attack.ts";
import { HonestDevice, pendingCodes } from "./support/requests.ts";

/**
 * Strangers who want every place come from an IPv6 prefix of which they own every address. This file runs
 * in a network of its own (test/vitest.config.ts), in which the prefix is this machine.
 */

const here = whyNoVps();
const PLACES = 300;
const COUNT = 500;
/** How often a paired device comes back during each attack. */
const RETURNS = 10;
const HONEST = "2001:db8:aaaa:1::7";
const NEWCOMER = "2001:db8:bbbb:1::7";
/** Where all addresses of {@link oneNetwork} count. */
const SOURCE = "2001:db8:51e6:1::/64";

const hex = (n: number) => n.toString(16);
/** 300 addresses of one /64, which is one subscriber's. */
const oneNetwork = Array.from(
  { length: 300 },
  (_, n) => `2001:db8:51e6:1:${hex(n)}::${hex(n + 1)}`,
);
const networks = Array.from({ length: 300 }, (_, n) => `2001:db8:51e6:${hex(n + 1)}::b`);

describe.skipIf(here !== undefined)(`a gateway with ${PLACES} places`, () => {
  let gateway: TestGateway;
  let url: string;
  let waiting: HonestDevice;
  let working: RawClient;
  const phone = () => ({
    device: makeDevice(),
    auth: { token: TEST_TOKEN },
    scopes: ["operator.read"],
  });
  /** A paired device that comes, goes and comes back. */
  const paired = phone();
  const places = () => gateway.server.gateway.admission.places;

  beforeAll(async () => {
    execFileSync("ip", ["-6", "route", "add", "local", "2001:db8::/32", "dev", "lo"]);
    execFileSync("sysctl", ["-qw", "net.ipv6.ip_nonlocal_bind=1"]);
    gateway = await startTestGateway({ limits: { connections: PLACES, endedMs: 500 } });
    url = `ws://[::1]:${gateway.port}`;
    working = (await pairAndConnect(gateway, phone())).client;
    (await pairAndConnect(gateway, paired)).client.close();
    // From there it is known, as an address is from which a paired device came before.
    await comesFrom(HONEST);
    waiting = await HonestDevice.ask({ url, address: "2001:db8:cccc:1::7" });
  });
  afterAll(async () => {
    working?.close();
    waiting?.client.ws.terminate();
    await gateway?.close();
  });

  /** The paired device comes back, at the second try perhaps, as its clients do: places come and go. */
  const comesFrom = (address: string) =>
    until(async () => {
      const client = await RawClient.open(url, { localAddress: address }).catch(() => undefined);
      const hello = await client?.connect(paired);
      client?.ws.terminate();
      return hello?.ok === true;
    }, "a paired device to come back");

  /** A client that was never here is challenged, at the second try perhaps. */
  const newcomer = () =>
    until(async () => {
      const client = await RawClient.open(url, { localAddress: NEWCOMER }).catch(() => undefined);
      client?.ws.terminate();
      return client !== undefined;
    }, "a challenge for a newcomer");

  test.each([
    ["upgrades that say nothing, from 300 addresses of one /64", "silentUpgrades", oneNetwork],
    ["upgrades that say nothing, from 300 /64s", "silentUpgrades", networks],
    ["refused ones that do not hang up, from 300 addresses of one /64", "refused", oneNetwork],
    ["refused ones that do not hang up, from 300 /64s", "refused", networks],
  ])("%s", async (_, attack, sources) => {
    const to = { host: "::1", port: gateway.port };
    const before = places().free;
    const running = Attack.start({ attack, to, sources, count: COUNT, rate: 1500 });
    try {
      await until(() => places().free < before - PLACES / 5, "the strangers");
      if (sources === oneNetwork) expect(places().heldBy(SOURCE)).toBeGreaterThan(PLACES / 10);
      for (let n = 0; n < RETURNS; n += 1) {
        await comesFrom(HONEST);
        await newcomer();
        expect((await working.request("status")).ok).toBe(true);
        // All of its addresses are one source, which has about as much as it leaves to others.
        expect(places().heldBy(SOURCE)).toBeLessThan(PLACES * 0.6);
      }
      expect(await gateway.host("device.pair.list")).toBeDefined();
      expect(waiting.client.closed).toBeUndefined();
      expect((await pendingCodes(gateway)).has(waiting.code)).toBe(true);
    } finally {
      const { opened } = await running.stop();
      expect(opened).toBeGreaterThan(PLACES / 5);
    }
    await until(() => places().free > before - PLACES / 5, "their places");
  });
});
