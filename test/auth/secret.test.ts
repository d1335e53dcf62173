import { describe, expect, test } from "vitest";
import { argon2Hasher, type Hasher } from "../../src/auth/hasher.ts";
import { type ClearSecrets, SharedSecrets, type StoredSecret } from "../../src/auth/secret.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";

/** A hasher whose checks end only when the test says so. */
class HandHasher implements Hasher {
  readonly open: { secret: string; end: (right: boolean) => void; fail: (e: Error) => void }[] = [];
  hashes = 0;

  async hash(secret: string): Promise<string> {
    return `h:${secret}`;
  }

  verify(_hash: string, secret: string): Promise<boolean> {
    this.hashes += 1;
    return new Promise((end, fail) => this.open.push({ secret, end, fail }));
  }

  /** Ends the oldest check that runs. */
  async next(right = false): Promise<void> {
    this.open.shift()?.end(right);
    await settled();
  }
}

/** Lets everything that only waits for promises go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function stored(hash: string, epoch = 1): StoredSecret {
  return { hash, setAtMs: 0, source: "cli", epoch };
}

function setUp(limits: Partial<Limits> = {}, hasher: Hasher = new HandHasher()) {
  const state: { stored: { token?: StoredSecret }; clear: ClearSecrets } = {
    stored: { token: stored("h:right") },
    clear: {},
  };
  const secrets = new SharedSecrets({
    hasher,
    limits: limitValues({ argon2AtOnce: 1, ...limits }),
    cacheKey: Buffer.alloc(32, 3),
    stored: () => state.stored,
    clear: () => state.clear,
  });
  return { secrets, state, hasher: hasher as HandHasher };
}

describe("what is checked", () => {
  test("nothing set is unset, and costs no hash", async () => {
    const { secrets, state, hasher } = setUp();
    state.stored = {};
    expect(await secrets.verify("token", "any", "a")).toBe("unset");
    expect(secrets.isSet("token")).toBe(false);
    expect(hasher.hashes).toBe(0);
  });

  test("a secret in clear in the config wins over the stored one", async () => {
    const { secrets, state, hasher } = setUp();
    state.clear = { token: "clear" };
    expect(await secrets.verify("token", "clear", "a")).toBe("ok");
    expect(await secrets.verify("token", "right", "a")).toBe("mismatch");
    expect(hasher.hashes).toBe(0);
  });

  test("the mark changes with the secret in force and with nothing else", () => {
    const { secrets, state } = setUp();
    const first = secrets.mark("token");
    expect(secrets.mark("token")).toBe(first);
    state.stored = { token: stored("h:other", 2) };
    const second = secrets.mark("token");
    state.clear = { token: "clear" };
    expect(new Set([first, second, secrets.mark("token")]).size).toBe(3);
    expect(secrets.mark("token")).not.toContain("clear|clear");
  });

  test("the epoch is the stored secret's, 0 without one", () => {
    const { secrets, state } = setUp();
    expect(secrets.epoch("token")).toBe(1);
    state.stored = {};
    expect(secrets.epoch("token")).toBe(0);
  });
});

describe("what costs a hash", () => {
  test("a secret that was checked, right or wrong, costs none the next time", async () => {
    const { secrets, hasher } = setUp();
    const right = secrets.verify("token", "right", "a");
    await hasher.next(true);
    expect(await right).toBe("ok");
    const wrong = secrets.verify("token", "wrong", "a");
    await settled();
    await hasher.next(false);
    expect(await wrong).toBe("mismatch");
    expect(await secrets.verify("token", "right", "b")).toBe("ok");
    expect(await secrets.verify("token", "wrong", "b")).toBe("mismatch");
    expect(hasher.hashes).toBe(2);
  });

  test("a new secret makes all that is remembered worthless", async () => {
    const { secrets, state, hasher } = setUp();
    const right = secrets.verify("token", "right", "a");
    await hasher.next(true);
    await right;
    state.stored = { token: stored("h:new", 2) };
    const again = secrets.verify("token", "right", "a");
    await settled();
    await hasher.next(false);
    expect(await again).toBe("mismatch");
  });

  test("many clients with one secret pay for one hash", async () => {
    const { secrets, hasher } = setUp();
    const all = Array.from({ length: 50 }, (_, i) => secrets.verify("token", "right", `s${i}`));
    await settled();
    await hasher.next(true);
    expect(await Promise.all(all)).toEqual(all.map(() => "ok"));
    expect(hasher.hashes).toBe(1);
  });

  test("knownSecrets: guesses push each other out, never the right secret", async () => {
    const { secrets, hasher } = setUp({ knownSecrets: 3 });
    const check = async (text: string, right: boolean) => {
      const verdict = secrets.verify("token", text, "a");
      await settled();
      await hasher.next(right);
      return verdict;
    };
    await check("right", true);
    for (const guess of ["g1", "g2", "g3", "g4"]) await check(guess, false);
    expect(await secrets.verify("token", "right", "a")).toBe("ok");
    expect(hasher.hashes).toBe(5);
    expect(await secrets.verify("token", "g4", "a")).toBe("mismatch");
    expect(hasher.hashes).toBe(5);
    await check("g1", false);
    expect(hasher.hashes).toBe(6);
  });
});

describe("how many at once", () => {
  test.each([1, 2])("argon2AtOnce: never more than %i", async (argon2AtOnce) => {
    const { secrets, hasher } = setUp({ argon2AtOnce, argon2PerSource: 100 });
    const all = Array.from({ length: 8 }, (_, i) => secrets.verify("token", `g${i}`, "a"));
    for (let left = all.length; left > 0; left -= 1) {
      await settled();
      expect(hasher.open.length).toBe(Math.min(argon2AtOnce, left));
      await hasher.next();
    }
    expect(await Promise.all(all)).toEqual(all.map(() => "mismatch"));
  });

  test("argon2Queued: past the queue the answer is busy, and the queue goes on", async () => {
    const { secrets, hasher } = setUp({ argon2Queued: 2 });
    const all = Array.from({ length: 5 }, (_, i) => secrets.verify("token", `g${i}`, `s${i}`));
    await settled();
    expect(await all[3]).toBe("busy");
    expect(await all[4]).toBe("busy");
    for (let i = 0; i < 3; i += 1) await hasher.next();
    expect(await Promise.all(all.slice(0, 3))).toEqual(["mismatch", "mismatch", "mismatch"]);
    const later = secrets.verify("token", "g4", "s4");
    await settled();
    await hasher.next();
    expect(await later).toBe("mismatch");
  });

  test("argon2PerSource: one address cannot fill the queue, another still gets in", async () => {
    const { secrets, hasher } = setUp({ argon2PerSource: 2 });
    const mine = Array.from({ length: 4 }, (_, i) => secrets.verify("token", `g${i}`, "attacker"));
    await settled();
    expect(await mine[2]).toBe("busy");
    expect(await mine[3]).toBe("busy");
    const owner = secrets.verify("token", "right", "owner");
    for (const right of [false, false, true]) await hasher.next(right);
    expect(await owner).toBe("ok");
    const again = secrets.verify("token", "g9", "attacker");
    await settled();
    await hasher.next();
    expect(await again).toBe("mismatch");
  });

  test("a hash that fails is nobody's verdict and frees its place", async () => {
    const { secrets, hasher } = setUp({ argon2PerSource: 1 });
    const broken = secrets.verify("token", "g", "a");
    await settled();
    hasher.open.shift()?.fail(new Error("out of memory"));
    await expect(broken).rejects.toThrow("out of memory");
    const again = secrets.verify("token", "g", "a");
    await settled();
    await hasher.next(true);
    expect(await again).toBe("ok");
  });
});

test("argon2id: the hash is a PHC string that only its secret verifies", async () => {
  const hash = await argon2Hasher.hash("correct horse");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=38912,(t=2,p=1|p=1,t=2)\$/);
  const { secrets, state } = setUp({}, argon2Hasher);
  state.stored = { token: stored(hash) };
  expect(await secrets.verify("token", "correct horse", "a")).toBe("ok");
  expect(await secrets.verify("token", "correct hors", "a")).toBe("mismatch");
});
