import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Places } from "../../src/gateway/places.ts";
import { limitValues } from "../../src/limits/table.ts";
import { IdleSockets } from "../../src/transport/idle-sockets.ts";
import { RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";

function setUp(silentPerAddress: number) {
  const world = new HandWorld();
  const silence = new IdleSockets(limitValues({ silentPerAddress }), () => world.monotonic());
  const come = (source: string, count: number) =>
    Array.from({ length: count }, () => silence.opened(source)).filter(Boolean).length;
  return { world, silence, come };
}

describe("TCP connections of one address", () => {
  test("silentPerAddress: the next one is refused, other addresses are not", () => {
    const { come } = setUp(3);
    expect(come("a", 5)).toBe(3);
    expect(come("b", 1)).toBe(1);
  });

  test("that ask for a WebSocket make room", () => {
    const { silence, come } = setUp(3);
    come("a", 3);
    silence.upgraded("a");
    silence.upgraded("b");
    expect(come("a", 2)).toBe(1);
  });

  test("count for one to two windows of 12 s", () => {
    const { world, silence, come } = setUp(3);
    world.advance(11_000);
    come("a", 2);
    world.advance(12_000);
    expect(come("a", 5)).toBe(1);
    silence.upgraded("a");
    expect(come("a", 5)).toBe(1);
    world.advance(12_000);
    expect(come("a", 5)).toBe(1);
    world.advance(60_000);
    expect(come("a", 5)).toBe(3);
  });

  test("that are answered and stay count anew, however long", () => {
    const { world, silence, come } = setUp(3);
    come("a", 3);
    for (let n = 0; n < 20; n += 1) {
      world.advance(5_000);
      for (let socket = 0; socket < 3; socket += 1) silence.answered("a");
      expect(come("a", 1)).toBe(0);
    }
    world.advance(24_000);
    expect(come("a", 5)).toBe(3);
  });

  test("that end without a request make room at once", () => {
    const { silence, come } = setUp(3);
    come("a", 3);
    silence.gone("a");
    silence.gone("b");
    expect(come("a", 2)).toBe(1);
  });

  test("may stay for another request up to half of their address's share, where places are not few", () => {
    const world = new HandWorld();
    const limits = limitValues({ silentPerAddress: 4, connections: 10, placesKept: 0 });
    const places = new Places(limits);
    const silence = new IdleSockets(limits, () => world.monotonic(), places);
    const stays: boolean[] = [];
    for (let n = 0; n < 3; n += 1) {
      silence.opened("a");
      stays.push(silence.mayStay("a"));
    }
    expect(stays).toEqual([true, true, false]);
    expect(silence.mayStay("b")).toBe(true);
    places.others(6);
    expect(silence.mayStay("b")).toBe(false);
  });

  test("may be no more than a quarter of all connections, and 256 at least", () => {
    const most = (connections: number) => {
      const silence = new IdleSockets(limitValues({ connections }), () => 0);
      let count = 0;
      while (silence.opened("a")) count += 1;
      return count;
    };
    expect([16_000, 4_000, 64].map(most)).toEqual([4_000, 1_000, 256]);
  });
});

describe("over real sockets", () => {
  let gateway: TestGateway;
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await gateway.close();
  });

  async function start() {
    gateway = await startTestGateway({ limits: { silentPerAddress: 2 } });
    const port = Number(new URL(gateway.url).port);
    return (localAddress: string) => {
      const socket = connect({ port, host: "127.0.0.1", localAddress });
      socket.on("error", () => undefined).resume();
      sockets.push(socket);
      return socket;
    };
  }
  const refused = () => gateway.server.gateway.closes["silent-refused"] ?? 0;

  test("the silent one too many is ended and counted; other addresses come in", async () => {
    const dial = await start();
    const all = [1, 2, 3].map(() => dial("127.0.0.9"));
    await until(() => refused() === 1, "a refusal");
    await until(() => all.filter(({ destroyed }) => destroyed).length === 1, "an end");
    const client = await RawClient.open(gateway.url, { localAddress: "127.0.0.8" });
    client.close();
  });

  test("WebSockets of one address do not count, refused ones do", async () => {
    const dial = await start();
    const localAddress = "127.0.0.9";
    const from = { localAddress };
    const clients = [];
    for (let i = 0; i < 5; i += 1) clients.push(await RawClient.open(gateway.url, from));
    expect(refused()).toBe(0);
    // One socket asks again and again while everybody is refused.
    gateway.server.gateway.admission.refusal = () => ({
      status: "503 No",
      text: "no",
      metric: "m",
    });
    const asking = dial(localAddress);
    let answers = 0;
    asking.on("data", (bytes) => {
      answers += String(bytes).split("HTTP/1.1 503").length - 1;
      asking.write(upgrade);
    });
    asking.write(upgrade);
    await until(() => answers >= 5, "answers");
    dial(localAddress);
    dial(localAddress);
    await until(() => refused() === 1, "a refusal");
    for (const client of clients) client.close();
  });

  test("who sends no whole request is ended, however often it sends a part of one", async () => {
    const dial = await start();
    const socket = dial("127.0.0.9");
    socket.write("GET / HTTP/1.1\r\nHost: gateway\r\n");
    const timer = setInterval(() => socket.write("X-More: of it\r\n"), 1_000);
    await until(() => socket.destroyed, "the end");
    clearInterval(timer);
  });
});

const upgrade = [
  "GET / HTTP/1.1",
  "Host: gateway",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");
