// @ts-check
// One attack, in a process of its own so that it costs the gateway nothing but what it sends. Its options
// are JSON in its first argument; it prints what came of it as JSON when its standard input ends.
import { createPrivateKey } from "node:crypto";
import { connect } from "node:net";
import { connectParams, makeDevice } from "../../kit/device.mjs";
import { encodeFrame } from "../../kit/wire-client.mjs";

/**
 * @typedef {object} Options
 * @property {keyof typeof attacks} attack
 * @property {{ host: string, port: number }} to
 * @property {readonly string[]} sources   addresses of this machine to come from
 * @property {number} [count]              sockets at once, over all sources
 * @property {number} [rate]               new sockets a second
 * @property {import("../../kit/device.mjs").TestDevice} [device]
 * @property {string} [token]              the device's own, or the shared one
 */

/** @type {Options} */
const options = JSON.parse(process.argv[2] ?? "");
const { to, sources, count = sources.length, rate = 200 } = options;
const device = options.device && {
  ...options.device,
  privateKey: createPrivateKey(String(options.device.privateKey)),
};
const result = { opened: 0, closed: 0, sent: 0, answered: 0, failed: 0, slowest: 0 };
const UPGRADE =
  "GET / HTTP/1.1\r\nHost: siege\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const PING = encodeFrame(Buffer.alloc(125, "p"), 9);
const PINGS = Buffer.concat(Array(500).fill(PING));
/** What is sent on one socket at most before the next one's turn. */
const ENOUGH = 40 * 1024 * 1024;
let over = false;

/** A socket from the next source; it never hangs up by itself. */
function dial() {
  const localAddress = sources[result.opened % sources.length];
  result.opened += 1;
  const socket = connect({ ...to, allowHalfOpen: true, ...(localAddress && { localAddress }) });
  socket.setMaxListeners(0);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    result.closed += 1;
  });
  return socket;
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Keeps `count` sockets busy with `run` until it is over, beginning `rate` a second at most.
 * @param {() => Promise<void>} run resolves when its socket is done with
 */
async function keepUp(run) {
  const one = async () => {
    while (!over) {
      const at = performance.now();
      await run();
      await pause(Math.max(1, (1000 * count) / rate - (performance.now() - at)));
    }
  };
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      await pause((1000 * n) / rate);
      await one();
    }),
  );
}

/** @param {import("node:net").Socket} socket */
const gone = (socket) =>
  new Promise((resolve) => {
    socket.on("close", resolve);
    if (socket.destroyed) resolve(undefined);
  });

/**
 * A WebSocket that was challenged, with the challenge's nonce; `undefined` where it was not.
 * @returns {Promise<{ socket: import("node:net").Socket, challenge: any } | undefined>}
 */
function challenged() {
  const socket = dial();
  socket.write(UPGRADE);
  let text = "";
  return new Promise((resolve) => {
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const found = /\{"type":"event","event":"connect\.challenge","payload":(\{[^}]*\})/.exec(
        text,
      );
      if (found) resolve({ socket, challenge: JSON.parse(found[1] ?? "") });
      else if (/^HTTP\/1\.1 [45]/.test(text)) socket.destroy();
    });
    socket.on("close", () => resolve(undefined));
  });
}

/** Writes pings and reads nothing, until the other side has enough of it. */
async function pings(/** @type {import("node:net").Socket} */ socket) {
  socket.pause();
  for (let sent = 0; sent < ENOUGH && !over && !socket.destroyed; sent += PINGS.length) {
    // Where the pongs are not taken the pings are not either, in the end.
    if (!socket.write(PINGS)) await Promise.race([drained(socket), pause(200)]);
    result.sent += 500;
  }
}

const drained = (/** @type {import("node:net").Socket} */ socket) =>
  new Promise((resolve) => {
    socket.removeAllListeners("drain").once("drain", resolve);
  });

/** @param {any} challenge @param {object} more */
const connectText = (challenge, more) =>
  encodeFrame(
    JSON.stringify({
      type: "req",
      id: "c",
      method: "connect",
      params: connectParams(challenge, more),
    }),
  );

const attacks = {
  /** Waits for approval and floods pings. */
  async waitingPings() {
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      const caps = ["pairing-wait"];
      there.socket.write(connectText(there.challenge, { device: makeDevice(), caps, auth: {} }));
      await pause(100);
      await pings(there.socket);
      await Promise.race([gone(there.socket), pause(5000)]);
    });
  },
  /** Floods pings, then sends what is no frame: its place is free, and what it was sent is not read. */
  async brokenFirst() {
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      await pings(there.socket);
      there.socket.write(encodeFrame("{"));
      await pause(1000);
    });
  },
  /** Asks for the page again and again on one connection, and reads nothing. */
  async pipelined() {
    await keepUp(async () => {
      const socket = dial();
      socket.pause();
      const ask = "GET / HTTP/1.1\r\nHost: siege\r\n\r\n";
      socket.write(ask.repeat(Math.ceil((387 * 1024) / ask.length)));
      result.sent += 1;
      await Promise.race([gone(socket), pause(5000)]);
    });
  },
  /** Is refused, and does not hang up. */
  async refused() {
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      there.socket.write(connectText(there.challenge, { device: makeDevice(), auth: {} }));
      result.sent += 1;
    });
  },
  /** Keeps plain connections open by a request every 5 s. */
  async keptAlive() {
    await keepUp(async () => {
      const socket = dial();
      socket.on("data", () => {
        result.answered += 1;
      });
      const ask = () => socket.write("GET /healthz HTTP/1.1\r\nHost: siege\r\n\r\n");
      ask();
      const timer = setInterval(ask, 5000);
      await gone(Object.assign(socket, { allowHalfOpen: false }).on("end", () => socket.destroy()));
      clearInterval(timer);
    });
  },
  /** Connects and says nothing. */
  async silent() {
    await keepUp(async () => {
      const socket = dial();
      socket.resume();
      await gone(socket.on("end", () => socket.destroy()));
    });
  },
  /** Asks for a WebSocket and says nothing more. */
  async silentUpgrades() {
    await keepUp(async () => {
      const socket = dial();
      socket.resume();
      socket.write(UPGRADE);
      await gone(socket.on("end", () => socket.destroy()));
    });
  },
  /** One device that connects as often as it can, and stays. */
  async greedyDevice() {
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      const { token } = options;
      const scopes = ["operator.read"];
      there.socket.write(connectText(there.challenge, { device, auth: { token }, scopes }));
      await new Promise((resolve) => {
        there.socket.on("data", (chunk) => {
          if (chunk.includes('"hello-ok"')) result.answered += 1;
        });
        there.socket.on("end", () => there.socket.destroy());
        there.socket.on("close", resolve);
      });
    });
  },
  /** Sends all but the last byte of the largest frame; as a device that was let in, where one is named. */
  async partialFrames() {
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      if (device) {
        const hello = new Promise((resolve) => there.socket.once("data", resolve));
        const auth = { token: options.token };
        there.socket.write(connectText(there.challenge, { device, auth, scopes: [] }));
        await hello;
      }
      const length = 8 * 1024 * 1024;
      const head = Buffer.alloc(14);
      head.writeUInt16BE(0x81ff);
      head.writeBigUInt64BE(BigInt(length), 2);
      there.socket.resume().write(Buffer.concat([head, Buffer.alloc(length - 1, " ")]));
      result.sent += 1;
      await gone(there.socket.on("end", () => there.socket.destroy()));
    });
  },
  /** As a device that was let in: floods pings and reads nothing. */
  async insidePings() {
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      const hello = new Promise((resolve) => there.socket.once("data", resolve));
      const auth = { token: options.token };
      there.socket.write(connectText(there.challenge, { device, auth, scopes: [] }));
      await hello;
      await pings(there.socket);
      await gone(there.socket);
    });
  },
  /** Small frames of every wrong kind, one socket after the other, as fast as they are taken. */
  async hostileFrames() {
    const kinds = [
      encodeFrame("{"),
      encodeFrame("[]"),
      encodeFrame(JSON.stringify({ type: "req", id: "1", method: "health" })),
      encodeFrame(JSON.stringify({ type: "req", id: "1", method: "connect", params: {} })),
      encodeFrame(Buffer.alloc(125, "x"), 9),
      encodeFrame(Buffer.alloc(60_000, "[")),
      Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
    ];
    const burst = Buffer.concat(kinds.flatMap((kind, n) => Array(n === 4 ? 200 : 1).fill(kind)));
    await keepUp(async () => {
      const there = await challenged();
      if (!there) return;
      there.socket.pause().write(burst);
      result.sent += kinds.length + 199;
      await pause(20);
      there.socket.destroy();
    });
  },
  /** Not an attack: visitors who want to be challenged, one after the other, within 5 s each. */
  async visitors() {
    await keepUp(async () => {
      const at = performance.now();
      const there = await Promise.race([challenged(), pause(5000)]);
      const ms = performance.now() - at;
      result.slowest = Math.max(result.slowest, ms);
      if (there) result.answered += 1;
      else result.failed += 1;
      there?.socket.destroy();
    });
  },
};

process.stdin.resume().on("end", () => {
  over = true;
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
});
await attacks[options.attack]();
