import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type Blank, blank, openclaw } from "../../src/protocol/command.ts";
import { onGateway, partsOf, plainText, type Text } from "../../src/protocol/text.ts";
import { connectParams, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";
import { starts } from "./starts.ts";

/** Refusals of docs/errors.md: what is wrong before or beside a device's credentials. */

const token = { token: TEST_TOKEN };
const SIX_MINUTES = 6 * 60_000;

const start = starts();

describe("role and schema", () => {
  test("an unknown role is refused by its code", async () => {
    const gateway = await start();
    const { error, closed } = await refusedConnect(gateway, { role: "king", auth: token });
    const { fingerprint } = gateway.core.secretStore.identity;
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: "invalid role",
      details: { code: "INVALID_ROLE", fingerprint },
    });
    expect(gateway.server.gateway.closes).toMatchObject({ "invalid-role": 1 });
    expect(closed).toEqual({ code: 1008, reason: "invalid role" });
  });

  test.each([
    [{ client: { id: "my-app" } }, "at /client/id: must be equal to one of the allowed values"],
    [
      { client: { mode: "operator" } },
      "at /client/mode: must be equal to one of the allowed values",
    ],
    [{ params: { scopes: "operator.read" } }, "at /scopes: must be array"],
    [{ params: { minProtocol: 0 } }, "at /minProtocol: must be >= 1"],
    [{ params: { auth: { tokn: "x" } } }, "at /auth: unexpected property 'tokn'"],
    [{ device: makeDevice(), proof: { extra: 1 } }, "at /device: unexpected property 'extra'"],
    [{ device: makeDevice(), proof: { nonce: undefined } }, "must have required property 'nonce'"],
  ])("a connect that breaks the schema is told where: %j", async (options, problem) => {
    const { error, closed } = await refusedConnect(await start(), options);
    expect(error.code).toBe("INVALID_REQUEST");
    expect(error.message.startsWith("invalid connect params: ")).toBe(true);
    expect(error.message).toContain(problem);
    expect(error.details).toBeUndefined();
    expect(closed.code).toBe(1008);
    expect(error.message.startsWith(closed.reason)).toBe(true);
  });

  test("unknown properties elsewhere are ignored, because clients run ahead of schemas", async () => {
    const params = { modelCatalog: { a: 1 }, soon: true };
    const client = { soon: "too" };
    const { hello } = await admittedConnect(await start(), { auth: token, params, client });
    expect(hello.type).toBe("hello-ok");
  });

  test("scopesPerRequest: one scope too many is a schema error", async () => {
    const gateway = await start();
    const many = Array.from({ length: limitTable.scopesPerRequest.value + 1 }, (_, i) => `s${i}`);
    const { error } = await refusedConnect(gateway, { auth: token, scopes: many });
    expect(error.message).toBe(
      "invalid connect params: at /scopes: must not have more than 32 items",
    );
    await admittedConnect(gateway, { auth: token, scopes: many.slice(1) });
  });

  test("scopeChars: one character too many in a scope is a schema error", async () => {
    const gateway = await start();
    const longest = "s".repeat(limitTable.scopeChars.value);
    const { error } = await refusedConnect(gateway, { auth: token, scopes: ["s", `${longest}s`] });
    expect(error.message).toBe(
      "invalid connect params: at /scopes/1: must not have more than 128 characters",
    );
    await admittedConnect(gateway, { auth: token, scopes: [longest] });
  });

  test.each([
    { role: "worker" },
    { client: { id: "openclaw-worker" } },
    { client: { mode: "worker" } },
  ])("a worker is closed by name and without a response: %j", async (options) => {
    const client = await RawClient.open((await start()).url);
    client.send({
      type: "req",
      id: "1",
      method: "connect",
      params: connectParams(await client.challenge(), { ...options, auth: token }),
    });
    expect(await client.end()).toEqual({ code: 1008, reason: "invalid-handshake" });
    expect(client.frames).toHaveLength(1);
  });
});

describe("origin", () => {
  const blankAddress = blank("https://<the name in the address bar>");
  const named = (origin: string | Blank) =>
    onGateway(openclaw`config set gateway.publicUrl ${origin}`);
  const refused = (gateway: TestGateway, reason: string, next: Text) => ({
    code: "INVALID_REQUEST",
    message:
      "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)",
    details: {
      code: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
      reason,
      cure: plainText(next),
      next: partsOf(next),
      fingerprint: gateway.core.secretStore.identity.fingerprint,
    },
  });

  test("of another site is refused, whatever the client calls itself", async () => {
    const gateway = await start();
    const headers = { origin: "https://evil.example" };
    const { error, closed } = await refusedConnect(gateway, { auth: token }, headers);
    const next = onGateway(
      openclaw`config add gateway.controlUi.allowedOrigins ${"https://evil.example"}`,
    );
    expect(error).toEqual(refused(gateway, "origin not allowed", next));
    expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(120);
    expect(error.message.startsWith(closed.reason)).toBe(true);
  });

  test("equal to a Host that DNS rebinding could forge is refused", async () => {
    const gateway = await start();
    const headers = { origin: "http://rebound.example:80", host: "rebound.example" };
    const { error } = await refusedConnect(gateway, { auth: token }, headers);
    const next = named("http://rebound.example");
    expect(error).toEqual(refused(gateway, "origin not allowed", next));
  });

  const sendOne =
    "a page sends its Origin header by itself; a program that is none connects with another client.id and client.mode";
  test.each([
    [undefined, sendOne],
    ["null", named(blankAddress)],
    ["file:///index.html", named(blankAddress)],
  ])("%s from a browser UI is refused", async (origin, next) => {
    const gateway = await start();
    const client = { id: "openclaw-control-ui", mode: "webchat" };
    const headers = origin === undefined ? {} : { origin };
    const { error } = await refusedConnect(gateway, { client, auth: token }, headers);
    expect(error).toEqual(refused(gateway, "origin missing or invalid", next));
  });

  test.each([
    [
      "the same host by address",
      { origin: "http://198.51.100.4:18789", host: "198.51.100.4:18789" },
    ],
    ["the same IPv6 host", { origin: "http://[2001:db8::1]:1", host: "[2001:db8::1]:1" }],
    ["localhost", { origin: "http://localhost:5", host: "localhost:5" }],
    ["a .local name", { origin: "https://box.local", host: "box.local:443" }],
    ["the public URL", { origin: "https://claw.example", host: "upstream" }],
    ["a listed origin", { origin: "https://listed.example", host: "upstream" }],
  ])("%s passes", async (_name, headers) => {
    const gateway = await start({
      flags: {
        "gateway.publicUrl": "https://claw.example",
        "gateway.controlUi.allowedOrigins": ["https://listed.example"],
      },
    });
    const { hello } = await admittedConnect(gateway, { auth: token }, headers);
    expect(hello.type).toBe("hello-ok");
  });
});

describe("the password mode", () => {
  const flags = { "gateway.auth.mode": "password" as const };
  const device = makeDevice();
  const details = (gateway: TestGateway, code: string, authReason: string, next: string) => ({
    code,
    authReason,
    canRetryWithDeviceToken: false,
    recommendedNextStep: next,
    cure: expect.any(String),
    next: expect.any(Array),
    fingerprint: gateway.core.secretStore.identity.fingerprint,
  });

  test.each([
    ["the local CLI", { id: "cli", mode: "cli" }, "use this gateway's gateway.auth.password"],
    ["any other client", {}, "provide gateway auth password"],
  ])("tells %s that the password is missing", async (_name, client, hint) => {
    const gateway = await start({ flags, password: "hunter2 hunter2" });
    const { error } = await refusedConnect(gateway, { device, client });
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: `unauthorized: gateway password missing (${hint})`,
      details: details(
        gateway,
        "AUTH_PASSWORD_MISSING",
        "password_missing",
        "update_auth_configuration",
      ),
    });
  });

  test("a wrong password may not be retried with a device token", async () => {
    const gateway = await start({ flags, password: "hunter2 hunter2" });
    const { error, closed } = await refusedConnect(gateway, { device, auth: { password: "no" } });
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: "unauthorized: gateway password mismatch (provide gateway auth password)",
      details: details(
        gateway,
        "AUTH_PASSWORD_MISMATCH",
        "password_mismatch",
        "update_auth_credentials",
      ),
    });
    expect(closed).toEqual({ code: 1008, reason: error.message });
  });

  test("the right password passes in either field, and in its own beside a wrong token", async () => {
    const gateway = await start({ flags, password: "hunter2 hunter2" });
    const password = "hunter2 hunter2";
    for (const auth of [{ password }, { token: password }, { token: "wrong", password }]) {
      const { hello } = await admittedConnect(gateway, { auth });
      expect(hello.auth.method).toBe("password");
    }
  });

  test("the shared token counts for nothing", async () => {
    const gateway = await start({ flags, password: "hunter2 hunter2" });
    const { error } = await refusedConnect(gateway, { auth: token });
    expect(error.details.code).toBe("AUTH_PASSWORD_MISMATCH");
  });
});

describe("a secret that was never set", () => {
  test.each([
    ["token", {}, "AUTH_TOKEN_NOT_CONFIGURED"],
    ["password", { "gateway.auth.mode": "password" as const }, "AUTH_PASSWORD_NOT_CONFIGURED"],
  ])("is named with the command that sets it: %s", async (kind, flags, code) => {
    const gateway = await start({ token: null, flags });
    const { error } = await refusedConnect(gateway, { auth: { [kind]: "anything" } });
    expect(error.details).toMatchObject({
      code,
      authReason: `${kind}_missing_config`,
      recommendedNextStep: "review_auth_configuration",
      cure: expect.stringContaining("on the gateway host: "),
    });
  });
});

describe("too many failures", () => {
  const limits = { authFailures: 2 };

  test("lock even a right token out, from loopback too and without delaying answers", async () => {
    const world = new HandWorld();
    const gateway = await start({ limits, world });
    for (let i = 0; i < 2; i += 1) await refusedConnect(gateway, { auth: { token: `wrong${i}` } });
    const { error, closed } = await refusedConnect(gateway, { auth: token });
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: "unauthorized: too many failed authentication attempts (retry later)",
      retryable: true,
      retryAfterMs: limitTable.authLockMs.value,
      details: {
        code: "AUTH_RATE_LIMITED",
        authReason: "rate_limited",
        canRetryWithDeviceToken: false,
        recommendedNextStep: "wait_then_retry",
        retryAfterMs: limitTable.authLockMs.value,
        cure: "wait 300 s; paired devices are not affected",
        next: ["wait 300 s; paired devices are not affected"],
        fingerprint: gateway.core.secretStore.identity.fingerprint,
      },
    });
    expect(closed).toEqual({ code: 1008, reason: error.message });
    world.advance(SIX_MINUTES);
    await admittedConnect(gateway, { auth: token });
  });

  test("never lock a right device token out", async () => {
    const gateway = await start({ limits });
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token });
    for (let i = 0; i < 3; i += 1) {
      await refusedConnect(gateway, { auth: { token: `wrong${i}` } });
      await refusedConnect(gateway, { device, auth: { deviceToken: `wrong${i}` } });
    }
    const locked = await refusedConnect(gateway, { device, auth: { deviceToken: "wrong" } });
    expect(locked.error.details.code).toBe("AUTH_RATE_LIMITED");
    const { hello } = await admittedConnect(gateway, { device, auth: { deviceToken } });
    expect(hello.auth.method).toBe("device-token");
  });

  test("are counted once a connect, also when two credentials are wrong", async () => {
    const gateway = await start({ limits: { authFailures: 3 } });
    const device = makeDevice();
    const auth = { token: "wrong", deviceToken: "wrong" };
    for (let i = 0; i < 3; i += 1) {
      const { error } = await refusedConnect(gateway, { device, auth });
      expect(error.details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    }
    const { error } = await refusedConnect(gateway, { device, auth });
    expect(error.details.code).toBe("AUTH_RATE_LIMITED");
  });

  test("do not include missing credentials", async () => {
    const gateway = await start({ limits });
    const device = makeDevice();
    for (let i = 0; i < 4; i += 1) await refusedConnect(gateway, { device });
    await admittedConnect(gateway, { auth: token });
  });

  test("lock guessed links, while a real one still opens", async () => {
    const gateway = await start({ limits });
    const device = makeDevice();
    for (let i = 0; i < 2; i += 1) {
      await refusedConnect(gateway, { device, auth: { bootstrapToken: `guess${i}` } });
    }
    const { error } = await refusedConnect(gateway, { device, auth: { bootstrapToken: "guess" } });
    expect(error.details.code).toBe("AUTH_RATE_LIMITED");
    const auth = { bootstrapToken: await gateway.invite() };
    const { hello } = await admittedConnect(gateway, { device, auth });
    expect(hello.auth.method).toBe("bootstrap-token");
  });
});

describe("a gateway that is not ready", () => {
  test.each([
    ["starting", "gateway starting; retry shortly", "gateway starting", 500],
    ["draining", "gateway restart in progress; retry shortly", "gateway restart in progress", 1500],
  ] as const)("says that it is %s and when to retry", async (phase, message, reason, after) => {
    const gateway = await start();
    gateway.server.gateway.state.phase = phase;
    const { error, closed } = await refusedConnect(gateway, { auth: token });
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      message,
      retryable: true,
      retryAfterMs: after,
    });
    expect(error.details?.reason).toBe(phase === "starting" ? "startup-sidecars" : undefined);
    expect(closed).toEqual({ code: 1013, reason });
  });
});
