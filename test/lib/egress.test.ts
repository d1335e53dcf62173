import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { specOf } from "../../src/config/schema.ts";
import { readText } from "../../src/config/values.ts";
import { EgressRefused, egressPolicy } from "../../src/lib/egress.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { egressCommand, egressRefusal } from "../../src/words/egress.ts";

const strict = egressPolicy([]);
/** Whoever allows everything still does not allow what is never allowed. */
const wide = egressPolicy(["0.0.0.0/0", "::/0"]);

describe("public addresses", () => {
  test.each([
    "1.1.1.1",
    "203.0.113.7",
    "9.255.255.255",
    "11.0.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "2606:4700::1111",
    "2a00:1450:4001::8a",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
  ])("%s needs nobody's leave", (address) => {
    expect(strict.judge(address)).toEqual({ ok: true });
  });
});

describe("addresses that are not public", () => {
  test.each([
    ["127.0.0.1", "this machine"],
    ["127.255.255.254", "this machine"],
    ["::1", "this machine"],
    ["0:0:0:0:0:0:0:1", "this machine"],
    ["10.0.0.0", "in a private network"],
    ["10.255.255.255", "in a private network"],
    ["172.16.0.1", "in a private network"],
    ["172.31.255.255", "in a private network"],
    ["192.168.0.1", "in a private network"],
    ["100.64.0.1", "in a private network"],
    ["100.127.255.255", "in a private network"],
    ["fc00::1", "in a private network"],
    ["fdff:ffff::1", "in a private network"],
    ["fec0::1", "in a private network"],
    ["198.18.0.1", "in a network for special use"],
    ["64:ff9b:1::7f00:1", "in a network for special use"],
    ["2001::7f00:1", "in a network for special use"],
    // The same in IPv6's clothes: mapped, compatible, translated, NAT64, 6to4.
    ["::ffff:127.0.0.1", "this machine"],
    ["::ffff:7f00:1", "this machine"],
    ["::127.0.0.1", "this machine"],
    ["::ffff:0:10.0.0.1", "in a private network"],
    ["64:ff9b::10.0.0.1", "in a private network"],
    ["64:ff9b::7f00:1", "this machine"],
    ["2002:a00:1::", "in a private network"],
    ["2002:7f00:1::1", "this machine"],
  ])("%s is %s and needs leave", (address, what) => {
    expect(strict.judge(address)).toEqual({ ok: false, never: false, what });
    expect(wide.judge(address)).toEqual({ ok: true });
  });

  test("leave for one is none for its neighbours", () => {
    const policy = egressPolicy(["127.0.0.1", "10.1.0.0/16", "fd00::/64"]);
    const verdicts = (addresses: string[]) => addresses.map((one) => policy.judge(one).ok);
    expect(verdicts(["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])).toEqual([
      true,
      true,
      true,
    ]);
    expect(verdicts(["127.0.0.2", "::1"])).toEqual([false, false]);
    expect(verdicts(["10.1.255.255", "10.2.0.0"])).toEqual([true, false]);
    expect(verdicts(["fd00::1", "fd00:0:0:1::1"])).toEqual([true, false]);
  });
});

describe("addresses that nobody can allow", () => {
  test.each([
    ["169.254.169.254", "a cloud's metadata service"],
    ["169.254.170.2", "a cloud's metadata service"],
    ["100.100.100.200", "a cloud's metadata service"],
    ["168.63.129.16", "a cloud's metadata service"],
    ["192.0.0.192", "a cloud's metadata service"],
    ["fd00:ec2::254", "a cloud's metadata service"],
    ["fd20:ce::254", "a cloud's metadata service"],
    ["fd00:42::42", "a cloud's metadata service"],
    ["169.254.170.23", "a cloud's metadata service"],
    ["fd00:ec2::23", "a cloud's metadata service"],
    ["fd00:ec2::253", "a cloud's metadata service"],
    ["fd00:100::100:200", "a cloud's metadata service"],
    ["fd00:c1::a9fe:a9fe", "a cloud's metadata service"],
    ["fd00:a9fe:a9fe::1", "a cloud's metadata service"],
    ["169.254.42.42", "a cloud's metadata service"],
    ["::ffff:169.254.169.254", "a cloud's metadata service"],
    ["::ffff:a9fe:a9fe", "a cloud's metadata service"],
    ["64:ff9b::169.254.169.254", "a cloud's metadata service"],
    ["2002:a9fe:a9fe::", "a cloud's metadata service"],
    ["169.254.0.1", "a link-local address"],
    ["fe80::1", "a link-local address"],
    ["febf::1", "a link-local address"],
    ["fe80::1%eth0", "a link-local address"],
    ["0.0.0.0", "no address of one machine"],
    ["0.1.2.3", "no address of one machine"],
    ["::", "no address of one machine"],
    ["224.0.0.1", "no address of one machine"],
    ["255.255.255.255", "no address of one machine"],
    ["ff02::1", "no address of one machine"],
    ["", "no IP address"],
    ["localhost", "no IP address"],
    ["127.1", "no IP address"],
  ])("%s is %s", (address, what) => {
    for (const policy of [strict, wide, egressPolicy(["169.254.0.0/16", "fe80::/10"])]) {
      expect(policy.judge(address)).toEqual({ ok: false, never: true, what });
    }
  });
});

test("an IPv4 address is judged alike in every IPv6 way of writing it", () => {
  const part = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(part, part, part, part, (a, b, c, d) => {
      const plain = `${a}.${b}.${c}.${d}`;
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
      const verdict = strict.judge(plain);
      for (const dressed of [
        `::ffff:${plain}`,
        `::ffff:${hex}`,
        `64:ff9b::${hex}`,
        `2002:${hex}::`,
      ]) {
        expect([dressed, strict.judge(dressed)]).toEqual([dressed, verdict]);
      }
    }),
  );
});

test("a policy of something else than addresses is refused", () => {
  expect(() => egressPolicy(["localhost"])).toThrow("not an address or CIDR block");
  expect(() => egressPolicy(["10.0.0.0/"])).toThrow("not an address or CIDR block");
});

describe("a refusal", () => {
  const refused = (address: string, what: string, never: boolean) =>
    new EgressRefused(address, what, never);

  test("names the exact command, with what is allowed already", () => {
    const host = "https://ntfy.lan";
    const error = refused("192.168.1.5", "in a private network", false);
    expect(egressRefusal(error, { host, allowed: ["10.0.0.0/8", "::1"] })).toEqual({
      message:
        "https://ntfy.lan leads to 192.168.1.5, in a private network; this gateway connects there only if gateway.egress says so",
      next: openclaw`config set gateway.egress 10.0.0.0/8,::1,192.168.1.5`,
    });
    const typed = String(egressCommand(["10.0.0.0/8", "::1"], "192.168.1.5").words.at(-1));
    const { type } = specOf("gateway.egress");
    expect(readText(type, typed)).toEqual(["10.0.0.0/8", "::1", "192.168.1.5"]);
    expect(readText(type, "127.0.0.1")).toEqual(["127.0.0.1"]);
  });

  test("of what is never allowed names none", () => {
    const host = "http://169.254.169.254";
    const error = refused("169.254.169.254", "a cloud's metadata service", true);
    expect(egressRefusal(error, { host, allowed: [] })).toEqual({
      message:
        "http://169.254.169.254 is a cloud's metadata service; this gateway never connects there",
    });
  });
});
