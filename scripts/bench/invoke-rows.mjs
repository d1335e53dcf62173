// The row of node.invoke: server CPU of a command's way to a node and of its result's way back.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeDevice } from "../../test/kit/device.mjs";
import { encodeFrame, login } from "../../test/kit/wire-client.mjs";
import { interleave, REQUEST_WARM_UP, requestPlans, subjects } from "./cpu-rows.mjs";
import { adminCall, TOKEN } from "./gateway.mjs";
import { closeAll, RequestLoad } from "./load.mjs";
import { Broken } from "./processes.mjs";

/** @typedef {import("./processes.mjs").Server} Server */

/** What the control adds to each message; an invoke is two of them, one from each side. */
const MESSAGE_US = 20;
const COMMAND = "system.notify";

/** @type {import("./result.mjs").Row[]} */
const rows = [{ id: "invoke", title: "node.invoke, there and back", unit: "µs" }];

/** @type {readonly import("./result.mjs").Group[]} */
export const invokeGroups = [{ rows, measure }];

/** @type {import("./result.mjs").Measure} */
async function measure(bench, wanted, effort) {
  const device = makeDevice();
  const states = [await bench.ours.freshState(), await bench.control.freshState()];
  const servers = [
    await bench.floor(),
    await bench.ours.gateway({ state: states[0] }),
    await bench.control.gateway({
      state: states[1],
      preload: { slow: { messageUs: MESSAGE_US } },
    }),
  ];
  const nodes = [await joinNode(servers[0], device)];
  for (const [i, state] of states.entries()) {
    await approveDevice(servers[i + 1], device, state);
    nodes.push(await joinNode(servers[i + 1], device));
    await approveCapabilities(state, device.deviceId);
  }
  const loads = await Promise.all(
    servers.map((server) =>
      RequestLoad.open(server, (i) => server.logins.loginOf(i, "deviceToken")),
    ),
  );
  const frame = invokeFrames(device.deviceId);
  const run = (/** @type {number} */ at) => (/** @type {number} */ count) =>
    loads[at]?.run("node.invoke", count, frame) ?? Promise.resolve(0);
  const plan = {
    ...requestPlans[effort],
    added: 2 * MESSAGE_US,
    warmUp: REQUEST_WARM_UP,
  };
  const results = [];
  for (const row of wanted) results.push(await interleave(row, subjects(servers, run), plan));
  for (const load of loads) await closeAll(load.wires);
  await closeAll(nodes);
  await Promise.all(servers.map((server) => server.stop()));
  return results;
}

/** Digits of the key of an invoke: the same one twice would be the same invoke. */
const KEY_DIGITS = 12;

/** Makes one invoke after the other, each under a key of its own. @returns {() => Buffer} */
function invokeFrames(/** @type {string} */ nodeId) {
  const key = "0".repeat(KEY_DIGITS);
  const params = { nodeId, command: COMMAND, params: { n: 1 }, idempotencyKey: key };
  const text = JSON.stringify({ type: "req", id: "1", method: "node.invoke", params });
  const frame = encodeFrame(text);
  const at = frame.length - text.length + text.indexOf(key);
  let serial = 0;
  return () => {
    serial += 1;
    const next = Buffer.from(frame);
    next.write(String(serial).padStart(KEY_DIGITS, "0"), at, "latin1");
    return next;
  };
}

/** @returns {import("../../test/kit/wire-client.mjs").Login} */
function nodeLogin(/** @type {import("../../test/kit/device.mjs").TestDevice} */ device) {
  return { device, auth: { token: TOKEN }, mode: "node", role: "node", commands: [COMMAND] };
}

/** Pairs the node's device. */
async function approveDevice(
  /** @type {Server | undefined} */ server,
  /** @type {import("../../test/kit/device.mjs").TestDevice} */ device,
  /** @type {string} */ state,
) {
  if (!server) throw new Broken("no gateway");
  const { wire, response } = await login(server, nodeLogin(device));
  wire.socket.destroy();
  const { requestId } = response.error?.details ?? {};
  await adminCall(join(state, "admin.sock"), "device.pair.approve", { requestId });
}

/** Approves what the node offers, once it waits for that. */
async function approveCapabilities(/** @type {string} */ state, /** @type {string} */ nodeId) {
  const socket = join(state, "admin.sock");
  for (let tries = 0; tries < 100; tries += 1) {
    /** @type {any} */
    const { pending } = await adminCall(socket, "node.pair.list", {});
    const row = pending.find((/** @type {any} */ one) => one.nodeId === nodeId);
    if (row) return adminCall(socket, "node.pair.approve", { requestId: row.requestId });
    await sleep(20);
  }
  throw new Broken("the node did not ask for approval");
}

/** A node that sends back what it is sent. */
async function joinNode(
  /** @type {Server | undefined} */ server,
  /** @type {import("../../test/kit/device.mjs").TestDevice} */ device,
) {
  if (!server) throw new Broken("no server");
  const { wire, response } = await login(server, nodeLogin(device));
  if (!response.ok) throw new Broken(`the node's connect: ${response.error?.message}`);
  wire.onText = (payload) => {
    const { event, payload: asked } = JSON.parse(payload.toString());
    if (event !== "node.invoke.request") return;
    const { id, nodeId, paramsJSON: payloadJSON } = asked;
    const params = { id, nodeId, ok: true, payloadJSON };
    const frame = { type: "req", id: "1", method: "node.invoke.result", params };
    wire.write(encodeFrame(JSON.stringify(frame)));
  };
  return wire;
}
