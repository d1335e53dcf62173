import { describe, expect, test } from "vitest";
import { type EgressPolicy, EgressRefused, egressPolicy } from "../../src/lib/egress.ts";
import { type Address, NameLookup, type ResolveName } from "../../src/lib/name-lookup.ts";
import { SemaphoreFull } from "../../src/lib/semaphore.ts";
import { limitValues } from "../../src/limits/table.ts";

const v4 = (address: string): Address => ({ address, family: 4 });
const v6 = (address: string): Address => ({ address, family: 6 });
const strict = egressPolicy([]);
const bounds = { atOnce: 1, queued: 4 };

type Found = Address[] | { address: string; family: number | undefined };

/** What `net.connect` is handed: all addresses, or one as older ways of connecting ask for it. */
function look(names: NameLookup, policy: EgressPolicy, all: boolean): Promise<Found> {
  return new Promise((resolve, reject) => {
    names.under(policy)("name.example", { all }, (error, address, family) => {
      if (error) reject(error);
      else resolve(Array.isArray(address) ? address : { address, family });
    });
  });
}

const answering =
  (...found: Address[]): ResolveName =>
  async () =>
    found;

describe("the addresses of a name", () => {
  test("are handed over as they are where all are allowed", async () => {
    const names = new NameLookup(bounds, answering(v6("2606:4700::1"), v4("1.1.1.1")));
    expect(await look(names, strict, true)).toEqual([v6("2606:4700::1"), v4("1.1.1.1")]);
    expect(await look(names, strict, false)).toEqual({ address: "2606:4700::1", family: 6 });
  });

  test("that are not allowed are left out, so nothing connects to them", async () => {
    const found = [v4("127.0.0.1"), v6("::ffff:10.0.0.1"), v4("1.1.1.1"), v4("169.254.169.254")];
    const names = new NameLookup(bounds, answering(...found));
    expect(await look(names, strict, true)).toEqual([v4("1.1.1.1")]);
    expect(await look(names, egressPolicy(["127.0.0.0/8"]), true)).toEqual([
      v4("127.0.0.1"),
      v4("1.1.1.1"),
    ]);
  });

  test("that are all refused are told with the first of them", async () => {
    const names = new NameLookup(bounds, answering(v4("10.0.0.5"), v4("127.0.0.1")));
    for (const all of [true, false]) {
      const error = await look(names, strict, all).catch((one) => one);
      expect(error).toBeInstanceOf(EgressRefused);
      expect(error).toMatchObject({ address: "10.0.0.5", never: false });
    }
  });

  test("are judged anew at every connection: a name that changes gains nothing", async () => {
    const answers = [[v4("203.0.113.9")], [v4("127.0.0.1")], [v4("169.254.169.254")]];
    const names = new NameLookup(bounds, async () => answers.shift() ?? []);
    expect(await look(names, strict, true)).toEqual([v4("203.0.113.9")]);
    await expect(look(names, strict, true)).rejects.toThrow("127.0.0.1 is this machine");
    const wide = egressPolicy(["0.0.0.0/0"]);
    await expect(look(names, wide, true)).rejects.toThrow("a cloud's metadata service");
    await expect(look(names, wide, true)).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  test("that could not be found are the system's error", async () => {
    const failed = Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" });
    const names = new NameLookup(bounds, () => Promise.reject(failed));
    await expect(look(names, strict, true)).rejects.toBe(failed);
  });
});

test("lookupsAtOnce, lookupsQueued: a name server that is silent holds one thread, not all", async () => {
  const { lookupsAtOnce: atOnce, lookupsQueued: queued } = limitValues();
  const running: ((found: Address[]) => void)[] = [];
  let started = 0;
  const resolve = () =>
    new Promise<Address[]>((done) => {
      started += 1;
      running.push(done);
    });
  const names = new NameLookup({ atOnce, queued }, resolve);
  const asked = Array.from({ length: atOnce + queued }, () => look(names, strict, true));
  await expect(look(names, strict, true)).rejects.toBeInstanceOf(SemaphoreFull);
  expect(started).toBe(atOnce);
  for (const one of asked) {
    running.shift()?.([v4("1.1.1.1")]);
    expect(await one).toEqual([v4("1.1.1.1")]);
    await Promise.resolve();
  }
  expect(started).toBe(atOnce + queued);
});
