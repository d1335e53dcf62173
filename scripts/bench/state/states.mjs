// Gateways over states of several sizes.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { cp, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isReady, TOKEN } from "../gateway.mjs";
import { Broken, launch, retry, Server } from "../processes.mjs";
import { Admin } from "./admin.mjs";
import { buildFill, makeState } from "./make-state.mjs";

const PROBE = fileURLToPath(new URL("probe.mjs", import.meta.url));
const IDLE = fileURLToPath(new URL("idle.mjs", import.meta.url));
const PATIENCE_MS = 60_000;

/**
 * @typedef {import("../gateway.mjs").Build} Build
 * @typedef {{ syncMs?: number, blockMs?: number }} Slow
 */

/** A gateway with its admin socket and the probe in its process. */
export class Subject {
  /** @param {Server} server @param {{ state: string, probe: string }} where */
  constructor(server, { state, probe }) {
    this.server = server;
    this.state = state;
    this.probe = probe;
    /** Requests that wait for approval. @type {string[]} */
    this.requests = [];
  }

  /** @returns {Promise<Admin>} */
  admin() {
    return Admin.open(join(this.state, "admin.sock"));
  }

  async loadRequests() {
    const admin = await this.admin();
    const { pending } = await admin.ask("device.pair.list", { limit: 1 });
    admin.close();
    this.requests = pending.map((/** @type {{ requestId: string }} */ row) => row.requestId);
  }

  /** The id of a request to approve: each is used once. */
  next() {
    const requestId = this.requests.pop();
    if (requestId === undefined) throw new Broken("too few requests were made for this row");
    return { requestId };
  }

  /** The longest turn since the last call, in ms: by the clock, and on the core. */
  async longestTurn() {
    return readProbe(this.server.pid, this.probe);
  }

  /** Bytes of the journal: of every file that is one, for builds differ in how many they have. */
  async journalBytes() {
    const names = (await readdir(this.state)).filter((name) => /\.journal(\.next)?$/.test(name));
    const files = names.map((name) => stat(join(this.state, name)).catch(() => undefined));
    return (await Promise.all(files)).reduce((sum, file) => sum + (file?.size ?? 0), 0);
  }

  /** Most resident memory so far, in bytes. */
  peak() {
    const text = readFileSync(`/proc/${this.server.pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
  }

  /** Ends it; its state is not kept. */
  async remove() {
    await this.server.stop();
    await rm(this.state, { recursive: true, force: true });
  }
}

/** @returns {Promise<{ wall: number, own: number }>} */
async function readProbe(/** @type {number} */ pid, /** @type {string} */ file) {
  rmSync(file, { force: true });
  process.kill(pid, "SIGUSR2");
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch {
      if (performance.now() > deadline) throw new Broken("the probe does not answer");
      await sleep(5);
    }
  }
}

/** A node that does nothing, with the probe. */
export class IdleNode {
  /** @param {Server} server @param {string} probe */
  constructor(server, probe) {
    this.server = server;
    this.probe = probe;
  }

  /** Resolves once it can be asked: a signal before that would end it. @param {string} folder */
  static async start(folder) {
    const probe = join(folder, "idle.probe");
    rmSync(probe, { force: true });
    const child = launch({ args: ["--import", PROBE, IDLE], env: { BENCH_PROBE: probe } });
    const server = new Server(child, { port: 0 });
    await retry(server, async () => existsSync(probe));
    return new IdleNode(server, probe);
  }

  longestTurn() {
    return readProbe(this.server.pid, this.probe);
  }

  async stop() {
    await this.server.stop();
  }
}

/** @type {WeakMap<Build, States>} */
const known = new WeakMap();

/** Makes state folders, each size once, and starts gateways on copies of them. */
export class States {
  /** Those of this build in this run. @param {Build} build */
  static of(build) {
    const states = known.get(build) ?? new States(build);
    known.set(build, states);
    return states;
  }

  #serial = 0;
  /** @type {Map<string, Promise<string>>} */
  #made = new Map();
  /** @type {Promise<string> | undefined} */
  #fill;

  /** @param {Build} build */
  constructor(build) {
    this.folder = join(build.folder, "states");
    this.build = build.withFlags(["--import", PROBE]);
  }

  /** @param {{ devices: number, requests: number }} size @returns {Promise<string>} */
  #template({ devices, requests }) {
    const name = `${devices}-${requests}`;
    const made = this.#made.get(name) ?? this.#make(join(this.folder, name), { devices, requests });
    this.#made.set(name, made);
    return made;
  }

  async #make(
    /** @type {string} */ folder,
    /** @type {{ devices: number, requests: number }} */ size,
  ) {
    await mkdir(this.folder, { recursive: true });
    this.#fill ??= buildFill(this.folder, this.build.sources);
    await makeState(await this.#fill, { folder, ...size });
    return folder;
  }

  /** A copy of the state of that size. @param {{ devices: number, requests: number }} size */
  async copy(size) {
    this.#serial += 1;
    const state = join(this.folder, `copy-${this.#serial}`);
    await cp(await this.#template(size), state, { recursive: true });
    return state;
  }

  /**
   * A gateway on `state`, ready. The first one on a copy still has its snapshot to write.
   * @param {string} state @param {Slow} [slow]
   */
  async start(state, slow = {}) {
    const probe = `${state}.probe`;
    const env = {
      OPENCLAW_GATEWAY_TOKEN: TOKEN,
      BENCH_PROBE: probe,
      BENCH_PROBE_SLOW: JSON.stringify(this.build.asIs ? {} : slow),
    };
    const server = await this.build.spawnGateway({ state, env, on: "all" });
    await retry(server, () => isReady(server.port), PATIENCE_MS);
    const subject = new Subject(server, { state, probe });
    await subject.loadRequests();
    return subject;
  }

  /** Approves until the snapshot that was due is written and its journal is gone. */
  async settle(/** @type {Subject} */ subject) {
    const before = await subject.journalBytes();
    const admin = await subject.admin();
    const deadline = performance.now() + PATIENCE_MS;
    while ((await subject.journalBytes()) >= before) {
      if (performance.now() > deadline) throw new Broken("no snapshot was written");
      await admin.ask("device.pair.approve", subject.next());
      await sleep(20);
    }
    admin.close();
  }
}
