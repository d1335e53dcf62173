import { execFileSync } from "node:child_process";
import { afterEach, beforeAll, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { startTestGateway, type TestGateway, unpaced } from "../kit/gateway.ts";
import { whyNoVps } from "../kit/vps-base.ts";
import { askOnce, gatherHonest, keepUp, pendingCodes } from "./support/requests.ts";

/**
 * Strangers ask from an IPv6 prefix of which they own every address. This file runs in a network of its
 * own (test/vitest.config.ts), in which the prefix is this machine.
 */

const here = whyNoVps();
const inNetwork = test.skipIf(here !== undefined);
let gateway: TestGateway;

beforeAll(() => {
  if (here !== undefined) return;
  execFileSync("ip", ["-6", "route", "add", "local", "2001:db8::/32", "dev", "lo"]);
  execFileSync("sysctl", ["-qw", "net.ipv6.ip_nonlocal_bind=1"]);
});
afterEach(() => gateway?.close());

const hex = (n: number) => n.toString(16);
const ofOneNetwork = (n: number) => `2001:db8:51e6:${hex(1 + (n % 300))}::${hex(1 + (n % 60_000))}`;
const ofMany = (n: number) => `2001:db8:${hex(0x1000 + (n % 300))}:1::${hex(1 + (n % 60_000))}`;

inNetwork.each([
  ["at 75 a second from 300 /64s of one /48", ofOneNetwork, {}, 75],
  ["at 75 a second from 300 /48s", ofMany, {}, 75],
  // Where nothing paces new requests they fill all places more than twice.
  ["without a pace from 300 /48s", ofMany, unpaced, 600],
])(
  "kept up %s: four devices that wait keep their codes and come in",
  async (_, from, limits, perSecond) => {
    gateway = await startTestGateway({ limits });
    const url = `ws://[::1]:${gateway.port}`;
    const attack = keepUp((n) => askOnce({ url, address: from(n) }), perSecond);
    await attack.asked();
    const addresses = [1, 2, 3, 4].map((n) => `2001:db8:aaaa:${n}::7`);
    const honest = await gatherHonest(url, addresses);
    await attack.asked(limits === unpaced ? 3 * limitTable.pendingRequests.value : 150);
    const pending = await pendingCodes(gateway);
    expect(honest.map(({ code }) => pending.has(code))).toEqual([true, true, true, true]);
    expect(honest.map(({ client }) => client.closed)).toEqual(honest.map(() => undefined));
    const { asks, failures } = await attack.stop();
    expect(asks - failures).toBeGreaterThan(100);
    for (const one of honest) await one.letIn(gateway);
  },
);
