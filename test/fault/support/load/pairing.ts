import { expect } from "vitest";
import { limitTable } from "../../../../src/limits/table.ts";
import {
  type ConnectOptions,
  type Frame,
  makeDevice,
  type RawClient,
  type TestDevice,
} from "../../../kit/client.ts";
import { PROCESS_TOKEN } from "../../../kit/process.ts";
import { each } from "../attackers.ts";
import { type Ground, type Offence, tally, words } from "./ground.ts";

const caps = ["pairing-wait"];
const GUESSES = 20_000;
const BATCH = 1000;

/** Who shows the shared secret asks as often as it likes; strangers are paced. */
const secret = { auth: { token: PROCESS_TOKEN } };

/** Asks for approval and stays; `told` is the code of the answer. */
async function ask(ground: Ground, address: string, asks: { device: TestDevice; auth?: object }) {
  const client = await ground.open(address);
  const { error } = await client.connect({ ...asks, caps } as ConnectOptions);
  return { client, requestId: String(error.details.requestId), told: String(error.details.code) };
}

async function pendingFrom(ground: Ground): Promise<Frame[]> {
  const list = (await ground.owner.request("device.pair.list")) as Frame;
  return list.pending;
}

const pendingFromOne: Offence = {
  name: "100 requests for approval from one address",
  rows: ["pendingPerAddress"],
  async run(ground) {
    const address = ground.address();
    const codes = new Set<string>();
    const told: string[] = [];
    await each(Array.from({ length: 100 }), 4, async () => {
      const asked = await ask(ground, address, { device: makeDevice(), ...secret });
      told.push(asked.told);
      if (asked.told === "PAIRING_REQUIRED") codes.add(asked.requestId);
      asked.client.ws.terminate();
    });
    const left = (await pendingFrom(ground)).filter(({ requestId }) => codes.has(requestId));
    const { value } = limitTable.pendingPerAddress;
    expect(tally(told)).toEqual({ PAIRING_REQUIRED: value, PAIRING_BUSY: 100 - value });
    expect(left).toHaveLength(value);
    return `the first ${left.length} are kept`;
  },
};

const pendingFromMany: Offence = {
  name: "400 requests for approval from as many addresses",
  rows: ["pendingRequests"],
  async run(ground) {
    const codes = new Set<string>();
    await each(ground.addresses(400), 8, async (address) => {
      const asked = await ask(ground, address, { device: makeDevice(), ...secret });
      codes.add(asked.requestId);
      asked.client.ws.terminate();
    });
    const left = await pendingFrom(ground);
    const { value } = limitTable.pendingRequests;
    expect(left.length).toBeLessThanOrEqual(value);
    // The crowd's own requests are approved meanwhile, which makes room for as many.
    expect(left.length).toBeGreaterThan(value - 10);
    await rejectAll(ground, codes);
    return `${left.length} are kept`;
  },
};

/** Rejects what an offence asked for, and nothing of the crowd's: a client that asks later finds a place. */
async function rejectAll(ground: Ground, codes: ReadonlySet<string>): Promise<void> {
  await each([...codes], 4, async (requestId) => {
    await ground.owner.request("device.pair.reject", { requestId }).catch(() => undefined);
  });
}

const strangersAsk: Offence = {
  name: "300 strangers ask, from as many addresses",
  rows: ["requestBurst", "requestBurstPerPrefix"],
  async run(ground) {
    const told: string[] = [];
    const codes = new Set<string>();
    await each(ground.addresses(300), 8, async (address) => {
      const asked = await ask(ground, address, { device: makeDevice() });
      told.push(asked.told);
      if (asked.told === "PAIRING_REQUIRED") codes.add(asked.requestId);
      asked.client.ws.terminate();
    });
    expect(Object.keys(tally(told)).sort()).toEqual(["PAIRING_BUSY", "PAIRING_REQUIRED"]);
    await rejectAll(ground, codes);
    return words(tally(told));
  },
};

/**
 * An address's own requests are bounded before its waiting sockets are, so these devices ask from one
 * address each, and then all wait at one.
 */
const waitingStorm: Offence = {
  name: "60 devices that wait, all at one address",
  rows: ["waitingPerAddress"],
  async run(ground) {
    const devices = ground.addresses(60).map((address) => ({ address, device: makeDevice() }));
    await each(devices, 4, async ({ address, device }) => {
      (await ask(ground, address, { device, ...secret })).client.ws.terminate();
    });
    const one = ground.address();
    const clients: RawClient[] = [];
    for (const { device } of devices) {
      clients.push((await ask(ground, one, { device, ...secret })).client);
    }
    const { value } = limitTable.waitingPerAddress;
    const evicted = await Promise.all(clients.slice(value).map((client) => client.end()));
    const counts = tally(evicted.map(({ code, reason }) => `${code} ${reason}`));
    expect(counts).toEqual({ "1013 too many waiting": clients.length - value });
    expect(clients.slice(0, value).map(({ closed }) => closed)).toEqual(
      Array.from({ length: value }, () => undefined),
    );
    for (const client of clients) client.ws.terminate();
    return words(counts);
  },
};

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const pick = () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)];
const anyCode = () => Array.from({ length: 9 }, (_, i) => (i === 4 ? "-" : pick())).join("");

const codeGuessing: Offence = {
  name: `${GUESSES} guessed codes by a paired device, and the right one`,
  rows: ["codeFailures"],
  async run(ground) {
    const victim = await ask(ground, ground.address(), { device: makeDevice(), ...secret });
    const client = await ground.insider({ scopes: ["operator.pairing"] }, true);
    const approve = (id: string, requestId: string) =>
      client.send({ type: "req", id, method: "device.pair.approve", params: { requestId } });
    const told: string[] = [];
    for (let sent = 0; sent < GUESSES; sent += BATCH) {
      client.frames.length = 0;
      for (let i = 1; i < BATCH; i += 1) approve(`g${sent + i}`, anyCode());
      const { requestId } = victim;
      await client.request("device.pair.approve", { requestId }, `right ${sent}`);
      await client.next((frame) => frame.id === `g${sent + BATCH - 1}`);
      const answers = client.frames.filter(({ type }) => type === "res");
      told.push(...answers.map(({ ok, error }) => (ok ? "approved" : error.message)));
    }
    // Another's code is as unknown to it as one that is not there; then it may name none any more.
    const { value } = limitTable.codeFailures;
    expect(tally(told)).toEqual({
      "device pairing approval denied": value,
      "too many unknown codes; retry later": GUESSES - value,
    });
    // It alone: others decide as before, and it does all else as before.
    expect((await client.request("device.pair.list", {})).ok).toBe(true);
    const pending = await pendingFrom(ground);
    expect(pending.map(({ requestId }) => requestId)).toContain(victim.requestId);
    await ground.owner.request("device.pair.approve", { requestId: victim.requestId });
    client.close();
    victim.client.ws.terminate();
    return words(tally(told));
  },
};

const linkGuessing: Offence = {
  name: "60 guessed one-time links and as many device tokens",
  rows: ["authFailures"],
  async run(ground) {
    const [links, tokens] = ground.addresses(2);
    const told: string[] = [];
    await each(Array.from({ length: 60 }), 4, async (_, i) => {
      const guess = `${i}`.padEnd(43, "x");
      const device = makeDevice();
      told.push(await ground.stranger(links ?? "", { device, auth: { bootstrapToken: guess } }));
      told.push(await ground.stranger(tokens ?? "", { device, auth: { deviceToken: guess } }));
    });
    const { value } = limitTable.authFailures;
    expect(tally(told)).toEqual({
      AUTH_BOOTSTRAP_TOKEN_INVALID: value,
      AUTH_DEVICE_TOKEN_MISMATCH: value,
      AUTH_RATE_LIMITED: told.length - 2 * value,
    });
    return words(tally(told));
  },
};

export const pairingOffences: readonly Offence[] = [
  waitingStorm,
  pendingFromOne,
  pendingFromMany,
  strangersAsk,
  codeGuessing,
  linkGuessing,
];
