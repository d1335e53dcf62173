// A process that holds one server's crowd of connections, as its parent says over IPC: the number of
// open files is bounded per process, and so is what one process can read in a moment.
import { createPrivateKey } from "node:crypto";
import { connectFrame, WireClient } from "../../../test/kit/wire-client.mjs";
import { Broken } from "../processes.mjs";

/**
 * @typedef {object} Open
 * @property {number} port
 * @property {number} count
 * @property {string} mode
 * @property {number} lanes                     connects under way at a time
 * @property {readonly (readonly string[])[]} scopes  taken in turn
 *
 * @typedef {{ deviceId: string, publicKey: string, pem: string, token: string }} Identity
 */

const OK = Buffer.from('"ok":true');
const RESPONSE = Buffer.from('{"type":"res"');
const CHANGED = Buffer.from('"event":"device.pair.changed"');
/** A frame says early what it is; the rest of a long one is not looked at. */
const LOOK = 96;
const PATIENCE_MS = 120_000;
const ADDRESSES = 200;

/** @type {WireClient[]} */
const wires = [];
/** @type {{ device: import("../../../test/kit/device.mjs").TestDevice, token: string }[]} */
let identities = [];
let opened = 0;

/** Whoever has heard the event that goes out; the last one ends the waiting. */
let heard = 0;
let wanted = 0;
let lastAt = 0;
let complete = () => {};

/** The machine's monotonic clock, which all processes share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** @param {Open} plan @returns {Promise<{ ms: number, helloMs: number[] }>} */
async function open({ count, lanes, ...plan }) {
  const startedAt = now();
  /** @type {number[]} */
  const helloMs = [];
  const end = opened + count;
  const lane = async () => {
    while (opened < end) helloMs.push(await connectOne(opened++, plan));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { ms: now() - startedAt, helloMs };
}

/** @param {number} index @param {Omit<Open, "count" | "lanes">} plan @returns {Promise<number>} */
function connectOne(index, { port, mode, scopes }) {
  const { device, token } = identities[index % identities.length] ?? {};
  if (!device || !token) throw new Broken("no device is paired");
  const wanted = scopes[index % scopes.length] ?? [];
  const login = { device, mode, auth: { deviceToken: token }, scopes: wanted };
  return new Promise((resolve, reject) => {
    const startedAt = now();
    const localAddress = `127.0.0.${2 + (index % ADDRESSES)}`;
    const wire = new WireClient({ port, localAddress });
    wire.onClose = () => reject(new Broken("a connection ended before its hello-ok"));
    wire.onText = (payload) => {
      const head = payload.subarray(0, LOOK);
      if (head.indexOf(RESPONSE) !== 0) {
        wire.write(connectFrame(JSON.parse(payload.toString()).payload, login));
        return;
      }
      if (head.indexOf(OK) < 0) return reject(new Broken(`connect: ${payload}`));
      resolve(now() - startedAt);
      hold(wire);
    };
  });
}

/** Counts what it hears. On the gateway `seq` must have no gap. */
function hold(/** @type {WireClient} */ wire) {
  let seq = 0;
  wire.onClose = () => fail("a connection of the crowd ended");
  wire.onText = (payload) => {
    const said = seqOf(payload);
    if (said !== seq + 1 && seqs) fail(`seq ${said} came after ${seq}`);
    seq = said;
    if (payload.subarray(0, LOOK).indexOf(CHANGED) < 0) return;
    heard += 1;
    if (heard > wanted) fail("more connections heard an event than may");
    if (heard < wanted) return;
    lastAt = now();
    complete();
  };
  wires.push(wire);
}

/** Whether events are numbered for each connection, as the floor's are not. */
let seqs = true;

function seqOf(/** @type {Buffer} */ payload) {
  const tail = payload.toString("latin1", Math.max(0, payload.length - 24));
  return Number(/"seq":(\d+)\}$/.exec(tail)?.[1]);
}

/** When the last of `count` connections had the event, in ms of the shared clock. */
async function last() {
  if (heard < wanted) {
    await new Promise((resolve, reject) => {
      const late = () => reject(new Broken(`${heard} of ${wanted} connections heard an event`));
      const timer = setTimeout(late, PATIENCE_MS);
      complete = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
  return lastAt;
}

/** @type {Record<string, (args: any) => unknown>} */
const commands = {
  /** @param {{ identities: readonly Identity[], seqs: boolean }} args */
  setUp: (args) => {
    seqs = args.seqs;
    identities = args.identities.map(({ deviceId, publicKey, pem, token }) => {
      return { device: { deviceId, publicKey, privateKey: createPrivateKey(pem) }, token };
    });
  },
  open,
  /** Makes ready to hear one event `count` times. */
  listen: (/** @type {{ count: number }} */ { count }) => {
    heard = 0;
    wanted = count;
    lastAt = 0;
    complete = () => {};
  },
  last,
  /** How many have heard the event by now. */
  heard: () => heard,
  close: async () => {
    for (const wire of wires) wire.onClose = () => {};
    const gone = wires.map((wire) => {
      if (wire.closed) return undefined;
      return new Promise((resolve) => {
        wire.onClose = () => resolve(undefined);
      });
    });
    for (const wire of wires) wire.close();
    await Promise.all(gone);
    wires.length = 0;
    opened = 0;
  },
};

function fail(/** @type {string} */ problem) {
  process.send?.({ problem });
}

process.on("message", async (/** @type {any} */ { serial, name, args }) => {
  try {
    process.send?.({ serial, value: await commands[name]?.(args) });
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
});
process.on("disconnect", () => process.exit());
