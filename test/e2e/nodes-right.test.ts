import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

const phone = {
  device: makeDevice(),
  auth: { token: PROCESS_TOKEN },
  scopes: ["operator.read", "operator.write"],
};

async function connects() {
  const client = await RawClient.open(gateway.url);
  return { client, answer: await client.connect(phone) };
}

const ok = async (...words: string[]) => (await gateway.ok(words)).replace(/\s+/g, " ");

test("the owner reads what a phone would have, leaves commands on nodes out, and reads so afterwards", async () => {
  const { requestId } = (await connects()).answer.error.details;
  const card = await ok("devices", "show", requestId);
  expect(card).toContain(
    "see chats and devices, send messages and run the agent, run commands on nodes (may be left out)",
  );
  expect(card).toContain(`devices approve ${requestId} --without nodes`);
  const approved = await ok("devices", "approve", requestId, "--without", "nodes");
  expect(approved).toContain(
    "It may now act as operator: see chats and devices, send messages and run the agent. Left out: run commands on nodes.",
  );
  const { client, answer } = await connects();
  expect(answer.payload.auth.scopes).toEqual(phone.scopes);
  const invoke = { nodeId: "n", command: "system.run", idempotencyKey: "k" };
  expect((await client.request("node.invoke", invoke)).error).toMatchObject({
    code: "FORBIDDEN",
    details: { code: "MISSING_SCOPE", missingScope: "operator.nodes" },
  });
  const chat = { sessionKey: "main", message: "hi", idempotencyKey: "k" };
  expect((await client.request("chat.send", chat)).error.details.code).toBe("NO_AGENT");
  expect(await ok("devices", "list")).not.toContain("run commands on nodes");
  expect(await ok("audit")).toContain('without="run commands on nodes"');
});
