import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FailureLimiter } from "../../src/lib/limiter.ts";
import { limitTable, limitValues } from "../../src/limits/table.ts";
import { attemptKey, CodeAttempts } from "../../src/pairing/attempts.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import type { Actor } from "../../src/protocol/access.ts";
import { invalidRequest, unknownCode } from "../../src/protocol/errors.ts";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

const auth = { token: TEST_TOKEN };
const { codeFailures, codeWindowMs, codeLockMs } = limitValues();

const byDevice: Actor = {
  role: "operator",
  scopes: [],
  method: "device-token",
  deviceId: "d1",
  address: "203.0.113.7",
};

describe("whom unknown codes are counted for", () => {
  test.each<[string, Actor, string]>([
    ["a device, wherever it comes from", byDevice, "device|d1"],
    [
      "an address where there is none",
      { role: "operator", scopes: [], method: "token", address: "203.0.113.7" },
      "token|203.0.113.7",
    ],
    [
      "a network of IPv6",
      { role: "operator", scopes: [], method: "password", address: "2001:db8:1:2:3:4:5:6" },
      "password|2001:db8:1:2::/64",
    ],
  ])("%s", (_name, actor, key) => {
    expect(attemptKey(actor)).toBe(key);
  });
});

describe("codeFailures, codeWindowMs and codeLockMs", () => {
  let now: number;
  let refused: number;
  let locked: string[];
  let attempts: CodeAttempts;
  beforeEach(() => {
    now = 0;
    refused = 0;
    locked = [];
    const rules = { failures: codeFailures, windowMs: codeWindowMs, lockMs: codeLockMs };
    const limiter = new FailureLimiter(rules, {
      entries: 100,
      now: () => now,
      onLock: (key) => locked.push(key),
    });
    attempts = new CodeAttempts(limiter, () => {
      refused += 1;
    });
  });
  const guess = (actor = byDevice) =>
    Promise.resolve()
      .then(() => attempts.try(actor, () => Promise.reject(unknownCode("unknown requestId"))))
      .catch((error) => error.message);
  const guesses = async (many: number, actor = byDevice) => {
    const told: string[] = [];
    for (let i = 0; i < many; i += 1) told.push(await guess(actor));
    return told;
  };
  const TOO_MANY = "too many unknown codes; retry later";

  test("so many are answered, then nothing is, until the lock ends", async () => {
    expect(await guesses(codeFailures)).toEqual(Array(codeFailures).fill("unknown requestId"));
    expect(locked).toEqual(["device|d1"]);
    let ran = false;
    const right = () =>
      attempts.try(byDevice, () => {
        ran = true;
        return "approved";
      });
    expect(right).toThrow(TOO_MANY);
    expect(ran).toBe(false);
    now += codeLockMs - 1;
    expect(right).toThrow(TOO_MANY);
    expect(refused).toBe(2);
    now += 1;
    expect(await right()).toBe("approved");
  });

  test("what is refused says when it may be tried again", async () => {
    await guesses(codeFailures);
    now += 1000;
    const shape = { code: "UNAVAILABLE", retryable: true, retryAfterMs: codeLockMs - 1000 };
    expect(() => attempts.try(byDevice, () => undefined)).toThrow(
      expect.objectContaining({ shape: expect.objectContaining(shape) }),
    );
  });

  test("a right code between them takes nothing back: its owner could go on with it", async () => {
    for (let i = 1; i < codeFailures; i += 1) {
      await guess();
      attempts.try(byDevice, () => "its own request");
    }
    await guess();
    expect(await guess()).toBe(TOO_MANY);
  });

  test("a slower guesser is not locked, nor is another device", async () => {
    await guesses(codeFailures - 1);
    now += codeWindowMs;
    expect(await guesses(codeFailures - 1)).not.toContain(TOO_MANY);
    await guess();
    expect(await guess()).toBe(TOO_MANY);
    expect(await guess({ ...byDevice, deviceId: "d2" })).toBe("unknown requestId");
  });

  test("other refusals are no guesses, whether they come at once or later", async () => {
    for (let i = 0; i <= codeFailures; i += 1) {
      const at = () => {
        throw invalidRequest("missing scope");
      };
      expect(() => attempts.try(byDevice, at)).toThrow("missing scope");
    }
    for (let i = 0; i < codeFailures; i += 1) {
      const at = () => {
        throw unknownCode("unknown requestId");
      };
      expect(() => attempts.try(byDevice, at)).toThrow("unknown requestId");
    }
    expect(await guess()).toBe(TOO_MANY);
  });

  test("the owner on the host is never locked", async () => {
    expect(await guesses(100, hostOwner)).not.toContain(TOO_MANY);
  });
});

describe("over the wire", () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startTestGateway();
  });
  afterEach(() => gateway.close());

  const scopes = ["operator.pairing"];
  const asks = async () =>
    (await refusedConnect(gateway, { device: makeDevice(), auth, scopes })).error.details.requestId;
  const paired = async (wanted: readonly string[]) => {
    const device = makeDevice();
    const by = await pairAndConnect(gateway, { device, auth, scopes: wanted });
    by.client.close();
    const own = { device, auth: { deviceToken: by.deviceToken }, scopes: wanted };
    return { device, client: (await admittedConnect(gateway, own)).client };
  };
  const tooMany = {
    code: "UNAVAILABLE",
    message: "too many unknown codes; retry later",
    retryable: true,
    details: { code: "CODES_LOCKED", cure: "openclaw devices list on the gateway host" },
  };
  const methods = [
    "device.pair.show",
    "device.pair.approve",
    "device.pair.reject",
    "node.pair.approve",
    "node.pair.reject",
  ];

  test("every method that takes a code counts, and all of them are locked together", async () => {
    const { device, client } = await paired(["operator.admin"]);
    const requestId = await asks();
    for (let i = 0; i < codeFailures; i += 1) {
      const method = methods[i % methods.length] ?? "";
      const { error } = await client.request(method, { requestId: "ZZZZ-ZZZZ" });
      expect(error.message).toMatch(/^unknown requestId: /);
    }
    for (const method of methods) {
      const { error }: Frame = await client.request(method, { requestId });
      expect(error).toMatchObject(tooMany);
      expect(error.retryAfterMs).toBeGreaterThan(codeLockMs - 60_000);
      expect(error.retryAfterMs).toBeLessThanOrEqual(codeLockMs);
    }
    // Everything else goes on, also for this device; and others decide as before.
    expect((await client.request("device.pair.list", {})).ok).toBe(true);
    const other = await paired(["operator.admin"]);
    expect((await other.client.request("device.pair.show", { requestId })).ok).toBe(true);
    expect(await gateway.host("device.pair.approve", { requestId })).toMatchObject({ requestId });
    expect(gateway.server.gateway.closes["codes-locked"]).toBe(methods.length);
    const lines = await gateway.core.audit.read({ limit: 100 });
    const begun = lines.filter(({ event }) => event === "lockout.begun");
    expect(begun).toMatchObject([
      { by: { kind: "gateway" }, what: { credential: "code", device: device.deviceId } },
    ]);
  });

  test("codeWindowMs: after it they are counted anew", async () => {
    await gateway.close();
    const world = new HandWorld();
    gateway = await startTestGateway({ world });
    const { client } = await paired(["operator.admin"]);
    const guess = () => client.request("device.pair.show", { requestId: "ZZZZ-ZZZZ" });
    for (let i = 1; i < codeFailures; i += 1) await guess();
    world.advance(codeWindowMs);
    await guess();
    expect((await guess()).error.message).toMatch(/^unknown requestId: /);
  });

  test("what is not one's own is as unknown as what is not there", async () => {
    const { client } = await paired(scopes);
    const requestId = await asks();
    for (let i = 0; i < codeFailures; i += 1) {
      const code = i % 2 === 0 ? requestId : "ZZZZ-ZZZZ";
      const { error } = await client.request("device.pair.approve", { requestId: code });
      expect(error.message).toBe("device pairing approval denied");
    }
    expect((await client.request("device.pair.approve", { requestId })).error).toMatchObject(
      tooMany,
    );
  });

  test("codes that were replaced or decided a moment ago are no guesses", async () => {
    const { client } = await paired(["operator.admin"]);
    const device = makeDevice();
    const old = (await refusedConnect(gateway, { device, auth, scopes })).error.details.requestId;
    await refusedConnect(gateway, { device, auth, scopes: ["operator.read"] });
    const decided = await asks();
    await gateway.host("device.pair.reject", { requestId: decided });
    for (let i = 0; i <= codeFailures; i += 1) {
      for (const requestId of [old, decided]) {
        const { error } = await client.request("device.pair.approve", { requestId });
        expect(error.message).toContain("unknown requestId");
      }
    }
  });

  test("waiting for a scope upgrade tells nothing about the requests of others", async () => {
    const { client } = await paired(["operator.read"]);
    const requestId = await asks();
    const answers = [
      await client.request("device.scopes.waitUpgrade", { requestId }),
      await client.request("device.scopes.waitUpgrade", { requestId: "ZZZZ-ZZZZ" }),
    ];
    expect(answers.map(({ payload }) => payload.status)).toEqual(["expired", "expired"]);
  });

  test("connections without a device are counted by address", async () => {
    const cli = { client: { id: "cli", mode: "cli" }, auth, scopes: ["operator.admin"] };
    const first = await RawClient.open(gateway.url);
    await first.connect(cli);
    for (let i = 0; i < codeFailures; i += 1) {
      await first.request("device.pair.reject", { requestId: "ZZZZ-ZZZZ" });
    }
    const again = await RawClient.open(gateway.url);
    await again.connect(cli);
    const { error } = await again.request("device.pair.reject", { requestId: await asks() });
    expect(error).toMatchObject(tooMany);
  });
});

test("the numbers of the table", () => {
  expect(limitTable.codeFailures).toMatchObject({ value: 10, metric: "codes-locked" });
  expect([codeWindowMs, codeLockMs]).toEqual([60_000, 300_000]);
});
