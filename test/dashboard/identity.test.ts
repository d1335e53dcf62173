import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadIdentity } from "../../src/dashboard/identity.ts";
import type { Grant, Identity } from "../../src/dashboard/model.ts";
import { databaseFaults, FakeDatabase, FakeStorage } from "./fake-storage.ts";

const HERE = "ws://gw.example/a/";
const THERE = "ws://gw.example/b/";

let kept: FakeStorage;
let database: FakeDatabase;
beforeEach(() => {
  kept = new FakeStorage();
  database = new FakeDatabase();
  vi.stubGlobal("localStorage", kept);
  vi.stubGlobal("indexedDB", database);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const grantTo = (id: string): Grant => ({ token: "token", scopes: [], id });

/** Stores that `gateway` granted something, to a key whose id was noted or not. */
function granted(gateway: string, id?: string): Grant {
  const grant = { token: "token", scopes: [], ...(id !== undefined && { id }) };
  kept.setItem(`openclaw-grant ${gateway}`, JSON.stringify(grant));
  return grant;
}

const load = (gateway = HERE, grant?: Grant, hasFailed = false): Promise<Identity> =>
  loadIdentity({ gateway, grant, hasFailed });

/** Everything that is stored, to see that it stayed. */
const stored = () => JSON.stringify([kept, [...database.kept.keys()]]);

/** Resolves once `loading` failed, or hangs where the store does. Rejects where a key came. */
async function fails(loading: Promise<Identity>): Promise<void> {
  const outcome = loading.then(
    () => "a key",
    () => "none",
  );
  const hangs = database.fault === "open never answers";
  const turn = new Promise<string>((resolve) => setTimeout(() => resolve("none")));
  expect(await (hangs ? Promise.race([outcome, turn]) : outcome)).toBe("none");
}

describe.each(databaseFaults)("where %s", (fault) => {
  test("a paired browser gets no other key, however often it asks, and its own once that is over", async () => {
    const { id } = await load();
    const grant = granted(HERE, id);
    const before = stored();
    database.fault = fault;
    for (const hasFailed of [false, true]) {
      await fails(load(HERE, grant, hasFailed));
    }
    expect(stored()).toBe(before);
    database.fault = undefined;
    expect((await load(HERE, grant)).id).toBe(id);
    expect(stored()).toBe(before);
  });

  test("one that was paired before ids were noted gets none either", async () => {
    const { id } = await load();
    const grant = granted(HERE);
    database.fault = fault;
    await fails(load(HERE, grant, true));
    database.fault = undefined;
    expect((await load(HERE, grant)).id).toBe(id);
  });
});

test.each(
  databaseFaults.filter((fault) => !fault.startsWith("the key") && !fault.includes("never")),
)("where %s, a browser that is not paired does without after some tries", async (fault) => {
  database.fault = fault;
  await fails(load());
  expect(Object.keys(kept)).toEqual([]);
  const { id, kept: isKept } = await load(HERE, undefined, true);
  expect(isKept).toBe(true);
  database.fault = undefined;
  expect((await load()).id).toBe(id);
});

test("a key that the browser did not take to the end is not taken for one that is kept", async () => {
  database.fault = "the transaction is aborted";
  await expect(load()).rejects.toThrow("QuotaExceededError");
  expect(database.kept.size).toBe(0);
});

test("no database stays open", async () => {
  await load();
  for (const fault of databaseFaults) {
    database.fault = fault;
    await fails(load());
  }
  expect(database.opened).toBe(0);
});

test("a browser that lost half of its storage says so and makes no key", async () => {
  const { id } = await load();
  const grant = granted(HERE, id);
  database.kept.clear();
  await expect(load(HERE, grant, true)).rejects.toThrow("not there");
  expect(database.kept.size).toBe(0);
  expect(Object.keys(kept)).toEqual([`openclaw-grant ${HERE}`]);
});

test("a browser that lost the other half has the same key", async () => {
  const { id } = await load();
  granted(HERE, id);
  kept.removeItem(`openclaw-grant ${HERE}`);
  expect((await load()).id).toBe(id);
});

test("without any storage a key lives as long as the tab", async () => {
  FakeStorage.shut(kept);
  database.fault = "open throws";
  expect((await load(HERE, undefined, true)).kept).toBe(false);
});

describe("of a seed and a key in the store", () => {
  /** Both, as after a hiccup before the browser was paired. */
  async function both() {
    const pair = await load();
    database.fault = "open fails";
    const seed = await load(HERE, undefined, true);
    database.fault = undefined;
    expect(seed.id).not.toBe(pair.id);
    return { pair, seed };
  }

  test("the one is taken that was granted something", async () => {
    const { pair, seed } = await both();
    expect((await load(HERE, grantTo(pair.id))).id).toBe(pair.id);
    expect((await load(HERE, grantTo(seed.id))).id).toBe(seed.id);
    await expect(load(HERE, grantTo("another"))).rejects.toThrow("not there");
  });

  test("no seed is made once another tab was paired with a key", async () => {
    const pair = await load();
    database.fault = "open fails";
    granted(HERE, pair.id);
    await expect(load(HERE, undefined, true)).rejects.toThrow("another tab");
    expect(Object.keys(kept)).toEqual([`openclaw-grant ${HERE}`]);
  });

  test("a seed that is damaged is none", async () => {
    kept.setItem(`openclaw-device-seed ${HERE}`, "not a seed");
    await expect(load(HERE, grantTo("id"))).rejects.toThrow("not there");
    expect(kept.getItem(`openclaw-device-seed ${HERE}`)).toBe("not a seed");
  });
});

describe("two gateways of one origin", () => {
  test("have a key each", async () => {
    const here = await load(HERE);
    expect((await load(THERE)).id).not.toBe(here.id);
    expect((await load(HERE)).id).toBe(here.id);
  });

  /** What a page stored for all gateways of its origin, before it told them apart. */
  async function former(how: "pair" | "seed"): Promise<string> {
    if (how === "seed") database.fault = "open fails";
    const { id } = await load("former", undefined, how === "seed");
    database.fault = undefined;
    const seed = kept.getItem("openclaw-device-seed former");
    if (seed) kept.setItem("openclaw-device-seed", seed);
    else database.kept.set(1, database.kept.get("former"));
    kept.removeItem("openclaw-device-seed former");
    database.kept.delete("former");
    return id;
  }

  test.each(["pair", "seed"] as const)(
    "a %s of before stays with the one that granted",
    async (how) => {
      const id = await former(how);
      const grant = granted(HERE);
      const there = await load(THERE);
      expect(there.id).not.toBe(id);
      expect((await load(HERE, grant)).id).toBe(id);
      // Also once the other one is paired, and this one is not any more.
      granted(THERE, there.id);
      kept.removeItem(`openclaw-grant ${HERE}`);
      expect((await load(HERE)).id).toBe(id);
      expect((await load(THERE, grantTo(there.id))).id).toBe(there.id);
    },
  );

  test.each(["pair", "seed"] as const)(
    "a %s of before is taken where none granted yet",
    async (how) => {
      const id = await former(how);
      expect((await load(HERE)).id).toBe(id);
    },
  );

  test("a key of before is of use also where it can't be stored under its new name", async () => {
    const id = await former("pair");
    const grant = granted(HERE);
    vi.stubGlobal("indexedDB", {
      open: () => {
        const asked = database.open();
        const { transaction, ...rest } = asked.result as ReturnType<typeof Object>;
        asked.result = {
          ...rest,
          transaction: (name: string, mode: string) => {
            if (mode === "readwrite") throw new DOMException("full", "QuotaExceededError");
            return transaction(name, mode);
          },
        };
        return asked;
      },
    });
    expect((await load(HERE, grant)).id).toBe(id);
  });
});
