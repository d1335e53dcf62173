// The load's WebSocket client: as little as the protocol allows, so that one core drives a server
// that needs microseconds. Masks are zero; loopback only.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { connect } from "node:net";
import { Broken } from "./processes.mjs";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const PATIENCE_MS = 120_000;

/** One masked frame, ready to write as often as wanted. @param {string | Buffer} payload */
export function encodeFrame(payload, opcode = TEXT) {
  const body = Buffer.from(payload);
  const long = body.length > 125;
  if (body.length > 65_535) throw new Broken("the load sends small frames only");
  const head = Buffer.alloc(long ? 8 : 6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long ? 126 : body.length);
  if (long) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** A request without params. @param {string} method */
export function requestFrame(method) {
  return encodeFrame(JSON.stringify({ type: "req", id: "1", method, params: {} }));
}

/** One connection. Set `onText` before frames are expected. */
export class Wire {
  /** @type {(payload: Buffer) => void} */
  onText = () => {};
  /** @type {() => void} */
  onClose = () => {};
  closed = false;
  #upgraded = false;
  #rest = Buffer.alloc(0);

  /** @param {{ port: number, localAddress?: string }} to */
  constructor({ port, localAddress }) {
    this.socket = connect({ host: "127.0.0.1", port, localAddress });
    this.socket.setNoDelay(true);
    this.socket.on("connect", () => {
      const key = randomBytes(16).toString("base64");
      this.socket.write(
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    });
    this.socket.on("data", (chunk) => this.#data(chunk));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => {
      this.closed = true;
      this.onClose();
    });
  }

  /** @param {Buffer} frame */
  write(frame) {
    this.socket.write(frame);
  }

  /** @param {Buffer} chunk */
  #data(chunk) {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#upgraded) {
      const end = data.indexOf("\r\n\r\n");
      if (end >= 0) {
        if (!data.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"))) return this.socket.destroy();
        this.#upgraded = true;
        data = data.subarray(end + 4);
      }
    }
    let at = 0;
    while (this.#upgraded && at < data.length) {
      const size = this.#frame(data, at);
      if (size === 0) break;
      at += size;
    }
    this.#rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }

  /** Handles the frame at `at`; its size, or 0 when it is not whole yet. */
  #frame(/** @type {Buffer} */ data, /** @type {number} */ at) {
    if (data.length < at + 2) return 0;
    const short = data.readUInt8(at + 1) & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < at + head) return 0;
    const length =
      short < 126
        ? short
        : short === 126
          ? data.readUInt16BE(at + 2)
          : Number(data.readBigUInt64BE(at + 2));
    if (data.length < at + head + length) return 0;
    const payload = data.subarray(at + head, at + head + length);
    const opcode = data.readUInt8(at) & 15;
    if (opcode === TEXT) this.onText(payload);
    else if (opcode === PING) this.write(encodeFrame(payload, PONG));
    else if (opcode === CLOSE) this.socket.end();
    return head + length;
  }

  /** One request and its payload, for what is not measured. @param {string} method */
  ask(method) {
    return new Promise((resolve, reject) => {
      this.onClose = () => reject(new Broken(`closed before ${method} was answered`));
      this.onText = (payload) => {
        const frame = JSON.parse(payload.toString());
        if (frame.type !== "res") return;
        if (frame.ok) resolve(frame.payload);
        else reject(new Broken(`${method}: ${frame.error.message}`));
      };
      this.write(requestFrame(method));
    });
  }

  /** Ends the connection as a client does. */
  close() {
    if (!this.closed) this.write(encodeFrame(Buffer.from([0x03, 0xe8]), CLOSE));
  }
}

/** @typedef {{ id: string, publicKey: string, key: import("node:crypto").KeyObject }} Device */

/** @returns {Device} */
export function makeDevice() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const id = createHash("sha256").update(raw).digest("hex");
  return { id, publicKey: raw.toString("base64url"), key: privateKey };
}

/**
 * @typedef {object} Login
 * @property {Device} device
 * @property {{ token?: string, deviceToken?: string, bootstrapToken?: string }} auth
 * @property {string} [mode]   `client.mode`; anything but `cli` shows up in the presence list
 * @property {readonly string[]} [scopes]
 * @property {readonly string[]} [caps]
 * @property {"operator" | "node"} [role]
 * @property {readonly string[]} [commands]   what a node offers
 */

/** @type {Readonly<Record<string, string>>} */
const clientIds = { cli: "cli", node: "node-host" };

export const SCOPES = ["operator.read", "operator.write", "operator.pairing"];

/** The text of a signed connect (protocol page, sections 2.2 and 2.3). */
export function connectText(/** @type {string} */ nonce, /** @type {Login} */ login) {
  const { device, auth, mode = "cli", role = "operator", caps = [], commands } = login;
  const wanted = login.scopes ?? (role === "node" ? [] : SCOPES);
  const signedAt = Date.now();
  const client = { id: clientIds[mode] ?? "openclaw-linux", version: "1.0.0" };
  const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? "";
  const scopes = wanted.join(",");
  const payload = `v3|${device.id}|${client.id}|${mode}|${role}|${scopes}|${signedAt}|${token}|${nonce}|linux|`;
  const signature = sign(null, Buffer.from(payload), device.key).toString("base64url");
  return JSON.stringify({
    type: "req",
    id: "connect-1",
    method: "connect",
    params: {
      minProtocol: 4,
      maxProtocol: 4,
      client: { ...client, platform: "linux", mode },
      role,
      scopes: wanted,
      caps,
      ...(commands && { commands }),
      auth,
      device: { id: device.id, publicKey: device.publicKey, signature, signedAt, nonce },
    },
  });
}

/**
 * Opens a connection, answers its challenge and resolves with the response to the connect.
 * Rejects when the socket ends first.
 * @param {{ port: number, localAddress?: string }} to @param {Login} login
 * @returns {Promise<{ wire: Wire, response: any }>}
 */
export function login(to, login) {
  return new Promise((resolve, reject) => {
    const wire = new Wire(to);
    const timer = setTimeout(() => wire.socket.destroy(), PATIENCE_MS);
    wire.onClose = () => {
      clearTimeout(timer);
      reject(new Broken("a connection ended before its hello-ok"));
    };
    wire.onText = (payload) => {
      const frame = JSON.parse(payload.toString());
      if (frame.event === "connect.challenge") {
        wire.write(encodeFrame(connectText(frame.payload.nonce, login)));
      } else if (frame.type === "res") {
        clearTimeout(timer);
        wire.onText = () => {};
        wire.onClose = () => {};
        resolve({ wire, response: frame });
      }
    };
  });
}
