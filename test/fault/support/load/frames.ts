import { expect } from "vitest";
import { limitTable } from "../../../../src/limits/table.ts";
import { connectParams, makeDevice } from "../../../kit/client.ts";
import { each } from "../attackers.ts";
import { type Ground, type Offence, tally, words } from "./ground.ts";

const { preAuthFrameBytes, maxPayloadBytes, transportPayloadBytes } = limitTable;
const FLOOD = 20_000;
const BATCH = 500;
const CHANGES = 600;
/** Fewer than the secrets that may wait to be hashed: past that the connect is answered at once. */
const BEHIND = 20;

/** Sends one frame of that size on a fresh socket; resolves with how it was closed. */
async function shout(ground: Ground, address: string, bytes: number): Promise<string> {
  const client = await ground.open(address);
  client.send("x".repeat(bytes));
  const { code, reason } = await client.end();
  return `${code} ${reason}`.trim();
}

const hugeBefore: Offence = {
  name: "huge frames before authentication",
  rows: ["preAuthFrameBytes", "transportPayloadBytes"],
  async run(ground) {
    const ends: string[] = [];
    await each(ground.addresses(20), 5, async (address) => {
      ends.push(await shout(ground, address, preAuthFrameBytes.value + 1));
    });
    await each(ground.addresses(8), 4, async (address) => {
      ends.push(await shout(ground, address, maxPayloadBytes.value));
      ends.push(await shout(ground, address, transportPayloadBytes.value + 1));
    });
    const counts = tally(ends);
    expect(counts).toEqual({ "1009 frame too large before authentication": 28, "1006": 8 });
    return words(counts);
  },
};

const hugeAfter: Offence = {
  name: "huge frames after authentication",
  rows: ["maxPayloadBytes", "transportPayloadBytes"],
  async run(ground) {
    const ends: string[] = [];
    for (const bytes of [maxPayloadBytes.value + 1, transportPayloadBytes.value + 1]) {
      for (let i = 0; i < 4; i += 1) {
        const client = await ground.insider({ scopes: ["operator.read"] });
        client.send("x".repeat(bytes));
        const { code, reason } = await client.end();
        ends.push(`${code} ${reason}`.trim());
      }
    }
    expect(tally(ends)).toEqual({ "1009 frame too large": 4, "1006": 4 });
    return words(tally(ends));
  },
};

const behindConnect: Offence = {
  name: "floods behind an unanswered connect",
  rows: ["queuedBehindConnect"],
  async run(ground) {
    const ends: string[] = [];
    await each(ground.addresses(BEHIND), 8, async (address) => {
      const client = await ground.open(address);
      // A secret that must be hashed keeps the connect undecided for a while.
      const wrong = { device: makeDevice(), auth: { token: `wrong ${address}` } };
      const params = connectParams(await client.challenge(), wrong);
      client.send({ type: "req", id: "c", method: "connect", params });
      for (let i = 0; i < 100; i += 1) client.send({ type: "req", id: `f${i}`, method: "health" });
      const { code, reason } = await client.end();
      ends.push(`${code} ${reason}`);
    });
    expect(tally(ends)).toEqual({ "1008 too many pending handshake frames": BEHIND });
    return words(tally(ends));
  },
};

const floods: Offence = {
  name: `${FLOOD} requests and ${CHANGES} durable ones as fast as they go`,
  rows: ["requestsInFlight"],
  async run(ground) {
    const scopes = ["operator.read", "operator.pairing", "operator.admin"];
    const device = makeDevice();
    const client = await ground.insider({ scopes, device });
    for (let sent = 0; sent < FLOOD; sent += BATCH) {
      client.frames.length = 0;
      for (let i = 1; i < BATCH; i += 1) {
        client.send({ type: "req", id: `${sent + i}`, method: "health" });
      }
      expect((await client.request("health", undefined, `end ${sent}`)).ok).toBe(true);
      const answers = client.frames.filter(({ type, ok }) => type === "res" && ok);
      expect(answers).toHaveLength(BATCH);
    }
    client.frames.length = 0;
    const { deviceId } = device;
    for (let i = 0; i < CHANGES; i += 1) {
      const params = { deviceId, label: `name ${i}` };
      client.send({ type: "req", id: `n${i}`, method: "device.pair.rename", params });
    }
    for (let i = 0; i < CHANGES; i += 1) await client.next(({ id }) => id === `n${i}`);
    const answers = client.frames.filter(({ id }) => /^n\d/.test(id));
    const counts = tally(answers.map(({ ok, error }) => (ok ? "done" : error.message)));
    expect(Object.keys(counts).sort()).toEqual(["done", "too many requests in flight"]);
    expect(counts["done"]).toBeGreaterThanOrEqual(limitTable.requestsInFlight.value);
    client.close();
    return words(counts);
  },
};

const strangersCalls: Offence = {
  name: "a node that calls what is not for nodes",
  rows: ["unauthorizedCalls"],
  async run(ground) {
    const client = await ground.insider({ role: "node" });
    for (let i = 0; i < 500; i += 1) client.send({ type: "req", id: `u${i}`, method: "status" });
    const end = await client.end();
    expect(end).toEqual({ code: 1008, reason: "repeated unauthorized calls" });
    return `${end.code} ${end.reason}`;
  },
};

export const frameOffences: readonly Offence[] = [
  hugeBefore,
  hugeAfter,
  behindConnect,
  floods,
  strangersCalls,
];
