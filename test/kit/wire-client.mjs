// @ts-check
// A WebSocket client that speaks as little as the protocol allows: one core drives a server that needs
// microseconds, and thousands of clients fit one process. Masks are zero; loopback only.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { connectParams } from "./device.mjs";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const PATIENCE_MS = 120_000;

/**
 * One masked frame, ready to write as often as wanted.
 * @param {string | Buffer} payload at most 65,535 bytes
 */
export function encodeFrame(payload, opcode = TEXT) {
  const body = Buffer.from(payload);
  const long = body.length > 125;
  if (body.length > 65_535) throw new Error("this client sends small frames only");
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
export class WireClient {
  /** @type {(payload: Buffer) => void} */
  onText = () => {};
  /** @type {() => void} */
  onClose = () => {};
  closed = false;
  /**
   * Why the other side ended it, where it said so: `HTTP 503`, a close code such as `1012`, or the
   * code of a socket's error.
   */
  why = "";
  #upgraded = false;
  #rest = Buffer.alloc(0);

  /** @param {{ port: number, localAddress?: string | undefined }} to */
  constructor({ port, localAddress }) {
    this.socket = connect({ host: "127.0.0.1", port, ...(localAddress && { localAddress }) });
    this.socket.setNoDelay(true);
    this.socket.on("connect", () => {
      const key = randomBytes(16).toString("base64");
      this.socket.write(
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    });
    this.socket.on("data", (chunk) => this.#data(chunk));
    this.socket.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      this.why ||= error.code ?? "error";
      this.socket.destroy();
    });
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
        const status = data.toString("latin1", 9, 12);
        if (status !== "101") {
          this.why ||= `HTTP ${status}`;
          return this.socket.destroy();
        }
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
    else if (opcode === CLOSE) this.#end(payload);
    return head + length;
  }

  /** @param {Buffer} payload of a close frame: its code, if it has one */
  #end(payload) {
    this.why ||= payload.length >= 2 ? String(payload.readUInt16BE(0)) : "1005";
    this.socket.end();
  }

  /** One request and its payload, for what is not measured. @param {string} method */
  ask(method) {
    return new Promise((resolve, reject) => {
      this.onClose = () => reject(new Error(`closed before ${method} was answered`));
      this.onText = (payload) => {
        const frame = JSON.parse(payload.toString());
        if (frame.type !== "res") return;
        if (frame.ok) resolve(frame.payload);
        else reject(new Error(`${method}: ${frame.error.message}`));
      };
      this.write(requestFrame(method));
    });
  }

  /** Ends the connection as a client does. */
  close() {
    if (!this.closed) this.write(encodeFrame(Buffer.from([0x03, 0xe8]), CLOSE));
  }
}

/**
 * How an application logs in.
 * @typedef {object} Login
 * @property {import("./device.mjs").TestDevice} device
 * @property {{ token?: string, deviceToken?: string, bootstrapToken?: string }} auth
 * @property {string} [mode]   `client.mode`; anything but `cli` shows up in the presence list
 * @property {readonly string[]} [scopes]
 * @property {readonly string[]} [caps]
 * @property {"operator" | "node"} [role]
 * @property {readonly string[]} [commands]   what a node offers
 */

/** @type {Readonly<Record<string, string>>} */
const clientIds = { cli: "cli", node: "node-host" };

/** What an operator logs in with, unless it says otherwise. */
export const SCOPES = ["operator.read", "operator.write", "operator.pairing"];

/**
 * The frame of a signed connect.
 * @param {import("./device.mjs").Challenge} challenge
 * @param {Login} login
 */
export function connectFrame(challenge, login) {
  const { device, auth, mode = "cli", role = "operator", caps = [], commands } = login;
  const params = connectParams(challenge, {
    client: { id: clientIds[mode] ?? "openclaw-linux", mode },
    role,
    scopes: login.scopes ?? (role === "node" ? [] : SCOPES),
    caps,
    auth,
    device,
    ...(commands && { params: { commands } }),
  });
  return encodeFrame(JSON.stringify({ type: "req", id: "connect-1", method: "connect", params }));
}

/**
 * Opens a connection, answers its challenge and resolves with the response to the connect.
 * Rejects when the socket ends first.
 * @param {{ port: number, localAddress?: string }} to
 * @param {Login} login
 * @returns {Promise<{ wire: WireClient, response: any }>}
 */
export function login(to, login) {
  return new Promise((resolve, reject) => {
    const wire = new WireClient(to);
    const timer = setTimeout(() => wire.socket.destroy(), PATIENCE_MS);
    wire.onClose = () => {
      clearTimeout(timer);
      reject(new Error(`a connection ended before its hello-ok: ${wire.why}`));
    };
    wire.onText = (payload) => {
      const frame = JSON.parse(payload.toString());
      if (frame.event === "connect.challenge") {
        wire.write(connectFrame(frame.payload, login));
      } else if (frame.type === "res") {
        clearTimeout(timer);
        wire.onText = () => {};
        wire.onClose = () => {};
        resolve({ wire, response: frame });
      }
    };
  });
}
