// The gateway under test and the floor beside it: how they are started, with which state.
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDevice } from "../../test/kit/device.mjs";
import { freePort } from "../../test/kit/free-port.mjs";
import { gatewayArgs } from "../../test/kit/gateway-run.mjs";
import { login } from "../../test/kit/wire-client.mjs";
import { Broken, launch, retry, Server } from "./processes.mjs";
import { Admin } from "./state/admin.mjs";

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const DEVICES = 16;
export const TOKEN = "bench-token-0123456789abcdef0123456789";

/** What every row works with. */
export class Bench {
  /** @type {import("../../test/kit/device.mjs").TestDevice[]} */
  devices = [];
  /** Device token of each device. @type {string[]} */
  deviceTokens = [];
  #states = 0;

  /** @param {{ folder: string, dist: string, flags: readonly string[] }} options */
  constructor({ folder, dist, flags }) {
    this.folder = folder;
    this.index = join(dist, "index.js");
    this.flags = flags;
    this.payloads = join(folder, "payloads.json");
  }

  /** @param {{ dist: string, flags: readonly string[] }} options */
  static async make(options) {
    const folder = await mkdtemp(join(tmpdir(), "gateway-bench-"));
    return new Bench({ ...options, folder });
  }

  /** The end of what the gateways printed, for a failed run. */
  lastLog() {
    const path = join(this.folder, "gateway.log");
    return existsSync(path) ? readFileSync(path, "utf8").slice(-2_000) : "";
  }

  async remove() {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Pairs the devices once; servers then start on copies of that state. */
  async provision() {
    const state = join(this.folder, "template");
    const server = await this.#start({ state, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } });
    for (let i = 0; i < DEVICES; i += 1) await this.#pair(server, state);
    const login = this.loginOf(0, "token");
    await writeFile(this.payloads, JSON.stringify(await samplePayloads(server, login)));
    await server.stop();
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

  /** A state folder of its own with everything paired. */
  async freshState() {
    this.#states += 1;
    const state = join(this.folder, `state-${this.#states}`);
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
    const nodeArgs = [...this.flags, ...preloads(preload)];
    const child = launch({
      args: gatewayArgs({ program: this.index, port, nodeArgs }),
      env: { ...this.env(state), ...env, ...slowEnv(preload) },
      log: join(this.folder, "gateway.log"),
      ...(on && { on }),
    });
    return new Server(child, port);
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

  /** @param {Start & { publishes?: boolean }} [options] */
  async floor({ preload, on, publishes = false } = {}) {
    const port = await freePort();
    const args = [...preloads(preload), here("floor.mjs"), String(port), this.payloads];
    if (publishes) args.push("publishes");
    const child = launch({ args, env: slowEnv(preload), ...(on && { on }) });
    const server = new Server(child, port);
    await retry(server, () => isReady(port));
    return server;
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

function preloads(/** @type {Start["preload"]} */ { slow, gc } = {}) {
  return [
    ...(slow ? ["--import", here("slow.mjs")] : []),
    ...(gc === "and stays small" ? [YOUNG_GENERATION] : []),
    ...(gc ? ["--expose-gc", "--import", here("gc.mjs")] : []),
  ];
}

/** @returns {Record<string, string>} */
function slowEnv(/** @type {Start["preload"]} */ { slow } = {}) {
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
