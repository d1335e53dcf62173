import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressBytes,
  addressMatcher,
  canonicalNetwork,
  hostName,
  isLoopback,
  isLoopbackHost,
  normalizeAddress,
  sourceKey,
} from "../../src/lib/net.ts";

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["::FFFF:cb00:7107", "203.0.113.7"],
  ["[2001:DB8::1]", "2001:db8:0:0:0:0:0:1"],
  ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
  ["::", "0:0:0:0:0:0:0:0"],
  ["64:ff9b::203.0.113.7", "64:ff9b:0:0:0:0:cb00:7107"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["localhost", undefined],
  ["203.0.113.7:80", undefined],
  ["203.0.113.256", undefined],
  ["", undefined],
])("%s is written %s", (given, expected) => {
  expect(normalizeAddress(given)).toBe(expected);
});

// Each is an address to the package, or another one.
test.each([
  ["010.0.0.1", undefined],
  ["0x7f.0.0.1", undefined],
  ["127.1", undefined],
  ["2130706433", undefined],
  ["::ffff:010.0.0.1", undefined],
  ["1:2:3:4:5:6:7:8:9", undefined],
  ["fe80::1%any zone", "fe80:0:0:0:0:0:0:1"],
  ["::127.0.0.1", "0:0:0:0:0:0:7f00:1"],
  ["::0.0.0.1", "0:0:0:0:0:0:0:1"],
])("%s is read as strictly as the machine reads it", (given, expected) => {
  expect(normalizeAddress(given)).toBe(expected);
});

const group = fc
  .oneof(fc.constantFrom(0, 1, 0xffff, 0x7f00), fc.nat(0xffff))
  .chain((n) => fc.nat(4).map((digits) => n.toString(16).padStart(digits, "0")));
const groups = (count: number) => fc.array(group, { minLength: count, maxLength: count });
const address6 = fc.oneof(
  groups(8).map((all) => all.join(":")),
  fc.ipV6(),
  fc.ipV4().map((v4) => `::ffff:${v4}`),
  fc.ipV4().map((v4) => `::${v4}`),
  fc.tuple(groups(6), fc.ipV4()).map(([all, v4]) => [...all, v4].join(":")),
);
const address = fc.oneof(address6, fc.ipV4());
const nearly = fc.string({ unit: fc.constantFrom(..."0123456789abcdefF:.:."), maxLength: 40 });

test("what is an address the machine's own parser decides, and which one a browser's does", () => {
  fc.assert(
    fc.property(fc.oneof(address, address6, nearly), (text) => {
      const normal = normalizeAddress(text);
      expect(normal !== undefined).toBe(isIP(text) !== 0);
      if (normal === undefined) return;
      expect(normal).toMatch(/^(\d+(\.\d+){3}|[\da-f]+(:[\da-f]+){7})$/);
      const mapped = normal.includes(":") ? normal : `::ffff:${normal}`;
      const written = text.includes(":") ? text : `::ffff:${text}`;
      expect(new URL(`http://[${mapped}]`).host).toBe(new URL(`http://[${written}]`).host);
      const bytes = addressBytes(text);
      expect(bytes).toHaveLength(normal.includes(":") ? 16 : 4);
      if (!normal.includes(":")) expect(bytes.join(".")).toBe(normal);
    }),
    { numRuns: 1000 },
  );
});

test("no text makes it throw, and what it returns it returns again", () => {
  const v6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });
  const any = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    v6.map((g) => g.map((n) => n.toString(16)).join(":")),
  );
  fc.assert(
    fc.property(any, (text) => {
      const normal = normalizeAddress(text);
      if (normal !== undefined) expect(normalizeAddress(normal)).toBe(normal);
      expect(sourceKey(text)).not.toBe("");
    }),
  );
});

describe("one source", () => {
  test.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["203.0.113.7", "203.0.113.8", false],
    ["::ffff:203.0.113.7", "203.0.113.7", true],
    ["::1", "::2", false],
  ])("%s and %s: %s", (a, b, same) => {
    expect(sourceKey(a) === sourceKey(b)).toBe(same);
  });

  test("is an IPv6 network of 64 bits, however the address is written", () => {
    fc.assert(
      fc.property(address6, groups(4), (text, rest) => {
        const normal = normalizeAddress(text) ?? "";
        fc.pre(normal.includes(":") && !normal.startsWith("0:0:0:0:"));
        const network = normal.split(":").slice(0, 4);
        expect(sourceKey(text)).toBe(`${network.join(":")}::/64`);
        expect(sourceKey([...network, ...rest].join(":"))).toBe(sourceKey(text));
      }),
    );
  });

  test("of nobody is one as well", () => {
    expect(sourceKey("")).toBe("unknown");
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["128.0.0.1", false],
  ["localhost", false],
  ["", false],
])("loopback address %s: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test.each([
  ["localhost", true],
  ["LOCALHOST:18789", true],
  ["app.localhost", true],
  ["127.0.0.1:80", true],
  ["[::1]:80", true],
  ["localhost.evil.example", false],
  ["127.0.0.1.evil.example", false],
  ["notlocalhost", false],
  ["", false],
])("loopback host %s: %s", (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});

test.each([
  [" Example.COM:8080 ", "example.com"],
  ["[::1]:80", "::1"],
  ["[::1", "::1"],
  ["203.0.113.7", "203.0.113.7"],
])("the name in %j is %s", (host, expected) => {
  expect(hostName(host)).toBe(expected);
});

describe("membership in networks", () => {
  test("is found for addresses and blocks of both families, mapped ones too", () => {
    const matches = addressMatcher(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]);
    expect(["10.1.2.3", "::ffff:10.1.2.3", "2001:db8:5::1", "192.0.2.1"].map(matches)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["11.0.0.1", "2001:db9::1", "192.0.2.2", "nonsense", ""].map(matches)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test("is as the machine's own list finds it", () => {
    const network = address.chain((text) => {
      const normal = normalizeAddress(text) ?? "";
      const family: "ipv6" | "ipv4" = normal.includes(":") ? "ipv6" : "ipv4";
      const bits = fc.nat(family === "ipv6" ? 128 : 32);
      return bits.map((count) => ({ normal, family, count, cidr: `${text}/${count}` }));
    });
    fc.assert(
      fc.property(
        fc.array(network, { maxLength: 3 }),
        fc.array(address, { maxLength: 3 }),
        (listed, others) => {
          const list = new BlockList();
          for (const { normal, family, count } of listed) list.addSubnet(normal, count, family);
          const matches = addressMatcher(listed.map(({ cidr }) => cidr));
          for (const text of [...others, ...listed.map(({ normal }) => normal)]) {
            const normal = normalizeAddress(text) ?? "";
            const found = list.check(normal, normal.includes(":") ? "ipv6" : "ipv4");
            expect([text, matches(text)]).toEqual([text, found]);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("of nothing holds for nobody", () => {
    expect(addressMatcher([])("127.0.0.1")).toBe(false);
  });

  test.each([
    ...["example.com", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "010.0.0.0/8", "10/8"],
    ...["10.0.0.0/8/9", "::ffff:10.0.0.0/104", "fe80::%eth0/10"],
  ])("%s is refused", (cidr) => {
    expect(() => addressMatcher([cidr])).toThrow("not an address or CIDR block");
  });
});

describe("a network in the one form that sshd takes", () => {
  test.each([
    ["203.0.113.77/24", "203.0.113.0/24"],
    ["203.0.113.77/25", "203.0.113.0/25"],
    ["203.0.113.200/25", "203.0.113.128/25"],
    ["203.0.113.77/32", "203.0.113.77/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["255.255.255.255/1", "128.0.0.0/1"],
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:DB8::5/33", "2001:db8:0:0:0:0:0:0/33"],
    ["2001:db8:ffff::5/33", "2001:db8:8000:0:0:0:0:0/33"],
    ["::1", "0:0:0:0:0:0:0:1"],
    [" 10.0.0.0/8 ", "10.0.0.0/8"],
  ])("%s", (text, canonical) => {
    expect(canonicalNetwork(text)).toBe(canonical);
  });

  test.each(["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "a/8"])(
    "%s is none",
    (text) => {
      expect(canonicalNetwork(text)).toBeUndefined();
    },
  );
});
