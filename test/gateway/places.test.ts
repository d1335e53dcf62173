import { describe, expect, test } from "vitest";
import { Places } from "../../src/gateway/places.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";

function setUp(limits: Partial<Limits>) {
  const places = new Places(limitValues(limits));
  /** Opens sockets from `source` until none may come any more; returns how many came. */
  const take = (source: string, wanted = Number.POSITIVE_INFINITY) => {
    let came = 0;
    while (came < wanted && places.hasRoom(source)) {
      places.others(1);
      places.hold(source);
      came += 1;
    }
    return came;
  };
  return { places, take };
}

describe("places of those who are not authenticated", () => {
  test("placesPerAddress: one that takes all it can leaves half to others", () => {
    const { take } = setUp({ connections: 1_000, placesKept: 0 });
    expect(take("203.0.113.1")).toBe(500);
  });

  test("placesPerAddress: never more than its number", () => {
    const { take, places } = setUp({ connections: 1_000, placesPerAddress: 10 });
    expect(take("203.0.113.1")).toBe(10);
    places.others(-1);
    places.release("203.0.113.1");
    expect(take("203.0.113.1")).toBe(1);
  });

  test("300 addresses of as many networks leave room for one who holds nothing", () => {
    const { take } = setUp({ connections: 1_000, placesKept: 0 });
    for (let round = 0; round < 1_000; round += 1) {
      for (let n = 0; n < 300; n += 1) take(`203.${n >> 8}.${n & 255}.1`, 1);
    }
    expect(take("198.51.100.1", 1)).toBe(1);
  });

  test("placesPerPrefix: of one network all addresses together leave a third to others", () => {
    const { take } = setUp({ connections: 900, placesKept: 0 });
    let came = 0;
    for (let n = 0; n < 256; n += 1) came += take(`2001:db8:1:${n.toString(16)}::/64`, 10);
    expect(came).toBe(600);
    expect(take("2001:db8:2:0::/64", 10)).toBe(10);
  });

  test("placesPerPrefix: never more than its number", () => {
    const { take } = setUp({ connections: 900, placesPerPrefix: 12 });
    expect([take("203.0.113.1", 10), take("203.0.113.2", 10)]).toEqual([10, 2]);
    expect(take("203.0.114.1", 10)).toBe(10);
  });

  test("five thousand who come back behind one address have room on an ordinary machine", () => {
    const { take } = setUp({});
    expect(take("203.0.113.1", 5_000)).toBe(5_000);
  });
});

describe("places that are kept", () => {
  test("placesKept: strangers from anywhere leave them to addresses where a device came from", () => {
    const { take, places } = setUp({ connections: 1_000, placesKept: 100 });
    places.know("198.51.100.7");
    let came = 0;
    for (let n = 0; n < 2_000; n += 1) came += take(`203.${n >> 8}.${n & 255}.1`, 1);
    expect(came).toBe(900);
    expect(take("198.51.100.8", 1)).toBe(0);
    expect(take("198.51.100.7", 10)).toBe(10);
  });

  test("placesKept: as many more for those that hold none", () => {
    const { take } = setUp({ connections: 1_000, placesKept: 100 });
    for (let round = 0; round < 100; round += 1) {
      for (let n = 0; n < 300; n += 1) take(`203.${n >> 8}.${n & 255}.1`, 1);
    }
    let came = 0;
    for (let n = 0; n < 250; n += 1) came += take(`198.51.${n}.1`, 1);
    expect(came).toBeGreaterThanOrEqual(100);
  });

  test("placesKept: who has no other socket is told why it ends, however many strangers there are", () => {
    const { take, places } = setUp({ connections: 1_000, placesKept: 100 });
    places.know("192.0.2.1");
    const stranger = (n: number) => `203.${n >> 8}.${n & 255}.1`;
    for (let n = 0; n < 800; n += 1) take(stranger(n), 1);
    const linger = (source: string) => {
      if (!places.mayLinger(source)) return false;
      places.others(1);
      places.hold(source);
      return true;
    };
    expect([linger("198.51.100.1"), linger("198.51.100.1"), linger(stranger(0))]).toEqual([
      true,
      false,
      false,
    ]);
    for (let n = 800; n < 1_500; n += 1) linger(stranger(n));
    expect(places.free).toBe(100);
    expect([linger("192.0.2.1"), linger("192.0.2.1")]).toEqual([true, false]);
    expect(take("192.0.2.1", 10)).toBe(10);
  });

  test("placesKept: an eighth at most", () => {
    const { take } = setUp({ connections: 80, placesKept: 100 });
    let came = 0;
    for (let n = 0; n < 200; n += 1) came += take(`203.0.${n}.1`, 1);
    expect(came).toBe(70);
  });

  test("knownAddresses: the one from which none came for longest is forgotten", () => {
    const { take, places } = setUp({ connections: 8, knownAddresses: 2 });
    for (const source of ["a", "b", "a", "c"]) places.know(source);
    for (let n = 0; n < 20; n += 1) take(`203.0.${n}.1`, 1);
    expect(places.free).toBe(1);
    expect([take("b", 1), take("a", 1)]).toEqual([0, 1]);
  });
});

describe("places of devices", () => {
  test("deviceSockets: no more than its number", () => {
    const { places } = setUp({ deviceSockets: 3 });
    expect([0, 1, 2, 3].map((held) => places.deviceHasRoom(held))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test("deviceSockets: past the first no more than are free; the first always", () => {
    const { places } = setUp({ connections: 10, deviceSockets: 8, placesKept: 0 });
    for (let n = 0; n < 7; n += 1) places.connected(1);
    expect([0, 2, 3].map((held) => places.deviceHasRoom(held))).toEqual([true, true, false]);
    for (let n = 0; n < 3; n += 1) places.connected(1);
    expect([0, 1].map((held) => places.deviceHasRoom(held))).toEqual([true, false]);
  });
});
