import { beforeEach, describe, expect, test } from "vitest";
import type { Hasher } from "../../src/auth/hasher.ts";
import { SharedSecrets } from "../../src/auth/secret.ts";
import { BearerCheck } from "../../src/gateway/bearer.ts";
import { FailureLimiter } from "../../src/lib/limiter.ts";
import { limitTable, limitValues } from "../../src/limits/table.ts";

const SECRET = "right-secret-0123456789";
const DEVICE_TOKEN = "3NQV-bxRcJVdvO1dqNo0iEFV7oOr1qjpZMhWnqSdYDM";
const here = "192.0.2.1";

let hashed: string[];
let counted: string[];
let now: number;
let metricsToken: string | undefined;
let bearer: BearerCheck;
let limiter: FailureLimiter;
let secrets: SharedSecrets;
beforeEach(() => {
  hashed = [];
  counted = [];
  now = 0;
  metricsToken = undefined;
  const hasher: Hasher = {
    hash: async (secret) => `plain:${secret}`,
    verify: async (hash, secret) => {
      hashed.push(secret);
      return hash === `plain:${secret}`;
    },
  };
  const stored = { hash: `plain:${SECRET}`, setAtMs: 0, source: "cli", epoch: 1 } as const;
  secrets = new SharedSecrets({
    hasher,
    limits: limitValues(),
    cacheKey: new Uint8Array(32),
    stored: () => ({ token: stored }),
    clear: () => ({}),
  });
  const rules = { failures: limitTable.authFailures.value, windowMs: 60_000, lockMs: 300_000 };
  limiter = new FailureLimiter(rules, { entries: 100, now: () => now });
  bearer = new BearerCheck({
    secrets,
    limiter,
    kind: () => "token",
    compareKey: new Uint8Array(32),
    metricsToken: async () => metricsToken,
    count: (metric) => counted.push(metric),
  });
});

const check = (what: "gateway" | "metrics", secret: string, source = here) =>
  bearer.check(what, { secret, source });

async function failOften(): Promise<void> {
  for (let n = 0; n < limitTable.authFailures.value; n += 1) await check("metrics", `wrong-${n}`);
}

describe("the shared secret", () => {
  test("opens both, and is hashed once however often it comes", async () => {
    for (let n = 0; n < 50; n += 1) {
      expect(await check("metrics", SECRET)).toEqual({ ok: true });
      expect(await check("gateway", SECRET)).toEqual({ ok: true });
    }
    expect(hashed).toEqual([SECRET]);
  });

  test("that is wrong or missing is refused with what to send; only a wrong one counts", async () => {
    const missing = await check("metrics", "");
    expect(missing).toMatchObject({ ok: false, code: "unauthorized" });
    expect(missing).toMatchObject({ next: expect.stringContaining("metrics.tokenFile") });
    expect(counted).toEqual([]);
    expect(await check("gateway", "wrong")).toMatchObject({ ok: false, code: "unauthorized" });
    expect(counted).toEqual(["http-unauthorized"]);
  });

  test("guessed too often locks that address, the right one too, and nobody else", async () => {
    await failOften();
    expect(await check("metrics", SECRET)).toMatchObject({
      code: "rate-limited",
      retryAfterMs: 300_000,
    });
    expect(await check("gateway", "another")).toMatchObject({ code: "rate-limited" });
    expect(await check("metrics", SECRET, "198.51.100.9")).toEqual({ ok: true });
    now += 300_001;
    expect(await check("metrics", SECRET)).toEqual({ ok: true });
  });

  test("shares its count with connects", async () => {
    for (let n = 0; n < limitTable.authFailures.value; n += 1) limiter.fail(`secret|${here}`);
    expect(await check("metrics", SECRET)).toMatchObject({ code: "rate-limited" });
  });
});

describe("the metrics token", () => {
  test("reads metrics and nothing else, costs no hash, and passes a lock", async () => {
    metricsToken = "scrape-me-0123456789";
    expect(await check("metrics", metricsToken)).toEqual({ ok: true });
    expect(hashed).toEqual([]);
    expect(await check("gateway", metricsToken)).toMatchObject({ ok: false });
    await failOften();
    expect(await check("metrics", metricsToken)).toEqual({ ok: true });
  });

  test("that is empty opens nothing", async () => {
    metricsToken = undefined;
    expect(await check("metrics", "")).toMatchObject({ ok: false });
    expect(await check("metrics", "undefined")).toMatchObject({ ok: false });
  });
});

test("a web app's device token is refused and neither hashed nor counted as a guess", async () => {
  for (let n = 0; n < 100; n += 1) {
    expect(await check("gateway", DEVICE_TOKEN)).toMatchObject({ code: "unauthorized" });
  }
  expect([hashed, counted]).toEqual([[], []]);
  expect(await check("gateway", SECRET)).toEqual({ ok: true });
});

test("what a program shows is a guess, whatever it looks like", async () => {
  expect(await bearer.check("program", { secret: DEVICE_TOKEN, source: here })).toMatchObject({
    code: "unauthorized",
  });
  expect([hashed, counted]).toEqual([[DEVICE_TOKEN], ["http-unauthorized"]]);
  expect(await bearer.check("program", { secret: SECRET, source: here })).toEqual({ ok: true });
});
