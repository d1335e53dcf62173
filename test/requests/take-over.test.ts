import { expect, test } from "vitest";
import { requestsPart } from "../../src/requests/part.ts";
import {
  deviceChangeFromOld,
  nodeChangeFromOld,
  type OldDeviceChange,
  type OldNodeChange,
  oneBook,
} from "../../src/requests/take-over.ts";

const device = {
  requestId: "AAAA-0001",
  nonce: "00",
  deviceId: "d1",
  publicKey: "key",
  role: "operator" as const,
  roles: ["operator" as const],
  scopes: ["operator.read"],
  source: "here",
  isRepair: false,
  ts: 1,
  expiresAtMs: 2,
  clientId: "cli",
  clientMode: "cli",
};
const node = {
  requestId: "BBBB-0001",
  nonce: "01",
  nodeId: "d1",
  pairing: "1.2",
  ts: 3,
  caps: [],
  commands: ["a"],
  permissions: {},
  clientId: "node-host",
  clientMode: "node",
};
const replacement = { by: "AAAA-0001", asks: "operator: see chats and devices" };

/** What is left of the requests of version 1 after these changes. */
function taken(devices: readonly OldDeviceChange[], nodes: readonly OldNodeChange[]) {
  const [ofDevices, ofNodes] = [requestsPart.empty(), requestsPart.empty()];
  for (const change of devices) requestsPart.apply(ofDevices, deviceChangeFromOld(change));
  for (const change of nodes) requestsPart.apply(ofNodes, nodeChangeFromOld(change));
  return oneBook(ofDevices, ofNodes);
}

test("both ledgers become one book, with every field but the kind and the epoch's name as it was", () => {
  const gone = { ...device, requestId: "AAAA-0000" };
  const goneNode = { ...node, requestId: "BBBB-0000" };
  const state = taken(
    [
      { op: "pending", pending: gone },
      { op: "pending-gone", requestId: "AAAA-0000", why: "superseded", replacement },
      { op: "pending", pending: { ...device, under: 4 } },
    ],
    [
      { op: "request", request: goneNode },
      {
        op: "request-gone",
        requestId: "BBBB-0000",
        replacement: { by: "BBBB-0001", asks: "command a" },
      },
      { op: "request", request: node },
    ],
  );
  expect([...state.requests.values()]).toEqual([
    { ...device, kind: "device", secretEpoch: 4 },
    { ...node, kind: "node" },
  ]);
  expect(Object.fromEntries(state.byAsker)).toEqual({
    "device d1": "AAAA-0001",
    "node d1": "BBBB-0001",
  });
  expect(Object.fromEntries(state.replaced)).toEqual({
    "AAAA-0000": { kind: "device", ...replacement },
    "BBBB-0000": { kind: "node", by: "BBBB-0001", asks: "command a" },
  });
  expect(requestsPart.restore(requestsPart.records(state))).toEqual(state);
});

test("a request without a secret has no epoch", () => {
  const state = taken([{ op: "pending", pending: device }], []);
  expect([...state.requests.values()]).toEqual([{ ...device, kind: "device" }]);
});

test("a request that was decided on is not there, of a node either, whose journal said not why", () => {
  const state = taken(
    [
      { op: "pending", pending: device },
      { op: "pending-gone", requestId: device.requestId, why: "approved" },
    ],
    [
      { op: "request", request: node },
      { op: "request-gone", requestId: node.requestId },
    ],
  );
  expect(state).toEqual(requestsPart.empty());
});

test("of a device's requests the newest stays, and a code in both ledgers stays a device's", () => {
  const newer = { ...device, requestId: "AAAA-0002", ts: 5 };
  const state = taken(
    [
      { op: "pending", pending: device },
      { op: "pending", pending: newer },
    ],
    [{ op: "request", request: { ...node, requestId: "AAAA-0002" } }],
  );
  expect([...state.requests.values()]).toEqual([{ ...newer, kind: "device" }]);
  expect([...state.byAsker]).toEqual([["device d1", "AAAA-0002"]]);
});
