import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Holding, MemoryAccount } from "../../src/gateway/memory.ts";

function setUp(heldBytes: number) {
  const account = new MemoryAccount({ heldBytes });
  const dropped: string[] = [];
  const holdingOf = (holder: string, name: string, isStranger?: boolean) => {
    const drop = () => {
      dropped.push(name);
      account.set(holding, 0);
    };
    const holding: Holding = new Holding(holder, drop, isStranger);
    return holding;
  };
  const hold = (holder: string, bytes: number, name = holder) => {
    const holding = holdingOf(holder, name);
    account.set(holding, bytes);
    return holding;
  };
  const device = (id: string, bytes: number) => account.set(holdingOf(id, id, false), bytes);
  return { account, hold, device, dropped };
}

describe("the account of memory", () => {
  test("knows what is held in all and for each holder, and forgets who holds nothing", () => {
    const { account, hold } = setUp(1_000);
    const one = hold("a", 100);
    hold("a", 50);
    hold("b", 7);
    expect([account.total, account.of("a"), account.of("b")]).toEqual([157, 150, 7]);
    account.set(one, 30);
    expect([account.total, account.of("a")]).toEqual([87, 80]);
    account.set(one, 0);
    expect([account.total, account.of("a")]).toEqual([57, 50]);
  });

  test("heldBytes: past it the largest holding of whoever holds most goes, and only what must", () => {
    const { hold, dropped, account } = setUp(1_000);
    hold("honest", 400);
    for (let n = 0; n < 5; n += 1) hold("crowd", 100 + n, `crowd ${n}`);
    expect(dropped).toEqual([]);
    hold("newcomer", 100);
    expect(dropped).toEqual(["crowd 4"]);
    expect(account.total).toBe(906);
  });

  test("heldBytes: a crowd of strangers of which each holds little costs no device anything", () => {
    const { hold, device, dropped, account } = setUp(1_000);
    device("phone", 400);
    for (let n = 0; n < 100; n += 1) hold(`203.0.113.${n}`, 10 + n / 100);
    expect(dropped).not.toContain("phone");
    expect(account.of("phone")).toBe(400);
  });

  test("heldBytes: a device that holds most goes first where strangers hold less than half", () => {
    const { hold, device, dropped } = setUp(1_000);
    hold("203.0.113.7", 300);
    device("phone", 100);
    device("greedy", 700);
    expect(dropped).toEqual(["greedy"]);
  });

  test("heldBytes: it may be the one that grew", () => {
    const { hold, dropped, account } = setUp(1_000);
    hold("a", 10);
    hold("b", 2_000);
    expect(dropped).toEqual(["b"]);
    expect(account.total).toBe(10);
  });

  test("counts a socket that was authenticated for its device", () => {
    const { account, hold } = setUp(1_000);
    const holding = hold("address", 100);
    account.move(holding, "device");
    expect([account.of("address"), account.of("device"), account.total]).toEqual([0, 100, 100]);
  });

  test("comes to an end though somebody does not let go", () => {
    const account = new MemoryAccount({ heldBytes: 10 });
    account.set(new Holding("stubborn", () => {}), 100);
    expect(account.total).toBe(0);
  });

  test("is right and within its bound after anything", () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 400 }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { account, hold } = setUp(1_000);
        const all = Array.from({ length: 8 }, (_, n) => hold(`h${n % 3}`, 0));
        for (const [n, bytes] of steps) {
          const holding = all[n];
          if (holding) account.set(holding, bytes);
          const sum = all.reduce((total, one) => total + one.bytes, 0);
          expect(account.total).toBe(sum);
          expect(sum).toBeLessThanOrEqual(1_000);
        }
      }),
    );
  });
});
