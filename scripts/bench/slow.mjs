// Preloaded into a server as the control of a row: makes it dearer by a known amount, so that a
// measurement which does not notice is found out. Amounts come in BENCH_SLOW as JSON.
/**
 * @typedef {object} Slow
 * @property {number} [messageUs]  CPU burnt at each message
 * @property {number} [startMs]    CPU burnt at start
 * @property {number} [openBytes]  memory held for each connection
 * @property {number} [holdBytes]  memory held by the process
 */

/** @type {Slow} */
const slow = JSON.parse(process.env["BENCH_SLOW"] ?? "{}");
const { messageUs = 0, startMs = 0, openBytes = 0, holdBytes = 0 } = slow;
/** @type {Buffer[]} */
const held = [];

function burn(/** @type {number} */ ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

burn(startMs);
if (holdBytes > 0) held.push(Buffer.alloc(holdBytes, 1));

if (messageUs > 0 || openBytes > 0) {
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
      behavior.open?.(socket);
    },
    message: (socket, ...rest) => {
      if (messageUs > 0) burn(messageUs / 1000);
      behavior.message?.(socket, ...rest);
    },
  };
}
