import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { limitTable } from "../../../../src/limits/table.ts";
import { makeDevice, type RawClient } from "../../../kit/client.ts";
import { PROCESS_TOKEN } from "../../../kit/process.ts";
import { HANG_MS, until } from "../../../kit/until.ts";
import { each } from "../attackers.ts";
import { type Ground, type Offence, tally, words } from "./ground.ts";

const UPGRADE =
  "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const TCP_ONLY = 300;
const STUCK = 3;

/** Asks for much and reads nothing, until the gateway gives up on it. */
async function clog(ground: Ground, client: RawClient): Promise<void> {
  const count = async () => (await ground.counters())["slow-consumer"] ?? 0;
  const before = await count();
  client.ws.pause();
  const more = async () => {
    for (let i = 0; i < 50; i += 1) client.send({ type: "req", id: `s${i}`, method: "status" });
    for (let i = 0; i < 50; i += 1) {
      client.send({ type: "req", id: `p${i}`, method: "system-presence" });
    }
    return (await count()) > before;
  };
  await until(more, "a queue that is full");
}

const slowReader: Offence = {
  name: "a reader that lags, then reads again",
  rows: ["bufferedBytes"],
  async run(ground) {
    const client = await ground.insider({ scopes: ["operator.read"] });
    await clog(ground, client);
    client.ws.resume();
    const end = await client.end();
    expect(end).toEqual({ code: 1008, reason: "slow consumer" });
    return `${end.code} ${end.reason}`;
  },
};

const stuckReaders: Offence = {
  name: `${STUCK} readers that never read again`,
  rows: ["bufferedBytes", "slowConsumerMs"],
  async run(ground) {
    const clients: RawClient[] = [];
    for (let i = 0; i < STUCK; i += 1) {
      clients.push(await ground.insider({ scopes: ["operator.read"] }));
    }
    for (const client of clients) await clog(ground, client);
    const { slowConsumerMs } = limitTable;
    await new Promise((resolve) => setTimeout(resolve, slowConsumerMs.value + 200));
    for (const client of clients) client.ws.resume();
    const ends = await Promise.all(clients.map((client) => client.end()));
    expect(ends.map(({ code }) => code)).toEqual(clients.map(() => 1006));
    return `${STUCK} × dropped`;
  },
};

/** Resolves with how long the gateway bore a socket that says nothing more. */
function silent(ground: Ground, localAddress: string, says: string): Promise<number> {
  const at = performance.now();
  const socket: Socket = connect({ port: ground.gateway.port, host: "127.0.0.1", localAddress });
  socket.on("error", () => undefined);
  if (says !== "") socket.write(says);
  socket.resume();
  return new Promise((resolve) => socket.on("close", () => resolve(performance.now() - at)));
}

const halfOpen: Offence = {
  name: "half-open handshakes: TCP only, upgrade only, challenge only",
  rows: ["handshakeMs", "unauthenticatedSockets", "unauthenticatedPerAddress"],
  async run(ground) {
    const { unauthenticatedSockets, unauthenticatedPerAddress, handshakeMs } = limitTable;
    const { unauthenticatedGraceMs } = limitTable;
    const each32 = unauthenticatedPerAddress.value;
    const tcp = ground.address();
    const tcpOnly = Array.from({ length: TCP_ONLY }, () => silent(ground, tcp, ""));
    const upgradeOnly = ground.addresses(8).map((address) => silent(ground, address, UPGRADE));
    const sockets: RawClient[] = [];
    const fill = async (address: string) => {
      for (let i = 0; i < each32; i += 1) sockets.push(await ground.open(address));
    };
    const one = ground.address();
    await fill(one);
    // Silence counts after a moment; until then a crowd may come from one address.
    await pause(unauthenticatedGraceMs.value + 100);
    await expect(ground.open(one)).rejects.toThrow("503");
    const many = Math.ceil(unauthenticatedSockets.value / each32);
    await each(ground.addresses(many), 4, fill);
    const longest = handshakeMs.value + HANG_MS;
    const ends = await Promise.all(sockets.map((socket) => socket.end(longest)));
    const counts = tally(ends.map(({ code, reason }) => `${code} ${reason}`));
    expect(Object.keys(counts).sort()).toEqual([
      "1000 handshake timeout",
      "1013 too many connections",
    ]);
    expect(counts["1000 handshake timeout"]).toBeLessThanOrEqual(unauthenticatedSockets.value);
    const dropped = await Promise.all([...tcpOnly, ...upgradeOnly]);
    const last = (Math.max(...dropped) / 1000).toFixed(1);
    return `${words(counts)}, HTTP 503, ${dropped.length} silent ones dropped within ${last} s`;
  },
};

const comeAndGo: Offence = {
  name: "a paired device that comes and goes 200 times",
  rows: ["presenceCoalesceMs"],
  async run(ground) {
    const watcher = await ground.insider({ scopes: ["operator.read"] });
    const device = makeDevice();
    const options = { device, scopes: ["operator.read"], auth: { token: PROCESS_TOKEN } };
    (await ground.insider(options)).close();
    const address = ground.address();
    const { presenceCoalesceMs } = limitTable;
    const seen = watcher.frames.length;
    const at = performance.now();
    await each(Array.from({ length: 200 }), 4, async () => {
      const client = await ground.open(address);
      expect((await client.connect(options)).ok).toBe(true);
      client.ws.terminate();
    });
    await watcher.next(({ event }) => event === "presence", seen);
    const most = (performance.now() - at) / presenceCoalesceMs.value + 2;
    const events = watcher.frames.slice(seen).filter(({ event }) => event === "presence");
    expect(events.length).toBeLessThanOrEqual(most);
    watcher.close();
    return `${events.length} presence events`;
  },
};

export const socketOffences: readonly Offence[] = [slowReader, stuckReaders, halfOpen, comeAndGo];
