import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { AdminLink } from "../../../src/cli/reach/admin-link.ts";
import { CrowdThread } from "../../fault/support/load/crowd-thread.ts";
import type { CrowdReport } from "../../fault/support/load/report.ts";
import { type Row, table } from "../../fault/support/load/table.ts";
import { type Frame, makeDevice, RawClient } from "../../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN, type ProcessOptions } from "../../kit/process.ts";
import { Attack, type AttackOptions, type AttackResult } from "./attack.ts";

const MiB = 1024 * 1024;
const CALM_MS = 300;
const WAITING = 10;

export interface SiegeOptions extends ProcessOptions {
  /** Paired clients that work, among them some that come back and some that are approved. */
  readonly clients?: number;
  /** What its configuration says. */
  readonly config?: object;
}

/** What the gateway's process took while an attack went on. */
export interface Toll {
  readonly result: AttackResult;
  readonly during: CrowdReport;
  /** Most memory above what it took before, in bytes. */
  readonly grew: number;
  /** Most files open at once. */
  readonly files: number;
}

/** A built gateway with those on it who must not notice: clients that work, devices that wait, the owner. */
export class Siege {
  readonly #rows: Row[] = [];
  readonly #waiting: { readonly client: RawClient; readonly code: string }[] = [];

  private constructor(
    readonly gateway: GatewayProcess,
    readonly owner: AdminLink,
    private readonly crowd: CrowdThread,
  ) {}

  static async begin({
    clients = 100,
    config = {},
    ...options
  }: SiegeOptions = {}): Promise<Siege> {
    const gateway = await GatewayProcess.prepare(options);
    await writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config));
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    const owner = await AdminLink.open(gateway.adminSocket);
    const { url, adminSocket } = gateway;
    const crowd = await CrowdThread.start({ url, adminSocket, token: PROCESS_TOKEN, clients });
    const siege = new Siege(gateway, owner, crowd);
    for (let n = 1; n <= WAITING; n += 1) await siege.#wait(`127.77.${n}.1`);
    await crowd.calm(CALM_MS);
    return siege;
  }

  async #wait(localAddress: string): Promise<void> {
    const client = await RawClient.open(this.gateway.url, { localAddress });
    const answer = await client.connect({ device: makeDevice(), caps: ["pairing-wait"], auth: {} });
    this.#waiting.push({ client, code: answer.error.details.requestId });
  }

  get memory(): number {
    const status = readFileSync(`/proc/${this.gateway.run.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  get files(): number {
    return readdirSync(`/proc/${this.gateway.run.pid}/fd`).length;
  }

  async counters(): Promise<Readonly<Record<string, number>>> {
    const { gateway } = (await this.owner.request("status")) as Frame;
    return gateway.closes;
  }

  /** Goes through `attack` for `ms`, and asserts that no other client, nor the owner, noticed. */
  async endure(name: string, attack: AttackOptions, ms: number): Promise<Toll> {
    const before = await this.crowd.calm(CALM_MS);
    const memoryBefore = this.memory;
    const running = Attack.start(attack);
    this.crowd.begin();
    const seen = await this.#watch(ms).catch((error: Error) => error);
    const during = await this.crowd.end().finally(() => running.stop());
    const result = await running.stop();
    if (seen instanceof Error) throw seen;
    const { most, files } = seen;
    const after = await this.crowd.calm(CALM_MS);
    const grew = Math.max(0, most - memoryBefore);
    const outcome = `${result.opened} sockets, ${result.sent} sent; memory +${Math.round(grew / MiB)} MiB, ${files} files`;
    this.#rows.push({ offence: name, before, during, after, outcome });
    for (const report of [before, during, after]) this.#expectUndisturbed(report);
    await this.expectWaiting();
    return { result, during, grew, files };
  }

  /** What the process takes in `ms`, while the owner types commands. */
  async #watch(ms: number): Promise<{ most: number; files: number }> {
    let [most, files] = [0, 0];
    const until = performance.now() + ms;
    while (performance.now() < until) {
      await pause(50);
      most = Math.max(most, this.memory);
      files = Math.max(files, this.files);
      // What the owner types is answered over a socket of its own, as a command's is.
      await this.#type();
    }
    return { most, files };
  }

  async #type(): Promise<void> {
    const link = await AdminLink.open(this.gateway.adminSocket);
    await link.request("status");
    await link.close();
  }

  #expectUndisturbed(report: CrowdReport): void {
    expect(report.problems).toEqual([]);
    expect(report.requests).toBeGreaterThan(0);
  }

  /** No device that waits was closed, and no code is lost. */
  async expectWaiting(): Promise<void> {
    expect(this.#waiting.map(({ client }) => client.closed)).toEqual(
      this.#waiting.map(() => undefined),
    );
    const { pending } = (await this.owner.request("device.pair.list")) as Frame;
    const codes = new Set(pending.map((row: Frame) => row.requestId));
    expect(this.#waiting.filter(({ code }) => !codes.has(code))).toEqual([]);
  }

  async end(): Promise<void> {
    console.log(table(this.#rows));
    for (const { client } of this.#waiting) client.ws.terminate();
    await this.crowd.close();
    await this.owner.close();
    await this.gateway.close();
  }
}
