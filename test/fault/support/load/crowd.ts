import { parentPort, workerData } from "node:worker_threads";
import { AdminLink } from "../../../../src/cli/reach/admin-link.ts";
import type { Frame, TestDevice } from "../../../kit/client.ts";
import { until } from "../../../kit/until.ts";
import { MEMBER_SCOPES, Member, makeDevice, shakeHands } from "./member.ts";
import { type CrowdOptions, type CrowdReport, quantile } from "./report.ts";

// The crowd's own thread: what it measures is the gateway's time, not the attackers'.

const PULSE_MS = 200;
const JOINING_AT_ONCE = 8;
/** Where new devices ask from: no attacker comes from there. */
const OWN_ADDRESS = "127.9.9.9";

const { url, adminSocket, token, clients } = workerData as CrowdOptions;
const auth = { token };

class Crowd {
  readonly #members: Member[] = [];
  readonly #expected = new Set<string>();
  readonly #problems: string[] = [];
  readonly #approvals: number[] = [];
  #returns = 0;
  #pulsing: Promise<void> = Promise.resolve();
  #on = false;
  #returning: { device: TestDevice; deviceToken: string } | undefined;

  constructor(private readonly owner: AdminLink) {}

  async gather(): Promise<void> {
    const join = async () => {
      while (this.#members.length < clients) {
        const device = await this.#pair();
        if (this.#members.length < clients)
          this.#members.push(await Member.join(url, device, auth));
      }
    };
    await Promise.all(Array.from({ length: JOINING_AT_ONCE }, join));
    const device = await this.#pair();
    const { ws, answer } = await shakeHands(url, { device, auth, scopes: MEMBER_SCOPES });
    ws.terminate();
    this.#returning = { device, deviceToken: answer.payload.auth.deviceToken };
  }

  async #pair(): Promise<TestDevice> {
    const device = makeDevice();
    const { ws, answer } = await shakeHands(url, { device, auth, scopes: MEMBER_SCOPES });
    ws.terminate();
    await this.owner.request("device.pair.approve", answer.error.details);
    return device;
  }

  begin(): void {
    this.#on = true;
    for (const [i, member] of this.#members.entries()) member.start((i * 100) / clients);
    this.#pulsing = this.#pulse();
  }

  /** Lets a new device in and an old one return, again and again. */
  async #pulse(): Promise<void> {
    while (this.#on) {
      const next = new Promise((resolve) => setTimeout(resolve, PULSE_MS));
      await this.#approveOne().catch((error) => this.#problems.push(`approval: ${error}`));
      await this.#return().catch((error) => this.#problems.push(`return: ${error}`));
      await next;
    }
  }

  async #approveOne(): Promise<void> {
    const hands = { device: makeDevice(), scopes: ["operator.read"], caps: ["pairing-wait"] };
    const { ws, answer } = await shakeHands(url, { ...hands, localAddress: OWN_ADDRESS });
    const { requestId, code } = answer.error.details;
    // Where strangers ask without end a new device has to try again; no other client notices.
    if (code === "PAIRING_BUSY") return ws.terminate();
    const at = performance.now();
    await this.owner.request("device.pair.approve", { requestId });
    this.#approvals.push(performance.now() - at);
    this.#expected.add(requestId);
    ws.terminate();
  }

  async #return(): Promise<void> {
    if (!this.#returning) return;
    const { device, deviceToken } = this.#returning;
    const hands = { device, auth: { deviceToken }, scopes: MEMBER_SCOPES };
    const { ws, answer } = await shakeHands(url, hands);
    ws.terminate();
    if (answer.ok) this.#returns += 1;
    else this.#problems.push(`return refused: ${JSON.stringify(answer.error)}`);
  }

  /** Stops, waits for what is owed, says how it was. */
  async end(): Promise<CrowdReport> {
    this.#on = false;
    for (const member of this.#members) member.stop();
    await this.#pulsing;
    const settled = () => this.#members.every((member) => this.#owed(member) === 0);
    await until(settled, "all answers and events").catch((error: Error) => {
      const owed = this.#members.map((member) => this.#owed(member)).filter((n) => n > 0);
      this.#problems.push(`${error.message}; owed: ${owed}`);
    });
    const latencies = this.#members.flatMap((member) => member.latencies.splice(0));
    const approvals = this.#approvals.splice(0);
    const report: CrowdReport = {
      requests: latencies.length,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      approvals: approvals.length,
      approvalP50: quantile(approvals, 0.5),
      approvalMax: quantile(approvals, 1),
      returns: this.#returns,
      problems: [
        ...this.#problems.splice(0),
        ...this.#members.flatMap((m) => m.problems.splice(0)),
      ],
    };
    this.#returns = 0;
    this.#expected.clear();
    for (const member of this.#members) member.resolved.clear();
    return report;
  }

  /** Answers and events that one member still has to get. */
  #owed(member: Member): number {
    return member.unanswered + [...this.#expected].filter((id) => !member.resolved.has(id)).length;
  }

  async leave(): Promise<void> {
    for (const member of this.#members) member.leave();
    await this.owner.close();
  }
}

const crowd = new Crowd(await AdminLink.open(adminSocket));
await crowd.gather();
parentPort?.on("message", async ({ what }: Frame) => {
  if (what === "begin") crowd.begin();
  if (what === "end") parentPort?.postMessage(await crowd.end());
  if (what === "leave") {
    await crowd.leave();
    parentPort?.close();
  }
});
parentPort?.postMessage("ready");
