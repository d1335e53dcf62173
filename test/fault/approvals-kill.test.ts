import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";

/** At least the first many rounds; up to the second many while there is time. */
const ROUNDS = { least: 15, most: 20, ms: 30_000 };
const ASKING_AT_ONCE = 4;
/** Below the limit of pending requests per address, so that none is pushed out. */
const UNDECIDED_AT_MOST = 10;
const LONGEST_STORM_MS = 250;

const auth = { token: PROCESS_TOKEN };
const scopes = ["operator.read", "operator.write"];
const watcher = { device: makeDevice(), auth, scopes: ["operator.pairing", "operator.read"] };

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

/** What anybody was told so far; all of it must outlive every kill. */
const told = {
  /** Devices whose approval was answered. */
  approved: new Set<string>(),
  /** Codes that a refused device or a watcher saw, by device. */
  asked: new Map<string, string>(),
  /** Devices that an event called approved. */
  announced: new Set<string>(),
};

/** One stretch of life: devices ask, the owner approves, somebody watches, until the kill. */
class Storm {
  readonly #codes: { requestId: string; deviceId: string }[] = [];
  #over = false;
  #undecided = 0;
  #lively = 0;

  async rage(ms: number): Promise<void> {
    const watching = await RawClient.open(gateway.url);
    await watching.connect(watcher);
    const owner = await AdminLink.open(gateway.adminSocket);
    const asking = Array.from({ length: ASKING_AT_ONCE }, () => this.#ask());
    const work = [...asking, this.#approve(owner)];
    // Only a storm that blows is worth interrupting.
    await until(() => this.#lively > 3, "the first approvals");
    await pause(ms);
    await gateway.kill();
    this.#over = true;
    await Promise.all(work);
    await watching.end();
    hear(watching.frames);
  }

  /** New devices ask, one after the other. */
  async #ask(): Promise<void> {
    while (!this.#over) {
      if (this.#undecided >= UNDECIDED_AT_MOST) await pause(1);
      else await this.#askOnce().catch(() => undefined);
    }
  }

  async #askOnce(): Promise<void> {
    this.#undecided += 1;
    const device = makeDevice();
    const client = await RawClient.open(gateway.url);
    const refused = await client.connect({ device, auth, scopes });
    const { requestId } = refused.error.details;
    told.asked.set(device.deviceId, requestId);
    this.#codes.push({ requestId, deviceId: device.deviceId });
    client.close();
  }

  /** The owner approves what there is, several at once as scripts do. */
  async #approve(owner: AdminLink): Promise<void> {
    while (!this.#over) {
      const batch = this.#codes.splice(0, 3);
      if (batch.length === 0) await pause(1);
      await Promise.all(batch.map((code) => this.#approveOne(owner, code))).catch(() => undefined);
    }
    await owner.close();
  }

  async #approveOne(
    owner: AdminLink,
    { requestId, deviceId }: { requestId: string; deviceId: string },
  ): Promise<void> {
    await owner.request("device.pair.approve", { requestId });
    told.approved.add(deviceId);
    this.#undecided -= 1;
    this.#lively += 1;
  }
}

/** Takes down what the watcher was told. */
function hear(frames: readonly Frame[]): void {
  for (const { event, payload } of frames) {
    if (event === "device.pair.requested") told.asked.set(payload.deviceId, payload.requestId);
    if (event === "device.pair.resolved" && payload.decision === "approved") {
      told.announced.add(payload.deviceId);
    }
  }
}

/** Compares the state after a restart with all that was ever told. */
async function compare(): Promise<void> {
  const { paired, pending } = await ownerList();
  const devices = new Set(paired.map(({ deviceId }) => deviceId));
  const codes = new Map(pending.map(({ deviceId, requestId }) => [deviceId, requestId]));
  const lost = {
    approvals: [...told.approved].filter((deviceId) => !devices.has(deviceId)),
    events: [...told.announced].filter((deviceId) => !devices.has(deviceId)),
    requests: [...told.asked].filter(
      ([deviceId, code]) => !devices.has(deviceId) && codes.get(deviceId) !== code,
    ),
  };
  expect(lost).toEqual({ approvals: [], events: [], requests: [] });
}

async function ownerList(): Promise<{ paired: Frame[]; pending: Frame[] }> {
  const owner = await AdminLink.open(gateway.adminSocket);
  const list = (await owner.request("device.pair.list")) as { paired: Frame[]; pending: Frame[] };
  await owner.close();
  return list;
}

/** Decides what the kill left open: a code that was shown before it still approves. */
async function approveRest(): Promise<number> {
  const { pending } = await ownerList();
  const owner = await AdminLink.open(gateway.adminSocket);
  for (const { requestId, deviceId } of pending) {
    await owner.request("device.pair.approve", { requestId });
    told.approved.add(deviceId);
  }
  await owner.close();
  return pending.length;
}

test("kill -9 while approvals stream in loses nothing that anybody was told", async () => {
  const first = await RawClient.open(gateway.url);
  const { requestId } = (await first.connect(watcher)).error.details;
  await gateway.ok(["devices", "approve", requestId]);
  let leftOpen = 0;
  let slowestStart = 0;
  const began = performance.now();
  const more = (round: number) =>
    round < ROUNDS.least || (round < ROUNDS.most && performance.now() - began < ROUNDS.ms);
  for (let round = 0; more(round); round += 1) {
    await new Storm().rage(Math.random() * LONGEST_STORM_MS);
    const startedAt = performance.now();
    // The dead holder's lock is taken over at the first attempt: nobody has to wait or clean up.
    const run = await gateway.start();
    slowestStart = Math.max(slowestStart, performance.now() - startedAt);
    expect(run.log.filter(({ level }) => level >= 50)).toEqual([]);
    await compare();
    leftOpen += await approveRest();
  }
  expect(told.approved.size).toBeGreaterThan(ROUNDS.least * 3);
  expect(told.announced.size).toBeGreaterThan(ROUNDS.least);
  expect(leftOpen).toBeGreaterThan(0);
  console.log(`slowest start after kill -9: ${slowestStart.toFixed(0)} ms`);
  expect(gateway.output).not.toContain("STORE_LOCKED");
});
