import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { giveWay, type HeldPlace } from "../../src/lib/give-way.ts";
import { prefixKey } from "../../src/lib/net.ts";

const bounds = { all: 4, perSource: 2, perPrefix: 2 };

/** `1.7`: the address 10.0.1.7, that waits; `-1.7`: that is gone. In the order in which they came. */
function places(words: string): (HeldPlace & { name: string })[] {
  const all = words === "" ? [] : words.split(" ");
  return all.map((name, since) => ({
    name,
    source: `10.0.${name.replace("-", "")}`,
    isThere: !name.startsWith("-"),
    since,
  }));
}

function outcome(held: string, from: string, changed: Partial<typeof bounds> = {}) {
  const way = giveWay(places(held), `10.0.${from}`, { ...bounds, ...changed });
  return typeof way === "string" ? way : way.goes.name;
}

describe("who gives way", () => {
  test.each([
    ["nobody, where there is room", "1.1 2.1", "3.1", "fits"],
    ["of an address with its share the one that is gone", "1.1 -1.1 2.1", "1.1", "-1.1"],
    ["of an address with its share where all wait: the new one", "1.1 1.1 2.1", "1.1", "turn-away"],
    ["who is gone, before any crowd", "1.1 1.2 1.3 -2.1", "3.1", "-2.1"],
    ["of the gone the one of the wider crowd", "1.1 -1.2 -2.1 3.1", "4.1", "-1.2"],
    ["of the gone of one crowd the newest", "-1.1 -1.2 -1.3 2.1", "4.1", "-1.3"],
    ["of the gone of as wide crowds the newest", "-1.1 -2.1 3.1 4.1", "5.1", "-2.1"],
    ["where all wait, the newest of a crowd", "1.1 1.2 1.3 2.1", "3.1", "1.3"],
    ["the crowd it comes from as any other", "1.1 1.2 1.3 2.1", "1.9", "turn-away"],
    ["nobody for one from as wide a crowd", "1.1 1.2 1.3 2.1", "2.2", "1.3"],
    ["where all wait and none is a crowd: the new one", "1.1 2.1 3.1 4.1", "5.1", "turn-away"],
  ])("%s", (_name, held, from, goes) => {
    expect(outcome(held, from)).toBe(goes);
  });

  test("pendingPerPrefix: so many of one prefix are no crowd, however few others have", () => {
    const held = "1.1 1.2 2.1 3.1";
    expect(outcome(held, "4.1", { perPrefix: 2 })).toBe("turn-away");
    expect(outcome(held, "4.1", { perPrefix: 1 })).toBe("1.2");
    expect(outcome("1.1 1.2 1.3 2.1", "4.1", { perPrefix: 1 })).toBe("1.3");
    expect(outcome("1.1 1.2 1.3 2.1", "4.1", { perPrefix: 3 })).toBe("turn-away");
  });

  test.each([
    ["10.1.2.3", "10.1.2.0/24"],
    ["2001:db8:1:2::/64", "2001:db8:1::/48"],
    ["unknown", "unknown"],
    ["node:abc", "node:abc"],
  ])("the prefix of %s is %s", (source, prefix) => {
    expect(prefixKey(source)).toBe(prefix);
  });
});

const arrival = fc.record({
  net: fc.nat(6),
  host: fc.nat(3),
  /** Which of those that are there hangs up first. */
  leaves: fc.option(fc.nat(40)),
});

test("whoever comes: bounds hold, and who waits with few of its prefix keeps its place", () => {
  const limits = { all: 12, perSource: 3, perPrefix: 3 };
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 120, size: "max" }), (arrivals) => {
      let held: { source: string; isThere: boolean; since: number }[] = [];
      for (const [since, { net, host, leaves }] of arrivals.entries()) {
        if (leaves !== null)
          held = held.map((one, i) => (i === leaves ? { ...one, isThere: false } : one));
        const source = `10.0.${net}.${host}`;
        const way = giveWay(held, source, limits);
        const after = typeof way === "string" ? held : held.filter((one) => one !== way.goes);
        if (typeof way !== "string") {
          const { goes } = way;
          const crowd = held.filter((one) => prefixKey(one.source) === prefixKey(goes.source));
          if (goes.isThere) {
            expect(crowd.length).toBeGreaterThan(limits.perPrefix);
            expect(held.every((one) => one.isThere)).toBe(true);
            expect(crowd.every((one) => one.since <= goes.since)).toBe(true);
          }
        }
        // One that is gone always makes room, so only who finds all waiting is turned away.
        if (way === "turn-away") {
          const own = held.filter((one) => one.source === source);
          const among = own.length >= limits.perSource ? own : held;
          expect(among.every((one) => one.isThere)).toBe(true);
        } else after.push({ source, isThere: true, since });
        held = after;
        expect(held.length).toBeLessThanOrEqual(limits.all);
        for (const one of held) {
          const own = held.filter((other) => other.source === one.source);
          expect(own.length).toBeLessThanOrEqual(limits.perSource);
        }
      }
    }),
  );
});
