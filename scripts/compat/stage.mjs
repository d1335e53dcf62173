// What every row works with: a gateway of ours on a state folder of its own, and OpenClaw's programs
// with home and state folders of theirs, all below one temporary folder.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/kit/free-port.mjs";
import { GatewayRun, gatewayArgs } from "../../test/kit/gateway-run.mjs";
import { Program } from "../../test/kit/program.mjs";
import { lastLine, NotWorking, runToEnd } from "./processes.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/index.js");
/** Long enough for their slowest command on a busy machine, short enough for a run that ends. */
const COMMAND_MS = 120_000;
export const TOKEN = "compat-token-0123456789abcdef01234567";

export class Stage {
  /** @type {GatewayRun | undefined} */
  #gateway;

  /** @param {{ folder: string, packages: string, port: number }} parts */
  constructor({ folder, packages, port }) {
    this.folder = folder;
    this.packages = packages;
    this.port = port;
    this.openclaw = join(packages, "openclaw");
    this.node = join(packages, `node-linux-${process.arch}/bin/node`);
    this.stateDir = join(folder, "ours");
    /** What rows leave for later rows, such as the id of the node host. @type {Record<string, any>} */
    this.found = {};
    /** What has to be closed at the end. @type {(() => unknown)[]} */
    this.closers = [];
    /** Programs that took part beside OpenClaw's own, such as `Chromium 120`. @type {string[]} */
    this.versions = [];
  }

  /** @param {{ packages: string }} options */
  static async make({ packages }) {
    const folder = await mkdtemp(join(tmpdir(), "compat-"));
    const stage = new Stage({ folder, packages, port: await freePort() });
    await mkdir(join(folder, "tmp"));
    await mkdir(stage.stateDir);
    const config = { dashboard: { root: stage.webApp } };
    await writeFile(join(stage.stateDir, "openclaw.json"), JSON.stringify(config, null, 2));
    return stage;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The folder of OpenClaw's own web app. */
  get webApp() {
    return join(this.openclaw, "dist/control-ui");
  }

  // --- ours

  #ourEnv() {
    const { stateDir } = this;
    return { PATH: process.env["PATH"] ?? "", HOME: stateDir, OPENCLAW_STATE_DIR: stateDir };
  }

  /** Starts our gateway and waits until it is ready. */
  async startGateway() {
    const words = [process.execPath, ...gatewayArgs({ program, port: this.port })];
    const env = { ...this.#ourEnv(), OPENCLAW_GATEWAY_TOKEN: TOKEN };
    this.#gateway = new GatewayRun(words, { env, cwd: this.stateDir, group: true });
    await this.#gateway.ready();
  }

  async stopGateway() {
    await this.#gateway?.stop();
    this.#gateway = undefined;
  }

  /** Ends it without a word, as a power cut would. */
  async killGateway() {
    this.#gateway?.signal("SIGKILL");
    await this.#gateway?.ended;
    this.#gateway = undefined;
  }

  /** What our gateway logged since its start. */
  get log() {
    return this.#gateway?.output ?? "";
  }

  /** The payload of one of our own commands. @param {readonly string[]} args */
  async ours(...args) {
    const words = [process.execPath, program, ...args, "--json"];
    const ran = await runToEnd(words, { env: this.#ourEnv(), cwd: this.stateDir, ms: COMMAND_MS });
    if (ran.code !== 0) throw new NotWorking(`our ${args.join(" ")}: ${lastLine(ran.output)}`);
    return JSON.parse(ran.stdout);
  }

  // --- theirs

  /** The environment of their programs, each with a home of its own. @param {string} home */
  theirEnv(home) {
    return {
      PATH: `${join(this.node, "..")}:/usr/bin:/bin`,
      HOME: join(this.folder, home),
      OPENCLAW_STATE_DIR: join(this.folder, home, ".openclaw"),
      TMPDIR: join(this.folder, "tmp"),
      NO_COLOR: "1",
      TERM: "dumb",
      // Some commands ask npm for updates: that would be news of the network, not of the gateway.
      npm_config_offline: "true",
    };
  }

  /** Makes a home for their programs. @param {string} home @param {object} [config] */
  async makeHome(home, config) {
    const state = join(this.folder, home, ".openclaw");
    if (existsSync(state)) return;
    await mkdir(state, { recursive: true });
    // Their log goes to /tmp/openclaw otherwise, whatever TMPDIR says.
    const logging = { file: join(this.folder, home, "openclaw.log") };
    await writeFile(join(state, "openclaw.json"), JSON.stringify({ ...config, logging }));
  }

  /** Their command line's words. @param {readonly string[]} args */
  words(args) {
    return [this.node, join(this.openclaw, "openclaw.mjs"), ...args];
  }

  /**
   * Runs their command line in `home` as it is installed beside the gateway: with the gateway's port
   * and token in its own configuration.
   * @param {readonly string[]} args @param {{ home?: string, env?: Record<string, string> }} [options]
   */
  async theirs(args, { home = "cli", env = {} } = {}) {
    const auth = { mode: "token", token: TOKEN };
    await this.makeHome(home, { gateway: { mode: "local", port: this.port, auth } });
    const cwd = join(this.folder, home);
    return runToEnd(this.words(args), {
      env: { ...this.theirEnv(home), ...env },
      cwd,
      ms: COMMAND_MS,
    });
  }

  /** Starts one of their programs that runs on. @param {readonly string[]} args @param {string} home */
  async launchTheirs(args, home, env = {}) {
    await this.makeHome(home);
    return new Program(this.words(args), {
      env: { ...this.theirEnv(home), ...env },
      cwd: join(this.folder, home),
      group: true,
    });
  }

  /** Ends everything that is still open. */
  async close() {
    for (const close of this.closers.toReversed()) await close();
    await this.stopGateway();
  }
}
