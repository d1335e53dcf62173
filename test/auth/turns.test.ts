import { describe, expect, test } from "vitest";
import type { Hasher } from "../../src/auth/hasher.ts";
import { SharedSecrets } from "../../src/auth/secret.ts";
import { limitTable, limitValues } from "../../src/limits/table.ts";

/** Limit argon2Queued, and how long a right secret waits in a crowd of wrong ones. */

const { argon2Queued } = limitTable;

/** A gateway's secrets, with hashes that take one step each. */
function setUp(argon2AtOnce: number) {
  const open: { secret: string; end: (right: boolean) => void }[] = [];
  const hasher: Hasher = {
    hash: async (secret) => secret,
    verify: (_hash, secret) => new Promise((end) => open.push({ secret, end })),
  };
  const secrets = new SharedSecrets({
    hasher,
    limits: limitValues({ argon2AtOnce }),
    cacheKey: Buffer.alloc(32, 3),
    stored: () => ({ token: { hash: "right", setAtMs: 0, source: "cli", epoch: 1 } }),
    clear: () => ({}),
  });
  /** Ends the oldest hash, and says which secret that was. */
  const step = async (): Promise<string | undefined> => {
    const one = open.shift();
    one?.end(one.secret === "right");
    await new Promise((resolve) => setImmediate(resolve));
    return one?.secret;
  };
  return { secrets, step };
}

type Place = ReturnType<typeof setUp>;

let serial = 0;

/** A crowd that asks again as soon as there is room, each time with another wrong secret. */
function crowd({ secrets }: Place, addresses: readonly string[], changing?: () => string) {
  let busy = 0;
  let over = false;
  const guess = async (address: string): Promise<void> => {
    for (;;) {
      serial += 1;
      const verdict = await secrets.verify("token", `wrong ${serial}`, changing?.() ?? address);
      if (over) return;
      if (verdict === "busy") busy += 1;
      // A client that is told to come back later does so.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  for (const address of addresses) void guess(address);
  return {
    end: () => {
      over = true;
    },
    get busy() {
      return busy;
    },
  };
}

/** How many hashes end before that of the right secret; it asks again where it was told to. */
async function waitOf(place: Place, source: string): Promise<number> {
  let verdict: string | undefined;
  const ask = async () => {
    for (;;) {
      verdict = await place.secrets.verify("token", "right", source);
      if (verdict !== "busy") return;
      verdict = undefined;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  void ask();
  for (let hashes = 0; ; hashes += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    // The last one was its own.
    if (verdict !== undefined) return hashes - 1;
    if (hashes > 500) throw new Error("it waits for ever");
    await place.step();
  }
}

async function settle(place: Place, steps: number): Promise<void> {
  for (let i = 0; i < steps; i += 1) await place.step();
}

const inOneNetwork = Array.from({ length: 44 }, (_, i) => `198.51.100.${i}`);
const inTen = Array.from({ length: 44 }, (_, i) => `198.51.${i % 10}.${i}`);
const v6 = Array.from({ length: 44 }, (_, i) => `2001:db8:1:${i.toString(16)}::/64`);

describe.each([1, 2])(
  "with %i at once, the longest wait of who asks for the first time",
  (atOnce) => {
    test.each([
      ["44 addresses of one network", inOneNetwork, 1],
      ["44 IPv6 /64s of one /48", v6, 1],
      ["44 addresses of ten networks", inTen, 10],
    ])(
      "%s wait: what is hashed, and two for each other network",
      async (_who, addresses, networks) => {
        for (const before of [1, 10, 40, 63]) {
          const place = setUp(atOnce);
          const they = crowd(place, addresses);
          await settle(place, before);
          const waited = await waitOf(place, "203.0.113.7");
          expect(waited).toBeLessThanOrEqual(atOnce + 1 + 2 * networks);
          expect(they.busy).toBeGreaterThan(0);
          they.end();
        }
      },
    );

    test("addresses that change with each guess, in one network: the same", async () => {
      let n = 0;
      const place = setUp(atOnce);
      const they = crowd(place, inOneNetwork, () => {
        n += 1;
        return `198.51.100.${n % 250}`;
      });
      await settle(place, 100);
      expect(await waitOf(place, "203.0.113.7")).toBeLessThanOrEqual(atOnce + 1 + 2);
      they.end();
    });

    test("somebody of the crowd's own network: twice the queue, if they got a place", async () => {
      const place = setUp(atOnce);
      // The crowd leaves a place.
      const they = crowd(place, inOneNetwork.slice(0, argon2Queued.value + atOnce - 1));
      await settle(place, 50);
      const waited = await waitOf(place, "198.51.100.200");
      expect(waited).toBeLessThanOrEqual(atOnce + 2 * argon2Queued.value);
      they.end();
    });
  },
);

test("argon2Queued: where every network has one place the newcomer is turned away", async () => {
  const place = setUp(1);
  const networks = Array.from({ length: argon2Queued.value + 1 }, (_, i) => `10.0.${i}.1`);
  const all = networks.map((source) => place.secrets.verify("token", `w ${source}`, source));
  expect(await place.secrets.verify("token", "right", "203.0.113.7")).toBe("busy");
  await settle(place, networks.length);
  expect(new Set(await Promise.all(all))).toEqual(new Set(["mismatch"]));
  expect(place.secrets.load).toEqual({ running: 0, waiting: 0 });
});

test("who gives way is the newest of the network with most, and nobody else", async () => {
  const place = setUp(1);
  const { secrets } = place;
  const many = inOneNetwork
    .slice(0, argon2Queued.value)
    .map((source) => secrets.verify("token", `m ${source}`, source));
  const other = secrets.verify("token", "o", "10.0.0.1");
  const newcomer = secrets.verify("token", "right", "203.0.113.7");
  await settle(place, argon2Queued.value + 1);
  const verdicts = await Promise.all(many);
  expect(verdicts.filter((verdict) => verdict === "busy")).toHaveLength(1);
  expect(verdicts.at(-1)).toBe("busy");
  expect([await other, await newcomer]).toEqual(["mismatch", "ok"]);
});
