// Preloaded into a server as the control of a row: makes it dearer by a known amount, so that a
// measurement which does not notice is found out. Amounts come in BENCH_SLOW as JSON.
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @typedef {object} Slow
 * @property {number} [messageUs]  CPU burnt at each message
 * @property {number} [startMs]    CPU burnt at start
 * @property {number} [openBytes]  memory held for each connection
 * @property {number} [holdBytes]  memory held by the process
 * @property {number} [sendUs]     CPU burnt at each frame sent
 * @property {number} [secondMs]   CPU burnt every second
 * @property {number} [syncMs]     delay of each fdatasync
 */

/** @type {Slow} */
const slow = JSON.parse(process.env["BENCH_SLOW"] ?? "{}");
const { messageUs = 0, startMs = 0, openBytes = 0, holdBytes = 0 } = slow;
const { sendUs = 0, secondMs = 0, syncMs = 0 } = slow;
/** @type {Buffer[]} */
const held = [];
let wrapped = false;

function burn(/** @type {number} */ ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

burn(startMs);
if (holdBytes > 0) held.push(Buffer.alloc(holdBytes, 1));

if (secondMs > 0) setInterval(burn, 1_000, secondMs).unref();

if (syncMs > 0) {
  const handle = await open("/dev/null");
  const files = Object.getPrototypeOf(handle);
  await handle.close();
  const { datasync } = files;
  files.datasync = async function delayed() {
    await datasync.call(this);
    await sleep(syncMs);
  };
}

if (messageUs > 0 || openBytes > 0 || sendUs > 0) {
  const { default: uWS } = await import("uWebSockets.js");
  const { App } = uWS;
  uWS.App = (...options) => {
    const app = App(...options);
    const { ws } = app;
    app.ws = (pattern, behavior) => ws.call(app, pattern, dearer(behavior));
    return app;
  };
}

/** @param {import("uWebSockets.js").WebSocketBehavior<any>} behavior @returns {typeof behavior} */
function dearer(behavior) {
  return {
    ...behavior,
    open: (socket) => {
      if (openBytes > 0) held.push(Buffer.alloc(openBytes, 1));
      if (sendUs > 0) dearerSend(Object.getPrototypeOf(socket));
      behavior.open?.(socket);
    },
    message: (socket, ...rest) => {
      if (messageUs > 0) burn(messageUs / 1000);
      behavior.message?.(socket, ...rest);
    },
  };
}

/** All sockets have one prototype. @param {import("uWebSockets.js").WebSocket<any>} sockets */
function dearerSend(sockets) {
  if (wrapped) return;
  wrapped = true;
  const { send } = sockets;
  sockets.send = function slower(...args) {
    burn(sendUs / 1000);
    return send.apply(this, args);
  };
}
