import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
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

inNetwork.each([
  [
    "300 /64s of one /48",
    (n: number) => `2001:db8:51e6:${hex(1 + (n % 300))}::${hex(1 + (n % 60_000))}`,
  ],
  ["300 /48s", (n: number) => `2001:db8:${hex(0x1000 + (n % 300))}:1::${hex(1 + (n % 60_000))}`],
])(
  "kept up for 5 s from %s: four devices that wait keep their codes and come in",
  async (_, from) => {
    gateway = await startTestGateway();
    const url = `ws://[::1]:${gateway.port}`;
    const attack = keepUp((n) => askOnce({ url, address: from(n) }), 75);
    await attack.asked();
    const addresses = [1, 2, 3, 4].map((n) => `2001:db8:aaaa:${n}::7`);
    const honest = await gatherHonest(url, addresses);
    await pause(5000);
    const pending = await pendingCodes(gateway);
    expect(honest.map(({ code }) => pending.has(code))).toEqual([true, true, true, true]);
    expect(honest.map(({ client }) => client.closed)).toEqual(honest.map(() => undefined));
    const { asks, failures } = await attack.stop();
    expect(asks - failures).toBeGreaterThan(100);
    for (const one of honest) await one.letIn(gateway);
  },
);
