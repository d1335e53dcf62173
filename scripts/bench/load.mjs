// Closed loops: each connection has one request, or each lane one connect, under way at a time.
import { setTimeout as sleep } from "node:timers/promises";
import { login, requestFrame } from "../../test/kit/wire-client.mjs";
import { Broken } from "./processes.mjs";

const CONNECTIONS = 64;
const LANES = 8;
const PATIENCE_MS = 120_000;
const OK = Buffer.from('"ok":true');
const RESPONSE = Buffer.from('{"type":"res"');
/** A response says early whether it succeeded; the rest is not looked at. */
const LOOK = 64;

/** @typedef {{ port: number }} Target */

/** Opens `count` connections, at most `LANES` at once, from addresses of their own. */
export async function openAll(
  /** @type {Target} */ target,
  /** @type {number} */ count,
  /** @type {(index: number) => import("../../test/kit/wire-client.mjs").Login} */ loginOf,
) {
  /** @type {import("../../test/kit/wire-client.mjs").WireClient[]} */
  const wires = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      const localAddress = `127.0.0.${2 + (index % 200)}`;
      const { wire, response } = await login({ ...target, localAddress }, loginOf(index));
      if (!response.ok) throw new Broken(`connect: ${response.error?.message}`);
      wires.push(wire);
    }
  };
  await withinTime(Promise.all(Array.from({ length: LANES }, lane)), "connections");
  return wires;
}

/** Ends connections and waits until they are gone. */
export async function closeAll(
  /** @type {readonly import("../../test/kit/wire-client.mjs").WireClient[]} */ wires,
) {
  for (const wire of wires) wire.close();
  const deadline = performance.now() + PATIENCE_MS;
  while (wires.some((wire) => !wire.closed) && performance.now() < deadline) await sleep(2);
}

/** Keeps connections busy with one method. */
export class RequestLoad {
  /** @param {readonly import("../../test/kit/wire-client.mjs").WireClient[]} wires */
  constructor(wires) {
    this.wires = wires;
  }

  static async open(
    /** @type {Target} */ target,
    /** @type {(index: number) => import("../../test/kit/wire-client.mjs").Login} */ loginOf,
  ) {
    return new RequestLoad(await openAll(target, CONNECTIONS, loginOf));
  }

  /**
   * `count` requests, all of which must succeed. `frame`: each of them, or what makes the next one.
   * @param {string} method @param {number} count @param {Buffer | (() => Buffer)} frame
   */
  async run(method, count, frame = requestFrame(method)) {
    const each = Math.ceil(count / this.wires.length);
    const next = typeof frame === "function" ? frame : () => frame;
    const all = this.wires.map((wire) => runOne(wire, next, each));
    await withinTime(Promise.all(all), `${method} requests`);
    return each * this.wires.length;
  }
}

/** @returns {Promise<void>} */
function runOne(
  /** @type {import("../../test/kit/wire-client.mjs").WireClient} */ wire,
  /** @type {() => Buffer} */ next,
  /** @type {number} */ count,
) {
  return new Promise((resolve, reject) => {
    let left = count;
    wire.onClose = () => reject(new Broken("a connection ended during the load"));
    wire.onText = (payload) => {
      const head = payload.subarray(0, LOOK);
      if (!head.subarray(0, RESPONSE.length).equals(RESPONSE)) return;
      if (head.indexOf(OK) < 0) return reject(new Broken(`a request failed: ${head}`));
      left -= 1;
      if (left > 0) return wire.write(next());
      wire.onClose = () => {};
      resolve();
    };
    wire.write(next());
  });
}

/** `count` connects, each closed again after its hello-ok. */
export async function connects(
  /** @type {Target} */ target,
  /** @type {number} */ count,
  /** @type {(index: number) => import("../../test/kit/wire-client.mjs").Login} */ loginOf,
) {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      const { wire, response } = await login(target, loginOf(index));
      if (!response.ok) throw new Broken(`connect: ${response.error?.message}`);
      const closed = new Promise((resolve) => {
        wire.onClose = () => resolve(undefined);
      });
      wire.close();
      await closed;
    }
  };
  await withinTime(Promise.all(Array.from({ length: LANES }, lane)), "connects");
  return count;
}

/** A load that does not end is no measurement. @template T @param {Promise<T>} work */
async function withinTime(work, /** @type {string} */ what) {
  const timer = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Broken(`${what} took longer than ${PATIENCE_MS / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}
