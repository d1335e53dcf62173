import { describe, expect, test } from "vitest";
import { ProxyWatch } from "../../src/transport/proxy-watch.ts";

const BRIDGE = "172.18.0.1";
const LOCAL = "127.0.0.1";

/** What was found after these requests, and how often that was told. */
function judged(...requests: readonly [address: string, names: boolean][]) {
  const told: string[] = [];
  const watch = new ProxyWatch((address) => told.push(address));
  for (const [address, names] of requests) watch.seen(address, () => names);
  return { found: watch.address, told };
}

const times = (count: number, address: string, names = true) =>
  Array.from({ length: count }, () => [address, names] as [string, boolean]);

describe("a proxy that is not trusted", () => {
  test.each<[string, [string, boolean][], string | undefined]>([
    ["names every visitor", times(3, BRIDGE), BRIDGE],
    ["is on an IPv6 network of one's own", times(3, "fd00:0:0:0:0:0:0:1"), "fd00:0:0:0:0:0:0:1"],
    [
      "is on this machine, which asks some of itself",
      [...times(2, LOCAL), [LOCAL, false], [LOCAL, true]],
      LOCAL,
    ],
    ["is not known after two requests", times(2, BRIDGE), undefined],
    [
      "is no bridge of visitors who come directly",
      [...times(2, BRIDGE), [BRIDGE, false], ...times(2, BRIDGE)],
      undefined,
    ],
    ["is no stranger who says so", times(9, "198.51.100.7"), undefined],
    ["is none that names no one", times(9, BRIDGE, false), undefined],
    ["is one address, not several", [...times(2, BRIDGE), ...times(2, "172.18.0.2")], undefined],
  ])("%s", (_what, requests, found) => {
    expect(judged(...requests)).toEqual({ found, told: found === undefined ? [] : [found] });
  });

  test("is told once and stays found, whatever comes then", () => {
    const requests = [...times(9, BRIDGE), ...times(3, BRIDGE, false), ...times(5, "10.0.0.9")];
    expect(judged(...requests)).toEqual({ found: BRIDGE, told: [BRIDGE] });
  });

  test("is none any more once others are trusted", () => {
    const watch = new ProxyWatch();
    for (const [address] of times(3, BRIDGE)) watch.seen(address, () => true);
    watch.reset();
    expect(watch.address).toBeUndefined();
  });

  test("costs nothing for strangers: their headers are not looked at", () => {
    new ProxyWatch().seen("198.51.100.7", () => expect.unreachable());
  });
});
