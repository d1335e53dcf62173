import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, openclaw } from "../../src/protocol/command.ts";
import { type ConnectOptions, type Frame, makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const token = { token: TEST_TOKEN };
const scopes = ["operator.read"];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ limits: { pendingPerAddress: 200 } });
});
afterAll(() => gateway.close());

describe("pairing", () => {
  async function pairing(connect: ConnectOptions, expected: Frame): Promise<void> {
    const { error, closed } = await refusedConnect(gateway, connect);
    const { requestId } = error.details;
    expect(requestId).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(error).toEqual({
      code: "NOT_PAIRED",
      message: `pairing required: ${expected.tail}`,
      retryable: true,
      retryAfterMs: 5000,
      details: {
        code: "PAIRING_REQUIRED",
        requestId,
        recommendedNextStep: "wait_then_retry",
        retryable: true,
        retryAfterMs: 5000,
        pauseReconnect: false,
        deviceId: connect.device?.deviceId,
        approveCommand: expect.stringContaining(`devices approve ${requestId}`),
        cure: `on the gateway host: openclaw devices approve ${requestId}`,
        next: ["on the gateway host: ", at("gateway", openclaw`devices approve ${requestId}`)],
        fingerprint: gateway.core.secretStore.identity.fingerprint,
        kind: "test, linux",
        address: "local connection",
        ...expected.details,
      },
    });
    const reason = `${error.message} (requestId: ${requestId})`;
    expect(closed).toEqual({ code: 1008, reason });
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(120);
  }

  test("is asked of a new device", () =>
    pairing(
      { device: makeDevice(), auth: token, scopes },
      {
        tail: "device is not approved yet",
        details: {
          reason: "not-paired",
          remediationHint: "Approve this device from the pending pairing requests.",
          requestedRole: "operator",
          requestedScopes: scopes,
        },
      },
    ));

  test("leaves requestedScopes out when none are asked for", () =>
    pairing(
      { device: makeDevice(), auth: token, role: "node" },
      {
        tail: "device is not approved yet",
        details: {
          reason: "not-paired",
          remediationHint: "Approve this device from the pending pairing requests.",
          requestedRole: "node",
        },
      },
    ));

  test("is asked of a device in another role, naming what it has", async () => {
    const device = makeDevice();
    await pairAndConnect(gateway, { device, auth: token, scopes });
    await pairing(
      { device, auth: token, role: "node" },
      {
        tail: "device is asking for a higher role than currently approved",
        details: {
          reason: "role-upgrade",
          remediationHint: "Review the requested role upgrade, then approve the pending request.",
          requestedRole: "node",
          approvedRoles: ["operator"],
          approvedScopes: scopes,
        },
      },
    );
  });

  test("is asked of a device with more scopes, naming what it has", async () => {
    const device = makeDevice();
    await pairAndConnect(gateway, { device, auth: token, scopes });
    await pairing(
      { device, auth: token, scopes: ["operator.read", "operator.admin"] },
      {
        tail: "device is asking for more scopes than currently approved",
        details: {
          reason: "scope-upgrade",
          remediationHint: "Review the requested scopes, then approve the pending upgrade.",
          requestedRole: "operator",
          requestedScopes: ["operator.read", "operator.admin"],
          approvedRoles: ["operator"],
          approvedScopes: scopes,
        },
      },
    );
  });

  test("is not asked again because a platform's name changed", async () => {
    const device = makeDevice();
    await pairAndConnect(gateway, { device, auth: token, scopes });
    const client = { platform: "plan9", deviceFamily: "toaster" };
    const { hello } = await admittedConnect(gateway, { device, auth: token, scopes, client });
    expect(hello.auth.scopes).toEqual(scopes);
  });
});
