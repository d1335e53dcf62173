import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cutReason } from "../../src/protocol/close.ts";
import { type ConnectOptions, makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

/**
 * The refusals of docs/errors.md, a case each: tokens and device identity here, pairing
 * in pairing-required.test.ts, everything before them in envelope.test.ts. `details` carry more than the table says, by
 * name: `fingerprint` always, `cure` and `next` where there is one, `approveCommand` where a person approves.
 */

const token = { token: TEST_TOKEN };
const wrong = { token: "not-the-token" };
const scopes = ["operator.read"];
const cli = { id: "cli", mode: "cli" };

interface Row {
  readonly connect: ConnectOptions;
  readonly headers?: Record<string, string>;
  readonly code?: string;
  readonly message: string;
  /** Absent: the error has no details. */
  readonly details?: Record<string, unknown>;
  readonly more?: Record<string, unknown>;
  readonly close?: { code: number; reason: string };
}

async function check(gateway: TestGateway, row: Row): Promise<void> {
  const { error, closed } = await refusedConnect(gateway, row.connect, row.headers);
  const { fingerprint } = gateway.core.secretStore.identity;
  expect(error).toEqual({
    code: row.code ?? "INVALID_REQUEST",
    message: row.message,
    ...(row.details && { details: { ...row.details, fingerprint } }),
    ...row.more,
  });
  expect(closed).toEqual(row.close ?? { code: 1008, reason: cutReason(row.message) });
}

function unauthorized(code: string, authReason: string, next: string, retry = false) {
  return {
    code,
    authReason,
    canRetryWithDeviceToken: retry,
    recommendedNextStep: next,
    cure: expect.any(String),
    next: expect.any(Array),
  };
}

const tokenMissing = unauthorized(
  "AUTH_TOKEN_MISSING",
  "token_missing",
  "update_auth_configuration",
);
const tokenWrong = unauthorized("AUTH_TOKEN_MISMATCH", "token_mismatch", "update_auth_credentials");
const deviceTokenWrong = unauthorized(
  "AUTH_DEVICE_TOKEN_MISMATCH",
  "device_token_mismatch",
  "update_auth_credentials",
);
const other = "provide gateway auth token";

let gateway: TestGateway;
beforeAll(async () => {
  // Each case fails on purpose; the lock after many failures has its own cases below.
  gateway = await startTestGateway({ limits: { authFailures: 1000, pendingPerAddress: 200 } });
});
afterAll(() => gateway.close());

describe("the shared token", () => {
  const device = makeDevice();
  const rows: Record<string, Row> = {
    "no token from the local CLI": {
      connect: { device, client: cli },
      message:
        "unauthorized: gateway token missing (use this gateway's gateway.auth.token or pair the device)",
      details: tokenMissing,
    },
    "no token from a CLI behind a proxy": {
      connect: { device, client: cli },
      headers: { "x-forwarded-for": "203.0.113.9" },
      message:
        "unauthorized: gateway token missing (set gateway.remote.token to match gateway.auth.token)",
      details: tokenMissing,
    },
    "no token from the Control UI": {
      connect: { device, client: { id: "openclaw-control-ui", mode: "webchat" } },
      headers: { origin: "http://localhost:1", host: "localhost:1" },
      message:
        "unauthorized: gateway token missing (open the dashboard URL and paste the token in Control UI settings)",
      details: tokenMissing,
    },
    "no token from any other client": {
      connect: { device },
      message: `unauthorized: gateway token missing (${other})`,
      details: tokenMissing,
    },
    "an empty token counts as none": {
      connect: { device, auth: { token: "" } },
      message: `unauthorized: gateway token missing (${other})`,
      details: tokenMissing,
    },
    "a wrong token with a device may be tried again with the device token": {
      connect: { device, auth: wrong },
      message: `unauthorized: gateway token mismatch (${other})`,
      details: unauthorized(
        "AUTH_TOKEN_MISMATCH",
        "token_mismatch",
        "retry_with_device_token",
        true,
      ),
    },
    "a wrong token without a device may not": {
      connect: { auth: wrong },
      message: `unauthorized: gateway token mismatch (${other})`,
      details: tokenWrong,
    },
    "a wrong token in the password field may not": {
      connect: { device, auth: { password: "not-the-token" } },
      message: `unauthorized: gateway token mismatch (${other})`,
      details: tokenWrong,
    },
    "a wrong token beside a right password is the token's failure": {
      connect: { device, auth: { token: "not-the-token", password: TEST_TOKEN } },
      message: `unauthorized: gateway token mismatch (${other})`,
      details: tokenWrong,
    },
    "a wrong device token": {
      connect: { device, auth: { deviceToken: "x".repeat(43) } },
      message: "unauthorized: device token mismatch (rotate/reissue device token)",
      details: deviceTokenWrong,
    },
    "a wrong shared token with a wrong device token is the device token's failure": {
      connect: { device, auth: { ...wrong, deviceToken: "x".repeat(43) } },
      message: "unauthorized: device token mismatch (rotate/reissue device token)",
      details: deviceTokenWrong,
    },
    "a setup code nobody made": {
      connect: { device, auth: { bootstrapToken: "guess" } },
      message:
        "unauthorized: setup code invalid, expired, revoked, or already used (this one: unknown)",
      details: {
        ...unauthorized(
          "AUTH_BOOTSTRAP_TOKEN_INVALID",
          "bootstrap_token_invalid",
          "review_auth_configuration",
        ),
        reason: "unknown",
      },
    },
  };
  test.each(Object.entries(rows))("%s", (_name, row) => check(gateway, row));

  test("is accepted in the password field too, whatever the mode", async () => {
    const { hello } = await admittedConnect(gateway, { auth: { password: TEST_TOKEN } });
    expect(hello.auth.method).toBe("token");
  });

  test("is accepted in both fields at once, as the Control UI sends it", async () => {
    const auth = { token: TEST_TOKEN, password: TEST_TOKEN };
    const { hello } = await admittedConnect(gateway, { auth });
    expect(hello.auth.method).toBe("token");
  });
});

describe("device tokens", () => {
  const denied: Omit<Row, "connect"> = {
    message: "unauthorized: device token mismatch (rotate/reissue device token)",
    details: deviceTokenWrong,
  };

  test("of another device are refused", async () => {
    const { deviceToken } = await pairAndConnect(gateway, { device: makeDevice(), auth: token });
    const connect = { device: makeDevice(), auth: { deviceToken } };
    await check(gateway, { ...denied, connect });
  });

  test("of another role are refused", async () => {
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token });
    await check(gateway, { ...denied, connect: { device, role: "node", auth: { deviceToken } } });
  });

  test("that were revoked or rotated are refused", async () => {
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token });
    const target = { deviceId: device.deviceId, role: "operator" };
    await gateway.host("device.token.rotate", target);
    await check(gateway, { ...denied, connect: { device, auth: { deviceToken } } });
    await gateway.host("device.token.revoke", target);
    await check(gateway, { ...denied, connect: { device, auth: { deviceToken } } });
  });

  test("do not carry wider scopes than they were granted", async () => {
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token, scopes });
    await check(gateway, {
      connect: { device, auth: { deviceToken }, scopes: ["operator.read", "operator.admin"] },
      message: "unauthorized: device token scope mismatch (re-pair or approve scope upgrade)",
      details: unauthorized("AUTH_SCOPE_MISMATCH", "scope_mismatch", "review_auth_configuration"),
    });
  });

  test("carry fewer scopes, or none", async () => {
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token, scopes });
    const { hello } = await admittedConnect(gateway, { device, auth: { deviceToken }, scopes: [] });
    expect(hello.auth).toMatchObject({ method: "device-token", scopes: [] });
  });

  test("are found in auth.token when no deviceToken was sent", async () => {
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token, scopes });
    const { hello } = await admittedConnect(gateway, { device, auth: { token: deviceToken } });
    expect(hello.auth.method).toBe("device-token");
  });

  test("stand in for a wrong shared token", async () => {
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, { device, auth: token, scopes });
    const { hello } = await admittedConnect(gateway, { device, auth: { ...wrong, deviceToken } });
    expect(hello.auth.method).toBe("device-token");
  });
});

describe("who must have a device", () => {
  const required: Omit<Row, "connect"> = {
    code: "NOT_PAIRED",
    message: "device identity required",
    details: {
      code: "DEVICE_IDENTITY_REQUIRED",
      cure: expect.any(String),
      next: expect.any(Array),
    },
  };
  const browser: Omit<Row, "connect"> = {
    message: "control ui requires device identity (use HTTPS or localhost secure context)",
    details: {
      code: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
      cure: expect.any(String),
      next: expect.any(Array),
    },
  };
  const page = { headers: { origin: "http://localhost:1", host: "localhost:1" } };

  test("anyone without a secret", () => check(gateway, { ...required, connect: {} }));
  test("nodes, even with the secret", () =>
    check(gateway, { ...required, connect: { role: "node", auth: token } }));
  test.each(["openclaw-control-ui", "webchat-ui", "webchat", "openclaw-browser-copilot"])(
    "%s, even with the secret",
    (id) => {
      const connect = { client: { id, mode: "webchat" }, auth: token };
      return check(gateway, { ...browser, ...page, connect });
    },
  );
});

describe("the device's proof", () => {
  const device = makeDevice();
  const proof = (message: string, code: string, reason: string): Omit<Row, "connect"> => ({
    message,
    details: { code, reason, cure: expect.any(String), next: expect.any(Array) },
  });
  const idMismatch = proof(
    "device identity mismatch",
    "DEVICE_AUTH_DEVICE_ID_MISMATCH",
    "device-id-mismatch",
  );
  const invalidSignature = proof(
    "device signature invalid",
    "DEVICE_AUTH_SIGNATURE_INVALID",
    "device-signature",
  );
  const rows: Record<string, Row> = {
    "an id of another key": {
      ...idMismatch,
      connect: { device, auth: token, proof: { id: makeDevice().deviceId } },
    },
    "an undecodable key": {
      ...idMismatch,
      connect: { device, auth: token, proof: { publicKey: "short" } },
    },
    "a signature of long ago": {
      ...proof(
        "device signature expired",
        "DEVICE_AUTH_SIGNATURE_EXPIRED",
        "device-signature-stale",
      ),
      connect: { device, auth: token, signedAt: Date.now() - 121_000 },
    },
    "a blank nonce": {
      ...proof("device nonce required", "DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing"),
      connect: { device, auth: token, proof: { nonce: "  " } },
    },
    "another socket's nonce": {
      ...proof("device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch"),
      connect: { device, auth: token, proof: { nonce: "5bc2892b-3176-4826-96be-48c4c5c5b4db" } },
    },
    "a signature over something else": {
      ...invalidSignature,
      connect: { device, auth: token, proof: { signature: "A".repeat(86) } },
    },
    "scopes in another order than signed": {
      ...invalidSignature,
      connect: {
        device,
        auth: token,
        scopes: ["operator.read", "operator.write"],
        params: { scopes: ["operator.write", "operator.read"] },
      },
    },
  };
  test.each(Object.entries(rows))("%s is refused", (_name, row) => check(gateway, row));

  test("is accepted in version 2 of the payload as well", async () => {
    const connect: ConnectOptions = { device, auth: token, payloadVersion: 2 };
    const { error } = await refusedConnect(gateway, connect);
    expect(error.details.code).toBe("PAIRING_REQUIRED");
  });
});
