// Rows of a broadcast: an event that half of the connections may have, beside uWS publish.
import { Agent, get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { result } from "../result.mjs";
import { Admin } from "../state/admin.mjs";
import { median } from "../stats.mjs";
import { names, now, samples, threeCrowds } from "./crowd.mjs";

/**
 * @typedef {import("./crowd.mjs").Crowd} Crowd
 * @typedef {import("./crowd.mjs").Name} Name
 * @typedef {{ crowd: Crowd, trigger: () => Promise<unknown>, ownNs: number }} Subject
 */

/**
 * What the control adds to each send: several times what the load takes to read a frame. While it
 * reads one the next is sent, so the time until the last has it is that of the slower of the two.
 */
const SEND_US = 60;
/**
 * Events before the first that counts, and those that tell what an event costs by itself: at 100
 * connections that is as much as the broadcast, so it must be what it is once V8 has compiled it.
 */
const TRIGGER_WARM_UP = 400;
const TRIGGERS = 100;
/** Whoever may not have the event would have had it by then. */
const SETTLE_MS = 100;
const WARM_UP = 5;

const sizes = [
  { id: "100", size: 100, rounds: 40 },
  { id: "1k", size: 1_000, rounds: 25 },
  { id: "5k", size: 5_000, rounds: 15 },
  { id: "15k", size: 15_000, rounds: 9 },
];

/** Half of the connections hear of pairing. */
const scopes = [["operator.read"], ["operator.pairing"]];

const rows = sizes.flatMap(({ id, size }) => [
  {
    id: `broadcast-${id}`,
    title: `broadcast, ${size.toLocaleString("en")} connections, CPU per receiver`,
    unit: "µs",
  },
  {
    id: `last-${id}`,
    title: `broadcast, ${size.toLocaleString("en")} connections, until the last has it`,
    unit: "ms",
  },
]);

/** @type {readonly import("../result.mjs").Group[]} */
export const broadcastGroups = [{ rows, measure: measureBroadcast }];

/** @type {import("../result.mjs").Measure} */
async function measureBroadcast(bench, wanted, effort) {
  const subjects = await start(bench);
  const results = [];
  for (const { id, size, rounds } of sizes) {
    const rowsHere = wanted.filter((row) => [`broadcast-${id}`, `last-${id}`].includes(row.id));
    if (rowsHere.length === 0 || (effort !== "full" && id === "15k")) continue;
    await Promise.all(names.map((name) => subjects[name].crowd.growTo(size, { scopes })));
    const found = await measureSize(
      subjects,
      size / 2,
      effort === "full" ? rounds : Math.ceil(rounds / 3),
    );
    for (const row of rowsHere) {
      const one = row.id === `last-${id}` ? found.last : found.cpu;
      results.push(result(row, one));
    }
  }
  for (const name of names) await subjects[name].crowd.stop();
  return results;
}

/**
 * Each with what makes it send an event, and with what that costs by itself: on the gateway the owner
 * renames a device over the admin socket, which is committed first. It is not the broadcast's cost.
 * @param {import("../bench.mjs").Bench} bench @returns {Promise<Record<Name, Subject>>}
 */
async function start(bench) {
  // Each event is committed before it is told: on a disk that takes longer, and varies by more, than
  // it takes until a hundred connections have it.
  const states = {
    ours: await bench.ours.freshState({ inMemory: true }),
    control: await bench.control.freshState({ inMemory: true }),
  };
  const crowds = await threeCrowds(bench, { slow: { sendUs: SEND_US }, states });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** @type {Record<Name, Subject["trigger"]>} */
  const triggers = {
    floor: () => ask(agent, crowds.floor.server.port),
    ours: await renamer(crowds.ours.server, states.ours),
    control: await renamer(crowds.control.server, states.control),
  };
  /** @param {Name} name @returns {Promise<Subject>} */
  const subject = async (name) => {
    const [crowd, trigger] = [crowds[name], triggers[name]];
    return { crowd, trigger, ownNs: await triggerCost(crowd, trigger) };
  };
  return {
    floor: await subject("floor"),
    ours: await subject("ours"),
    control: await subject("control"),
  };
}

/** @param {import("../processes.mjs").Server} server @param {string} state */
async function renamer(server, state) {
  const admin = await Admin.open(join(state, "admin.sock"));
  const [device] = server.logins.devices;
  let serial = 0;
  return () => {
    serial += 1;
    return admin.ask("device.pair.rename", { deviceId: device?.deviceId, label: `name ${serial}` });
  };
}

/** GET /publish. @param {Agent} agent @param {number} port @returns {Promise<void>} */
function ask(agent, port) {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: "/publish", agent }, (response) => {
      response.resume().once("end", resolve);
    });
    request.once("error", reject);
  });
}

/** Server CPU of the trigger while nobody is connected. @param {Crowd} crowd @param {Subject["trigger"]} trigger */
async function triggerCost({ server }, trigger) {
  const costs = [];
  for (let i = 0; i < TRIGGER_WARM_UP; i += 1) await trigger();
  for (let i = 0; i < TRIGGERS; i += 1) {
    const before = server.cpuNs();
    await trigger();
    costs.push(server.cpuNs() - before);
    await sleep(2);
  }
  return median(costs);
}

/** @param {Record<Name, Subject>} subjects @param {number} receivers @param {number} rounds */
async function measureSize(subjects, receivers, rounds) {
  const cpu = samples();
  const last = samples();
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const name of names) {
      const one = await broadcast(subjects[name], receivers);
      if (round < 0) continue;
      cpu[name].push(one.us);
      last[name].push(one.ms);
    }
  }
  await sleep(SETTLE_MS);
  for (const name of names) await subjects[name].crowd.heard();
  const operations = rounds * receivers;
  return {
    cpu: { ...cpu, added: SEND_US, operations },
    last: { ...last, added: (SEND_US * receivers) / 1000, operations },
  };
}

/** One event. @param {Subject} subject @param {number} receivers */
async function broadcast({ crowd, trigger, ownNs }, receivers) {
  await crowd.listen(receivers);
  const before = crowd.server.cpuNs();
  const startedAt = now();
  await trigger();
  const last = await crowd.last();
  const spent = crowd.server.cpuNs() - before - ownNs;
  return { us: spent / receivers / 1000, ms: last - startedAt };
}
