// The floor: a raw uWebSockets.js server that parses each frame and answers JSON of the same kind.
// A connect costs it what nobody can leave out: one Ed25519 verification. Nothing else is done. Where
// asked to, it publishes: GET /publish sends an event to everyone whose scopes hold operator.pairing.

import uWS from "uWebSockets.js";
import { createPublicKey, randomUUID, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const [portText = "0", payloadFile, publishes] = process.argv.slice(2);
/** Payloads by method, taken from the gateway under test. @type {Record<string, unknown>} */
const payloads = payloadFile ? JSON.parse(readFileSync(payloadFile, "utf8")) : {};

/** @param {any} params @param {string} nonce */
function proves({ client, role, scopes, auth, device }, nonce) {
  const jwk = { kty: "OKP", crv: "Ed25519", x: device.publicKey };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const token = auth.token ?? auth.deviceToken ?? "";
  const text = `v3|${device.id}|${client.id}|${client.mode}|${role}|${scopes.join(",")}|${device.signedAt}|${token}|${nonce}|${client.platform}|`;
  return verify(null, Buffer.from(text), key, Buffer.from(device.signature, "base64url"));
}

/** @typedef {{ nonce: string }} Data */

/** The node that invokes go to, and who waits for each. */
/** @type {import("uWebSockets.js").WebSocket<Data> | undefined} */
let node;
/** @type {Map<string, { ws: import("uWebSockets.js").WebSocket<Data>, id: string }>} */
const invokes = new Map();
let nextInvoke = 0;

/**
 * What nobody can leave out of an invoke: two frames parsed and three made, and who waits for which.
 * @param {import("uWebSockets.js").WebSocket<Data>} ws @param {any} frame
 */
function relay(ws, { id, method, params }) {
  if (method === "node.invoke") {
    const invokeId = String(nextInvoke++);
    invokes.set(invokeId, { ws, id });
    const paramsJSON = JSON.stringify(params.params);
    const payload = { id: invokeId, nodeId: params.nodeId, command: params.command, paramsJSON };
    node?.send(JSON.stringify({ type: "event", event: "node.invoke.request", payload }));
    return;
  }
  ws.send(JSON.stringify({ type: "res", id, ok: true, payload: { ok: true } }));
  const waits = invokes.get(params.id);
  invokes.delete(params.id);
  const payload = { ok: true, payload: JSON.parse(params.payloadJSON) };
  waits?.ws.send(JSON.stringify({ type: "res", id: waits.id, ok: true, payload }));
}

/** An event as the gateway sends it, `seq` as long as its usual ones. */
const event = '{"type":"event","event":"device.pair.changed","payload":{},"seq":10}';
const PAIRING = "operator.pairing";
const app = uWS.App();

app
  .ws("/*", {
    compression: uWS.DISABLED,
    idleTimeout: 40,
    upgrade: (res, req, context) => {
      const key = req.getHeader("sec-websocket-key");
      res.upgrade({ nonce: randomUUID() }, key, "", "", context);
    },
    open: (/** @type {import("uWebSockets.js").WebSocket<Data>} */ ws) => {
      const payload = { nonce: ws.getUserData().nonce, ts: Date.now() };
      ws.send(JSON.stringify({ type: "event", event: "connect.challenge", payload }));
    },
    message: (/** @type {import("uWebSockets.js").WebSocket<Data>} */ ws, message) => {
      const frame = JSON.parse(Buffer.from(message).toString());
      if (frame.method.startsWith("node.")) return relay(ws, frame);
      const isConnect = frame.method === "connect";
      if (isConnect && frame.params.role === "node") node = ws;
      const ok = !isConnect || proves(frame.params, ws.getUserData().nonce);
      if (isConnect && publishes && frame.params.scopes.includes(PAIRING)) ws.subscribe(PAIRING);
      ws.send(JSON.stringify({ type: "res", id: frame.id, ok, payload: payloads[frame.method] }));
    },
  })
  .get("/publish", (res) => {
    app.publish(PAIRING, event);
    res.end("ok");
  })
  .any("/*", (res) => {
    res.end("ok");
  })
  .listen("127.0.0.1", Number(portText), (socket) => {
    if (!socket) process.exit(1);
  });
