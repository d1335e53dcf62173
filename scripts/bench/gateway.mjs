// A built gateway: how its servers are started, with which state, and who may log in to them.
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDevice } from "../../test/kit/device.mjs";
import { freePort } from "../../test/kit/free-port.mjs";
import { gatewayArgs } from "../../test/kit/gateway-run.mjs";
import { login } from "../../test/kit/wire-client.mjs";
import { memoryFolder } from "./folders.mjs";
import { Broken, launch, retry, Server } from "./processes.mjs";
import { Admin } from "./state/admin.mjs";

export const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const DEVICES = 16;
export const TOKEN = "bench-token-0123456789abcdef0123456789";

/**
 * @typedef {object} BuildOptions
 * @property {string} folder   for its states and its log; made if it is not there
 * @property {string} dist     what was built: index.js is in it
 * @property {string} sources  the tree it was built from, whose own program fills states
 * @property {readonly string[]} [flags]  for node, whenever a server of it starts
 * @property {boolean} [asIs]  it is compared, so no row may make it dearer: what would is left out
 */

/** One build of the gateway. Each has devices and states of its own: builds differ in what they store. */
export class Build {
  /** @type {import("../../test/kit/device.mjs").TestDevice[]} */
  devices = [];
  /** Device token of each device. @type {string[]} */
  deviceTokens = [];
  #states = 0;

  /** @param {BuildOptions} options */
  constructor({ folder, dist, sources, flags = [], asIs = false }) {
    this.folder = folder;
    this.dist = dist;
    this.index = join(dist, "index.js");
    this.sources = sources;
    this.flags = flags;
    this.asIs = asIs;
    this.log = join(folder, "gateway.log");
  }

  /** The same build, its servers with more flags of node. @param {readonly string[]} flags */
  withFlags(flags) {
    const same = new Build({ ...this, flags: [...this.flags, ...flags] });
    same.devices = this.devices;
    same.deviceTokens = this.deviceTokens;
    return same;
  }

  /** The end of what its servers printed, for a failed run. */
  lastLog() {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").slice(-2_000) : "";
  }

  /** Pairs the devices once; servers then start on copies of that state. Resolves with sample answers. */
  async provision() {
    await mkdir(this.folder, { recursive: true });
    const state = join(this.folder, "template");
    const server = await this.#start({ state, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } });
    for (let i = 0; i < DEVICES; i += 1) await this.#pair(server, state);
    const payloads = await samplePayloads(server, this.loginOf(0, "token"));
    await server.stop();
    return payloads;
  }

  async #pair(/** @type {Server} */ server, /** @type {string} */ state) {
    const device = makeDevice();
    this.devices.push(device);
    const ask = { device, auth: { token: TOKEN }, mode: "ui" };
    let requestId = "";
    // On its first start the gateway listens while the shared token is still being hashed.
    await retry(server, async () => {
      const { wire, response } = await login(server, ask);
      wire.socket.destroy();
      requestId = response.error?.details?.requestId ?? "";
      return requestId !== "";
    });
    await adminCall(join(state, "admin.sock"), "device.pair.approve", { requestId });
    const again = await login(server, ask);
    again.wire.socket.destroy();
    this.deviceTokens.push(again.response.payload.auth.deviceToken);
  }

  /** How device `index` logs in. @param {number} index @param {"token" | "deviceToken"} by */
  loginOf(index, by, mode = "cli") {
    const at = index % this.devices.length;
    const [device, deviceToken = ""] = [this.devices[at], this.deviceTokens[at]];
    if (!device) throw new Broken("no device is paired");
    return { device, mode, auth: by === "token" ? { token: TOKEN } : { deviceToken } };
  }

  /**
   * A state folder of its own with everything paired; `inMemory` where what the disk takes is not
   * measured and would only be noise.
   */
  async freshState({ inMemory = false } = {}) {
    this.#states += 1;
    const folder = inMemory ? await memoryFolder(this.folder) : this.folder;
    const state = join(folder, `state-${this.#states}`);
    await cp(join(this.folder, "template"), state, {
      recursive: true,
      filter: (path) => !path.endsWith(".sock"),
    });
    return state;
  }

  /** @param {Start & { state?: string }} [options] */
  async gateway(options = {}) {
    const state = options.state ?? (await this.freshState());
    return this.#start({ ...options, state });
  }

  /** @param {Start & { state: string }} options */
  async #start(options) {
    const server = await this.spawnGateway(options);
    await retry(server, () => isReady(server.port));
    return server;
  }

  /** Starts the process and does not wait. @param {Start & { state: string }} options */
  async spawnGateway({ state, env = {}, preload, on }) {
    const port = await freePort();
    const { slow, ...always } = preload ?? {};
    const loaded = this.asIs || slow === undefined ? always : { ...always, slow };
    const nodeArgs = [...this.flags, ...preloads(loaded)];
    const child = launch({
      args: gatewayArgs({ program: this.index, port, nodeArgs }),
      env: { ...this.env(state), ...env, ...slowEnv(loaded) },
      log: this.log,
      ...(on && { on }),
    });
    return new Server(child, { port, logins: this });
  }

  /** The environment in which the gateway and the command line find `state`. */
  env(/** @type {string} */ state) {
    return {
      HOME: state,
      OPENCLAW_STATE_DIR: state,
      OPENCLAW_ADMIN_SOCKET: join(state, "admin.sock"),
      OPENCLAW_CONFIG_PATH: join(state, "openclaw.json"),
    };
  }
}

/**
 * @typedef {object} Preload
 * @property {import("./slow.mjs").Slow} [slow]
 * @property {"on demand" | "and stays small"} [gc]  collects everything at SIGUSR2; the second for
 *                                                   memory per connection, see YOUNG_GENERATION
 *
 * @typedef {object} Start
 * @property {Preload} [preload]
 * @property {Record<string, string>} [env]
 * @property {"server" | "all"} [on]
 */

/**
 * V8 lets its young generation grow to 32 MB once a server has work, however many connections it has.
 * Where memory per connection is measured it stays small, or its growth would be taken for theirs.
 */
const YOUNG_GENERATION = "--max-semi-space-size=2";

export function preloads(/** @type {Start["preload"]} */ { slow, gc } = {}) {
  return [
    ...(slow ? ["--import", here("slow.mjs")] : []),
    ...(gc === "and stays small" ? [YOUNG_GENERATION] : []),
    ...(gc ? ["--expose-gc", "--import", here("gc.mjs")] : []),
  ];
}

/** @returns {Record<string, string>} */
export function slowEnv(/** @type {Start["preload"]} */ { slow } = {}) {
  return slow ? { BENCH_SLOW: JSON.stringify(slow) } : {};
}

/** Whether `/readyz` answers 200. @returns {Promise<boolean>} */
export function isReady(/** @type {number} */ port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => socket.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    socket.on("data", (data) => {
      resolve(data.toString("latin1").startsWith("HTTP/1.1 200"));
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}

/** One request over the admin socket. @param {string} path @param {string} method @param {object} params */
export async function adminCall(path, method, params) {
  const admin = await Admin.open(path);
  try {
    return await admin.ask(method, params);
  } finally {
    admin.close();
  }
}

/** What the gateway answers, so that the floor can answer the same. */
async function samplePayloads(
  /** @type {Server} */ server,
  /** @type {import("../../test/kit/wire-client.mjs").Login} */ as,
) {
  const { wire, response } = await login(server, as);
  /** @type {Record<string, unknown>} */
  const payloads = { connect: response.payload };
  for (const method of ["system-presence", "health", "device.pair.list"]) {
    payloads[method] = await wire.ask(method);
  }
  wire.close();
  return payloads;
}
