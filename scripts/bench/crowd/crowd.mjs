// A crowd of connections to one server, held by a process of its own.
import { fileURLToPath } from "node:url";
import { SCOPES } from "../../../test/kit/wire-client.mjs";
import { Broken, launch } from "../processes.mjs";

/**
 * @typedef {import("../bench.mjs").Bench} Bench
 * @typedef {import("../processes.mjs").Server} Server
 * @typedef {"floor" | "ours" | "control"} Name
 */

const HOLDER = fileURLToPath(new URL("holder.mjs", import.meta.url));
/** Connects under way at a time, unless a row says otherwise. */
const LANES = 32;

export const names = /** @type {const} */ (["floor", "ours", "control"]);

/** @returns {Record<Name, number[]>} */
export const samples = () => ({ floor: [], ours: [], control: [] });

/** The machine's monotonic clock, which the holders share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export class Crowd {
  #serial = 0;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  /** @type {Error | undefined} */
  #problem;
  size = 0;

  /** @param {Server} server */
  constructor(server) {
    this.server = server;
    this.child = launch({ args: [HOLDER], on: "load", ipc: true });
    this.child.on("message", (/** @type {any} */ { serial, value, problem }) => {
      if (problem !== undefined) return this.#fail(new Broken(problem));
      this.#waiting.get(serial)?.resolve(value);
      this.#waiting.delete(serial);
    });
    this.child.once("exit", () => this.#fail(new Broken("the load ended")));
  }

  /** @param {Server} server @param {{ seqs?: boolean }} [options] */
  static async start(server, { seqs = true } = {}) {
    const crowd = new Crowd(server);
    const { devices, deviceTokens } = server.logins;
    const identities = devices.map(({ deviceId, publicKey, privateKey }, at) => {
      const pem = privateKey.export({ type: "pkcs8", format: "pem" });
      return { deviceId, publicKey, pem, token: deviceTokens[at] };
    });
    await crowd.#ask("setUp", { identities, seqs });
    return crowd;
  }

  /**
   * Connects until `size` are there. Scopes are given out in turn.
   * @param {number} size
   * @param {{ mode?: string, lanes?: number, scopes?: readonly (readonly string[])[] }} [how]
   * @returns {Promise<{ ms: number, helloMs: number[] }>}
   */
  async growTo(size, { mode = "cli", lanes = LANES, scopes = [SCOPES] } = {}) {
    const count = size - this.size;
    this.size = size;
    return this.#ask("open", { port: this.server.port, count, mode, lanes, scopes });
  }

  /** Makes ready for one event that `count` connections must hear. @param {number} count */
  async listen(count) {
    await this.#ask("listen", { count });
  }

  /** When the last of them had it. @returns {Promise<number>} */
  last() {
    return this.#ask("last");
  }

  /** @returns {Promise<number>} */
  heard() {
    return this.#ask("heard");
  }

  async closeAll() {
    await this.#ask("close");
    this.size = 0;
  }

  /** Ends the load, then the server. */
  async stop() {
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    await gone;
    await this.server.stop();
  }

  /** @param {string} name @param {object} [args] @returns {Promise<any>} */
  #ask(name, args = {}) {
    if (this.#problem) throw this.#problem;
    this.#serial += 1;
    const serial = this.#serial;
    this.child.send({ serial, name, args });
    return new Promise((resolve, reject) => this.#waiting.set(serial, { resolve, reject }));
  }

  #fail(/** @type {Error} */ problem) {
    this.#problem ??= problem;
    for (const { reject } of this.#waiting.values()) reject(problem);
    this.#waiting.clear();
  }
}

/**
 * Floor, gateway, and the gateway made dearer, each with a crowd.
 * @param {Bench} bench
 * @param {{ slow: import("../slow.mjs").Slow, gc?: boolean, states?: { ours: string, control: string } }} options
 * @returns {Promise<Record<Name, Crowd>>}
 */
export async function threeCrowds(bench, { slow, gc = false, states }) {
  const preload = gc ? { gc } : {};
  const of = (/** @type {"ours" | "control"} */ name) => (states ? { state: states[name] } : {});
  const floor = await bench.floor({ preload, publishes: true });
  const ours = await bench.ours.gateway({ preload, ...of("ours") });
  const control = await bench.control.gateway({ preload: { ...preload, slow }, ...of("control") });
  return {
    floor: await Crowd.start(floor, { seqs: false }),
    ours: await Crowd.start(ours),
    control: await Crowd.start(control),
  };
}
