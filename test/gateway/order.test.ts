import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConnectOptions, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { refusedConnect } from "../kit/wire.ts";

/**
 * The order of checks, by connects with two faults: the earlier check speaks
 * (docs/protocol.md#refusals-and-closes). Each fault alone is refused with its own code, so a case fails when the order changes.
 */

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ limits: { authFailures: 1000, pendingPerAddress: 200 } });
});
afterAll(() => gateway.close());

type Fault = ConnectOptions & { readonly headers?: Record<string, string> };

const device = makeDevice();
const badSignature = { signature: "A".repeat(86) };

/** One fault each, in the order in which they must be found. */
const faults: readonly [code: string, fault: Fault][] = [
  ["schema", { client: { id: "nobody" } }],
  ["PROTOCOL_MISMATCH", { params: { minProtocol: 9, maxProtocol: 9 } }],
  ["INVALID_ROLE", { role: "king" }],
  ["CONTROL_UI_ORIGIN_NOT_ALLOWED", { headers: { origin: "https://evil.example" } }],
  ["DEVICE_AUTH_DEVICE_ID_MISMATCH", { device, proof: { id: "00" } }],
  ["DEVICE_AUTH_SIGNATURE_EXPIRED", { device, signedAt: Date.now() - 500_000 }],
  ["DEVICE_AUTH_NONCE_MISMATCH", { device, proof: { nonce: "another" } }],
  ["DEVICE_AUTH_SIGNATURE_INVALID", { device, proof: badSignature }],
  ["AUTH_TOKEN_MISMATCH", { device, auth: { token: "wrong" } }],
  ["PAIRING_REQUIRED", { device, auth: { token: TEST_TOKEN } }],
];

function codeOf(error: { message: string; details?: { code?: string } }): string {
  if (error.details?.code) return error.details.code;
  return error.message.startsWith("invalid connect params") ? "schema" : error.message;
}

function both(a: Fault, b: Fault): Fault {
  return {
    ...b,
    ...a,
    client: { ...b.client, ...a.client },
    params: { ...b.params, ...a.params },
    proof: { ...b.proof, ...a.proof },
    headers: { ...b.headers, ...a.headers },
  };
}

async function refusal(fault: Fault): Promise<string> {
  const { error } = await refusedConnect(gateway, fault, fault.headers);
  return codeOf(error);
}

describe("each fault alone", () => {
  test.each(faults)("is refused with its own code: %s", async (code, fault) => {
    expect(await refusal({ device, auth: { token: TEST_TOKEN }, ...fault })).toBe(code);
  });
});

const pairs = faults.flatMap(([first, a], index) =>
  faults.slice(index + 1).map(([second, b]) => [first, second, both(a, b)] as const),
);

describe("of two faults", () => {
  test.each(pairs)("%s is found before %s", async (first, _second, fault) => {
    expect(await refusal({ device, auth: { token: TEST_TOKEN }, ...fault })).toBe(first);
  });
});

describe("without a device", () => {
  test("a wrong secret speaks before the missing device", async () => {
    expect(await refusal({ auth: { token: "wrong" } })).toBe("AUTH_TOKEN_MISMATCH");
    expect(await refusal({ role: "node", auth: { token: "wrong" } })).toBe("AUTH_TOKEN_MISMATCH");
  });

  test("a missing secret does not", async () => {
    expect(await refusal({})).toBe("DEVICE_IDENTITY_REQUIRED");
    expect(await refusal({ role: "node" })).toBe("DEVICE_IDENTITY_REQUIRED");
  });

  test("an origin speaks before both", async () => {
    const headers = { origin: "https://evil.example" };
    expect(await refusal({ headers })).toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
  });
});

describe("of a paired device", () => {
  test("a wrong token speaks before the scopes it lacks", async () => {
    const paired = makeDevice();
    await pairAndConnect(gateway, { device: paired, auth: { token: TEST_TOKEN } });
    const scopes = ["operator.admin"];
    expect(await refusal({ device: paired, auth: { token: "wrong" }, scopes })).toBe(
      "AUTH_TOKEN_MISMATCH",
    );
  });

  test("the role it lacks speaks before scopes", async () => {
    const paired = makeDevice();
    await pairAndConnect(gateway, { device: paired, auth: { token: TEST_TOKEN } });
    const { error } = await refusedConnect(gateway, {
      device: paired,
      auth: { token: TEST_TOKEN },
      role: "node",
      scopes: ["operator.admin"],
    });
    expect(error.details.reason).toBe("role-upgrade");
  });
});

test("a worker and a broken frame speak before everything", async () => {
  const client = await RawClient.open(gateway.url);
  client.send({ type: "req", id: "", method: "connect", params: { role: "king" } });
  expect(await client.end()).toEqual({ code: 1008, reason: "invalid request frame" });
});
