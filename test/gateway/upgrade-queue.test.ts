import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { AdmissionControl } from "../../src/gateway/admission.ts";
import { Connection, type ConnectionHost } from "../../src/gateway/connection.ts";
import { UpgradeQueue } from "../../src/gateway/upgrade-queue.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, unpaced } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { FakeSocket, peerAt } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

/** An queue before a admission; `seen` is what became of each request, by name and in order. */
function setUp(overrides: Partial<Limits>) {
  const limits = limitValues(overrides);
  const world = new HandWorld();
  const admission = new AdmissionControl(limits, () => world.monotonic());
  const queue = new UpgradeQueue(admission, limits, world);
  const seen: string[] = [];
  const inside = new Map<string, Connection>();
  const host: ConnectionHost = {
    limits,
    connect() {},
    request() {},
    ended(connection) {
      admission.closed(connection);
      queue.freed();
    },
    after() {},
  };
  const request = (name: string) => {
    const [source = ""] = name;
    return queue.request(source, {
      accept() {
        seen.push(name);
        const connection = new Connection(name, new FakeSocket(peerAt(source)), host);
        connection.challenge("n", 0);
        connection.challengedAt = world.monotonic();
        admission.opened(connection);
        inside.set(name, connection);
      },
      refuse: ({ text }) => void seen.push(`${name}: ${text}`),
    });
  };
  const authenticate = (...names: string[]) => {
    for (const name of names) {
      const connection = inside.get(name);
      if (!connection) throw new Error(`${name} is not inside`);
      admission.authenticated(connection);
      queue.freed();
    }
    world.advance(1);
  };
  const know = (source: string) => admission.places.know(source);
  return { queue, world, seen, request, authenticate, know };
}

describe("who asks for a connection while all places are taken", () => {
  test("waits, and comes in when a place is free", () => {
    const { seen, request, authenticate, queue, world } = setUp({ unauthenticatedSockets: 2 });
    for (const name of ["a1", "b1", "c1", "d1"]) request(name);
    expect(seen).toEqual(["a1", "b1"]);
    authenticate("a1");
    expect(seen).toEqual(["a1", "b1", "c1"]);
    authenticate("b1", "c1");
    expect(seen).toEqual(["a1", "b1", "c1", "d1"]);
    expect([queue.size, world.pendingTimers]).toEqual([0, 0]);
  });

  test("takes turns with other addresses", () => {
    const { seen, request, authenticate } = setUp({ unauthenticatedSockets: 1 });
    for (const name of ["a0", "a1", "a2", "a3", "b1", "c1"]) request(name);
    for (const name of ["a0", "a1", "b1", "c1", "a2"]) authenticate(name);
    expect(seen).toEqual(["a0", "a1", "b1", "c1", "a2", "a3"]);
  });

  test("has every second turn where a paired device came from its address before", () => {
    const { seen, request, authenticate, know } = setUp({ unauthenticatedSockets: 1 });
    know("k");
    for (const name of ["x0", "a1", "b1", "c1", "k1", "k2"]) request(name);
    for (const name of ["x0", "k1", "a1", "k2", "b1"]) authenticate(name);
    expect(seen).toEqual(["x0", "k1", "a1", "k2", "b1", "c1"]);
  });

  test("is not kept waiting by 300 addresses that say nothing, on a machine with few places", () => {
    const { seen, request, world, know } = setUp({ unauthenticatedSockets: 10 });
    know("k");
    for (let n = 0; n < 600; n += 1) request(String.fromCharCode(0x4e00 + (n % 300)));
    request("k1");
    world.advance(2_500);
    expect(seen).toContain("k1");
  });

  test("comes in from another address while one has used up its share", () => {
    const limits = { unauthenticatedSockets: 4, unauthenticatedPerAddress: 1 };
    const { seen, request } = setUp(limits);
    for (const name of ["a1", "a2", "a3", "b1"]) request(name);
    expect(seen).toEqual(["a1", "a2", "b1"]);
  });

  test("gets the place of a silent one after unauthenticatedGraceMs, by itself", () => {
    const { seen, request, world } = setUp({ unauthenticatedSockets: 4 });
    for (const name of ["a1", "a2", "c1", "d1", "b1"]) request(name);
    world.advance(1_900);
    expect(seen).toEqual(["a1", "a2", "c1", "d1"]);
    world.advance(400);
    expect(seen).toEqual(["a1", "a2", "c1", "d1", "b1"]);
  });

  test("is refused at once where its address holds its share in silence and nobody from there waits", () => {
    const { seen, request, world } = setUp({
      unauthenticatedSockets: 4,
      unauthenticatedPerAddress: 2,
    });
    for (const name of ["a1", "a2"]) request(name);
    world.advance(2_300);
    request("a3");
    expect(seen).toEqual(["a1", "a2", "a3: Too many unauthenticated sockets"]);
  });

  test("goes on waiting where those inside are slow to speak: a crowd is no attack", () => {
    const { seen, request, world, authenticate } = setUp({
      unauthenticatedSockets: 4,
      unauthenticatedPerAddress: 2,
    });
    for (const name of ["a1", "a2", "a3"]) request(name);
    world.advance(2_300);
    request("a4");
    expect(seen).toEqual(["a1", "a2"]);
    authenticate("a1", "a2");
    expect(seen).toEqual(["a1", "a2", "a3", "a4"]);
  });

  test("is refused after handshakeMs where those inside stay silent", () => {
    const { seen, request, world } = setUp({
      unauthenticatedSockets: 4,
      unauthenticatedPerAddress: 2,
      handshakeMs: 5_000,
    });
    for (const name of ["a1", "a2", "a3"]) request(name);
    world.advance(5_300);
    expect(seen).toEqual(["a1", "a2", "a3: Too many unauthenticated sockets"]);
  });

  test("is refused after handshakeMs", () => {
    const { seen, request, world } = setUp({
      unauthenticatedSockets: 1,
      unauthenticatedGraceMs: 60_000,
      handshakeMs: 5_000,
    });
    request("a1");
    request("b1");
    world.advance(5_300);
    expect(seen).toEqual(["a1", "b1: Too many unauthenticated sockets"]);
    expect(world.pendingTimers).toBe(0);
  });

  test("may leave", () => {
    const { seen, request, authenticate, queue } = setUp({ unauthenticatedSockets: 1 });
    request("a1");
    const leave = request("b1");
    request("c1");
    leave();
    leave();
    expect(queue.size).toBe(1);
    authenticate("a1");
    expect(seen).toEqual(["a1", "c1"]);
  });
});

test("upgradesWaiting: past it one of the address with most of them is refused", () => {
  const { seen, request } = setUp({ unauthenticatedSockets: 1, upgradesWaiting: 3 });
  for (const name of ["x", "a1", "a2", "b1", "b2"]) request(name);
  expect(seen).toEqual(["x", "a1: Too many connections"]);
  request("b3");
  expect(seen.at(-1)).toBe("b3: Too many connections");
});

test("upgradesWaitingPerAddress: past it the newcomer of that address is refused, others wait", () => {
  const { seen, request } = setUp({ unauthenticatedSockets: 1, upgradesWaitingPerAddress: 2 });
  for (const name of ["x", "a1", "a2", "a3", "b1"]) request(name);
  expect(seen).toEqual(["x", "a3: Too many connections"]);
});

test("a gateway that stops refuses whoever waits", () => {
  const { seen, request, queue, world } = setUp({ unauthenticatedSockets: 1 });
  for (const name of ["a1", "b1"]) request(name);
  queue.close({ status: "503", text: "stopping", metric: "m" });
  request("c1");
  expect(seen).toEqual(["a1", "b1: stopping", "c1: stopping"]);
  expect(world.pendingTimers).toBe(0);
});

test.each([1, 2, 8])(
  "over real sockets: a hundred clients through %d places, none is dropped",
  async (n) => {
    const gateway = await startTestGateway({ limits: { ...unpaced, unauthenticatedSockets: n } });
    const connects = Array.from({ length: 100 }, async () => {
      const client = await RawClient.open(gateway.url);
      const answer = await client.connect({ device: makeDevice(), auth: { token: TEST_TOKEN } });
      return { code: answer.error.details.code, closed: (await client.end()).code };
    });
    const answers = await Promise.all(connects);
    expect(answers).toEqual(answers.map(() => ({ code: "PAIRING_REQUIRED", closed: 1008 })));
    await until(() => gateway.server.gateway.admission.total === 0, "all to be gone");
    await gateway.close();
  },
);

/** What the gateway answers first to a request as it stands on the wire. */
function firstLine(port: number, version: string, connection: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    [
      `GET / HTTP/${version}`,
      "Host: gateway",
      `Connection: ${connection}`,
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "\r\n",
    ].join("\r\n"),
  );
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      socket.destroy();
      resolve(bytes.toString("latin1").split("\r\n")[0] ?? "");
    });
  });
}

// uWebSockets.js would close such a connection while it upgrades it, and go on with a dead one.
test.each([
  ["1.1", "close", "HTTP/1.1 503 Service Unavailable"],
  ["1.1", "Close", "HTTP/1.1 503 Service Unavailable"],
  ["1.0", "Upgrade", "HTTP/1.1 505 HTTP Version Not Supported"],
])("over real sockets: HTTP/%s with Connection: %s never waits", async (version, how, answer) => {
  const gateway = await startTestGateway({ limits: { unauthenticatedSockets: 1 } });
  const { port } = new URL(gateway.url);
  const inside = await RawClient.open(gateway.url);
  expect(await firstLine(Number(port), version, how)).toBe(answer);
  inside.close();
  await inside.end();
  await until(() => gateway.server.gateway.admission.total === 0, "the place");
  const { admission } = gateway.server.gateway;
  const next = version === "1.1" ? "HTTP/1.1 101 Switching Protocols" : answer;
  expect(await firstLine(Number(port), version, how)).toBe(next);
  await until(() => admission.total === 0, "the end");
  await gateway.close();
});
