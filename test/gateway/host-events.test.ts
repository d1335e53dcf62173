import { afterEach, beforeEach, expect, test } from "vitest";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";

let gateway: TestGateway;
let link: AdminLink;
let heard: [event: string, payload: Record<string, unknown>][];
let ended: Error | undefined;

beforeEach(async () => {
  gateway = await startTestGateway();
  heard = [];
  ended = undefined;
  link = await AdminLink.open(gateway.core.adminSocket);
  link.listen({
    event: (name, payload) => heard.push([name, payload as Record<string, unknown>]),
    ended: (error) => {
      ended = error;
    },
  });
});
afterEach(async () => {
  await link.close();
  await gateway.close();
});

const EVENTS = ["device.pair.requested", "device.pair.resolved"];

async function ask(): Promise<string> {
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect({ device: makeDevice(), auth: { token: TEST_TOKEN } });
  return error.details.requestId;
}

test("the host is told what it asks to be told, as it happens, and nothing else", async () => {
  await ask();
  expect(await link.request("host.events", { events: EVENTS })).toEqual({ events: EVENTS });
  const requestId = await ask();
  await gateway.host("device.pair.approve", { requestId });
  await until(() => heard.length === 2, "two events");
  expect(heard).toMatchObject([
    ["device.pair.requested", { requestId, isRepair: false }],
    ["device.pair.resolved", { requestId, decision: "approved", why: "approved" }],
  ]);
  await link.request("host.events", { events: [] });
  await ask();
  await link.request("health");
  expect(heard).toHaveLength(2);
});

test("only the host may ask, and only for events that there are", async () => {
  const bootstrapToken = await gateway.invite();
  const client = await RawClient.open(gateway.url);
  const scopes = ["operator.admin"];
  await client.connect({ device: makeDevice(), auth: { bootstrapToken }, scopes });
  const answer = await client.request("host.events", { events: EVENTS });
  expect(answer.error.details.code).toBe("HOST_ONLY");
  await expect(link.request("host.events", { events: ["no.such"] })).rejects.toThrow(
    "invalid host.events params",
  );
});

test("a connection that ended is told nothing more, and one that is open hears why it ends", async () => {
  await link.request("host.events", { events: EVENTS });
  const other = await AdminLink.open(gateway.core.adminSocket);
  await other.request("host.events", { events: EVENTS });
  await other.close();
  await ask();
  await until(() => heard.length === 1, "an event");
  expect(ended).toBeUndefined();
  await gateway.server.close("stop");
  await until(() => ended, "the end");
  expect(ended?.message).toContain("ended the connection");
});
