import { afterEach, beforeEach, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

const PATHS = ["/v1/chat/completions", "/tools/invoke", "/hooks/wake"];

function post(path: string, secret: string | undefined, body = "{}"): Promise<Response> {
  return fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
    },
    body,
  });
}

test("programs of others are answered whatever they send, and however much of it", async () => {
  for (const path of PATHS) {
    for (const bytes of [0, 100, 5 * 1024 * 1024]) {
      const body = "x".repeat(bytes);
      expect([path, bytes, (await post(path, undefined, body)).status]).toEqual([path, bytes, 401]);
      const answer = await post(path, TEST_TOKEN, body);
      expect([path, bytes, answer.status]).toEqual([path, bytes, 404]);
      expect(((await answer.json()) as { code: string }).code).toBe("not-served");
    }
  }
});

test("guesses there count with all others of their address", async () => {
  const guesses = limitTable.authFailures.value;
  for (let guess = 0; guess < guesses; guess += 1) {
    const path = PATHS[guess % PATHS.length] ?? "";
    expect((await post(path, `wrong-${guess}`)).status).toBe(401);
  }
  for (const path of PATHS) {
    const { status, headers } = await post(path, TEST_TOKEN);
    expect(status).toBe(429);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  }
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect({ auth: { token: TEST_TOKEN } });
  expect(error.details.code).toBe("AUTH_RATE_LIMITED");
});
