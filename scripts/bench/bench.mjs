// What every row works with: the floor, the gateway, and what stands third beside them.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../test/kit/free-port.mjs";
import { Build, here, isReady, preloads, slowEnv } from "./gateway.mjs";
import { launch, retry, Server } from "./processes.mjs";

export class Bench {
  /**
   * @param {object} what
   * @param {string} what.folder
   * @param {Build} what.ours
   * @param {Build} what.control  third in turn: the same build, which rows make dearer by a known
   *                              amount, or the build that it is compared with
   */
  constructor({ folder, ours, control }) {
    this.folder = folder;
    this.ours = ours;
    this.control = control;
    this.payloads = join(folder, "payloads.json");
  }

  /** Makes the states that servers start on, and what the floor answers. */
  async provision() {
    const payloads = await this.ours.provision();
    await writeFile(this.payloads, JSON.stringify(payloads));
    if (this.control !== this.ours) await this.control.provision();
  }

  /** The same with both builds in each other's place. */
  swapped() {
    return new Bench({ folder: this.folder, ours: this.control, control: this.ours });
  }

  /** The end of what the gateways printed, for a failed run. */
  lastLog() {
    return [...new Set([this.ours, this.control])].map((build) => build.lastLog()).join("\n");
  }

  /** @param {import("./gateway.mjs").Start & { publishes?: boolean }} [options] */
  async floor({ preload, on, publishes = false } = {}) {
    const port = await freePort();
    const args = [...preloads(preload), here("floor.mjs"), String(port), this.payloads];
    if (publishes) args.push("publishes");
    const child = launch({ args, env: slowEnv(preload), ...(on && { on }) });
    const server = new Server(child, { port, logins: this.ours });
    await retry(server, () => isReady(port));
    return server;
  }
}
