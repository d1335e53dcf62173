import { expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

const auth = { token: TEST_TOKEN };
const admin = { auth, client: { id: "cli", mode: "cli" }, scopes: ["operator.admin"] };
const stop = { code: 1012, reason: "service stopped" };

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("a stop tells everyone, lets what runs be answered, then closes everyone 1012", async () => {
  const gateway = await startTestGateway();
  const { client } = await admittedConnect(gateway, admin);
  const { client: reader } = await admittedConnect(gateway, { ...admin, scopes: [] });
  const { error } = await refusedConnect(gateway, { device: makeDevice(), auth });
  const { requestId } = error.details;
  const answer = client.request("device.pair.approve", { requestId });
  while (gateway.server.gateway.dispatcher.busy === 0) await settled();
  await gateway.close();
  expect((await answer).ok).toBe(true);
  for (const one of [client, reader]) {
    expect(await one.end()).toEqual(stop);
    const told = one.frames.filter(({ event }) => event === "shutdown");
    expect(told.map(({ payload }) => payload)).toEqual([{ reason: "gateway stopping" }]);
  }
});

test("drainMs: what does not end in time goes unanswered, and no new connect is taken", async () => {
  const world = new HandWorld();
  const gateway = await startTestGateway({ world });
  const { client } = await admittedConnect(gateway, admin);
  const idle = await RawClient.open(gateway.url);
  await idle.challenge();
  const running = gateway.core.config;
  let release = () => {};
  running.exclusive = () =>
    new Promise((_resolve, reject) => (release = () => reject(new Error("late"))));
  const change = gateway.host("host.config.set", { path: "gateway.name", value: "x" });
  change.catch(() => {});
  let closed = false;
  const closing = gateway.close().then(() => {
    closed = true;
  });
  expect((await idle.connect({ auth })).error.message).toBe(
    "gateway restart in progress; retry shortly",
  );
  world.advance(limitTable.drainMs.value - 50);
  await settled();
  expect([closed, client.closed]).toEqual([false, undefined]);
  for (let i = 0; i < 10; i += 1) {
    world.advance(10);
    await settled();
  }
  await closing;
  expect(await client.end()).toEqual(stop);
  release();
});

test("a wait for the owner's decision does not hold up a stop", async () => {
  const gateway = await startTestGateway({ world: new HandWorld() });
  const device = makeDevice();
  const scopes = ["operator.read"];
  const { client } = await pairAndConnect(gateway, { device, auth, scopes });
  const ask = { scopes: ["operator.write"] };
  const { payload } = await client.request("device.scopes.requestUpgrade", ask);
  const waiting = client.request("device.scopes.waitUpgrade", payload);
  waiting.catch(() => {});
  await client.request("health");
  // This world's time stands still: a stop that waits for anything would never end.
  await gateway.close();
  expect(await client.end()).toEqual(stop);
});

test("drainCloses and drainPauseMs: connections are closed in turns, so that they come back in turns", async () => {
  const world = new HandWorld();
  const gateway = await startTestGateway({ world, limits: { drainCloses: 2 } });
  const clients = await Promise.all([1, 2, 3, 4, 5].map(() => RawClient.open(gateway.url)));
  for (const client of clients) await client.challenge();
  const open = () => clients.filter(({ closed }) => closed === undefined).length;
  const closing = gateway.close();
  const left: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    while (open() > 3 - 2 * turn && open() > 0) await settled();
    left.push(open());
    world.advance(limitTable.drainPauseMs.value - 1);
    await settled();
    expect(gateway.server.gateway.admission.total).toBe(open());
    world.advance(1);
    await settled();
  }
  await closing;
  expect(left).toEqual([3, 1, 0]);
});
