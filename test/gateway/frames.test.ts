import { describe, expect, test } from "vitest";
import { Connection, type ConnectionHost } from "../../src/gateway/connection.ts";
import { type Limits, limitTable, limitValues } from "../../src/limits/table.ts";
import type { Actor } from "../../src/protocol/access.ts";
import type { Close } from "../../src/protocol/close.ts";
import type { RequestFrame } from "../../src/protocol/frames.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { FakeSocket } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

const actor: Actor = { role: "operator", scopes: [], method: "token" };

/** What the gateway does with connections, written down. */
class Notes implements ConnectionHost {
  readonly limits: Limits;
  readonly world = new HandWorld();
  readonly connects: RequestFrame[] = [];
  readonly requests: RequestFrame[] = [];
  readonly ends: (Close | undefined)[] = [];

  constructor(limits: Partial<Limits> = {}) {
    this.limits = limitValues(limits);
  }

  connect(_connection: Connection, frame: RequestFrame): void {
    this.connects.push(frame);
  }

  request(_connection: Connection, frame: RequestFrame): void {
    this.requests.push(frame);
  }

  ended(_connection: Connection, close: Close | undefined): void {
    this.ends.push(close);
  }

  after(ms: number, run: () => void): void {
    this.world.after(ms, run);
  }
}

function challenged(limits: Partial<Limits> = {}) {
  const host = new Notes(limits);
  const socket = new FakeSocket();
  const connection = new Connection("c1", socket, host);
  connection.challenge("nonce-1", 5);
  const send = (frame: unknown, bytes?: number) => {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    connection.receive(text, bytes ?? Buffer.byteLength(text));
  };
  return { host, socket, connection, send };
}

function ready(limits: Partial<Limits> = {}) {
  const all = challenged(limits);
  all.connection.ready(actor, '{"hello":true}');
  return all;
}

const connect = { type: "req", id: "1", method: "connect", params: {} };
const call = (id: string) => ({ type: "req", id, method: "health" });

describe("the first frame", () => {
  test("follows a challenge that carries nonce and time, without seq", () => {
    expect(challenged().socket.frames).toEqual([
      { type: "event", event: "connect.challenge", payload: { nonce: "nonce-1", ts: 5 } },
    ]);
  });

  test.each<[string, unknown, number, string, boolean]>([
    ["that is not JSON", "hello", 1000, "invalid request frame: not JSON", false],
    ["that is no request", {}, 1008, "invalid request frame", false],
    ["that is a list", "[]", 1008, "invalid request frame", false],
    ["that is null", "null", 1008, "invalid request frame", false],
    ["with an empty id", { ...connect, id: "" }, 1008, "invalid request frame", false],
    [
      "of another method",
      call("7"),
      1008,
      "invalid handshake: first request must be connect",
      true,
    ],
  ])("%s closes with a reason", (_name, frame, code, reason, answered) => {
    const { send, socket, host } = challenged();
    send(frame);
    expect(socket.ended).toEqual({ code, reason });
    expect(host.ends).toHaveLength(1);
    expect(host.connects).toEqual([]);
    const answer = {
      type: "res",
      id: "7",
      ok: false,
      error: { code: "INVALID_REQUEST", message: reason },
    };
    expect(socket.frames.slice(1)).toEqual(answered ? [answer] : []);
  });

  test("preAuthFrameBytes: one byte more closes 1009 by name, exactly as many pass", () => {
    const { preAuthFrameBytes } = limitTable;
    const over = challenged();
    over.send(connect, preAuthFrameBytes.value + 1);
    expect(over.socket.ended).toEqual({
      code: 1009,
      reason: "frame too large before authentication",
    });
    const fits = challenged();
    fits.send(connect, preAuthFrameBytes.value);
    expect(fits.host.connects).toEqual([connect]);
  });
});

describe("behind an unanswered connect", () => {
  test("frames wait in order for hello-ok", () => {
    const { send, connection, host, socket } = challenged();
    for (const frame of [connect, call("2"), call("3")]) send(frame);
    expect(host.requests).toEqual([]);
    connection.ready(actor, '{"hello":true}');
    expect(socket.frames.at(1)).toEqual({ hello: true });
    expect(host.requests.map(({ id }) => id)).toEqual(["2", "3"]);
  });

  test("queuedBehindConnect: one more closes by name, and nothing of it runs", () => {
    const { send, connection, host, socket } = challenged();
    send(connect);
    for (let i = 0; i < limitTable.queuedBehindConnect.value; i += 1) send(call(`q${i}`));
    expect(connection.isOpen).toBe(true);
    for (let i = 0; i < 1000; i += 1) send(connect);
    expect(socket.ended).toEqual({ code: 1008, reason: "too many pending handshake frames" });
    connection.ready(actor, "{}");
    expect(host.connects).toHaveLength(1);
    expect(host.ends).toHaveLength(1);
  });

  test("the limit of frames before authentication holds for queued ones", () => {
    const { send, socket } = challenged();
    send(connect);
    send(call("2"), limitTable.preAuthFrameBytes.value + 1);
    expect(socket.ended?.code).toBe(1009);
  });
});

describe("while waiting for approval", () => {
  function waiting(limits: Partial<Limits> = {}) {
    const all = challenged(limits);
    all.connection.wait({ requestId: "7F3K-Q2MN", deviceId: "d1", answer: '{"wait":true}' });
    return all;
  }

  test("another connect is told to wait, anything else closes", () => {
    const { send, socket } = waiting();
    send({ ...connect, id: "again" });
    expect(socket.frames.at(-1)).toMatchObject({ id: "again", ok: false });
    send(call("x"));
    expect(socket.ended?.reason).toBe("invalid handshake: first request must be connect");
  });

  test("noise is closed by name, and so is a client that keeps asking", () => {
    const noise = waiting();
    noise.send("noise");
    expect(noise.socket.ended?.reason).toBe("invalid request frame");
    const flood = waiting({ queuedBehindConnect: 3 });
    for (let i = 0; i < 4; i += 1) flood.send(connect);
    expect(flood.socket.ended?.reason).toBe("too many pending handshake frames");
  });

  test("a large frame closes 1009", () => {
    const { send, socket } = waiting();
    send(connect, limitTable.preAuthFrameBytes.value + 1);
    expect(socket.ended?.code).toBe(1009);
  });

  test("a new challenge starts the handshake anew", () => {
    const { send, connection, host } = waiting();
    connection.challenge("nonce-2", 6);
    send(connect);
    expect(host.connects).toHaveLength(1);
  });
});

describe("after hello-ok", () => {
  test("maxPayloadBytes: one byte more closes 1009 by name, exactly as many pass", () => {
    const over = ready();
    over.send(call("1"), limitTable.maxPayloadBytes.value + 1);
    expect(over.socket.ended).toEqual({ code: 1009, reason: "frame too large" });
    const fits = ready();
    fits.send(call("1"), limitTable.maxPayloadBytes.value);
    expect(fits.host.requests).toHaveLength(1);
  });

  test.each([
    [{ type: "req", method: "health" }, "invalid", "must have required property 'id'"],
    [{ type: "req", id: "a" }, "a", "must have required property 'method'"],
    [{ type: "evt", id: "a", method: "m" }, "a", "at /type: must be equal to constant"],
    [{ type: "req", id: 5, method: "m" }, "invalid", "at /id: must be string"],
    [
      { type: "req", id: "a", method: "" },
      "a",
      "at /method: must not have fewer than 1 characters",
    ],
  ])("a broken request is answered and the socket stays: %j", (frame, id, problem) => {
    const { send, socket, connection } = ready();
    send(frame);
    expect(socket.frames.at(-1)).toEqual({
      type: "res",
      id,
      ok: false,
      error: { code: "INVALID_REQUEST", message: `invalid request frame: ${problem}` },
    });
    expect(connection.isOpen).toBe(true);
  });

  test("what is not JSON is ignored", () => {
    const { send, socket, connection } = ready();
    const before = socket.texts.length;
    send("noise");
    expect(socket.texts.length).toBe(before);
    expect(connection.isOpen).toBe(true);
  });

  test("a second connect is refused and the socket stays", () => {
    const { send, socket, host } = ready();
    send({ ...connect, id: "9" });
    expect(socket.frames.at(-1)).toMatchObject({
      id: "9",
      error: { code: "INVALID_REQUEST", message: "connect is only valid as the first request" },
    });
    expect(host.connects).toEqual([]);
  });
});

describe("the end", () => {
  test("comes once, however often it is asked for, and nothing is sent or heard after it", () => {
    const { send, connection, host, socket } = ready();
    let ends = 0;
    connection.onEnd(() => {
      ends += 1;
    });
    const forget = connection.onEnd(() => {
      ends += 100;
    });
    forget();
    connection.close({ code: 1008, reason: "one", metric: "m" });
    connection.close({ code: 1008, reason: "two", metric: "m" });
    connection.gone();
    const sent = socket.texts.length;
    connection.send("{}");
    send(call("late"));
    expect({ ends, sent, requests: host.requests.length }).toEqual({
      ends: 1,
      sent: socket.texts.length,
      requests: 0,
    });
    expect(host.ends.map((close) => close?.reason)).toEqual(["one"]);
    connection.onEnd(() => {
      ends += 1;
    });
    expect(ends).toBe(2);
  });

  test("of its device makes a connection revoked before it is closed", () => {
    const { send, connection, host } = ready();
    connection.revoked = true;
    send(call("late"));
    expect(host.requests).toEqual([]);
  });
});

describe("time to authenticate", () => {
  test("handshakeMs: a client that sends nothing is closed 1000 and says why, in the deadline's second", async () => {
    const world = new HandWorld();
    const gateway = await startTestGateway({ world, limits: { handshakeMs: 15_000 } });
    const idle = await RawClient.open(gateway.url);
    await idle.challenge();
    const ready = await RawClient.open(gateway.url);
    expect((await ready.connect({ auth: { token: TEST_TOKEN } })).ok).toBe(true);
    world.advance(14_000);
    expect(idle.closed).toBeUndefined();
    world.advance(2000);
    expect(await idle.end()).toEqual({ code: 1000, reason: "handshake timeout" });
    world.advance(60_000);
    expect(ready.closed).toBeUndefined();
    expect(gateway.server.gateway.closes).toMatchObject({ "handshake-timeout": 1 });
    await gateway.close();
  });

  test("a waiting device is not held to it, an approved one that dawdles is", async () => {
    const world = new HandWorld();
    const gateway = await startTestGateway({ world });
    const client = await RawClient.open(gateway.url);
    const { error } = await client.connect({ device: makeDevice(), caps: ["pairing-wait"] });
    world.advance(60_000);
    expect(client.closed).toBeUndefined();
    const seen = client.frames.length;
    await gateway.host("device.pair.approve", { requestId: error.details.requestId });
    await client.challenge(seen);
    world.advance(17_000);
    expect(await client.end()).toEqual({ code: 1000, reason: "handshake timeout" });
    await gateway.close();
  });
});
