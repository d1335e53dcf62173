import { expect, test } from "vitest";
import { requestsPart } from "../../src/requests/part.ts";
import { takeOver } from "../../src/requests/take-over.ts";

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
const none = { pending: [], replaced: [] };

test("both ledgers become one book, with every field but the kind and the epoch's name as it was", () => {
  const records = takeOver({
    devices: { pending: [{ ...device, under: 4 }], replaced: [["AAAA-0000", replacement]] },
    nodes: { requests: [node], replaced: [["BBBB-0000", { by: "BBBB-0001", asks: "command a" }]] },
  });
  const state = requestsPart.restore(records);
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
  const records = takeOver({
    devices: { ...none, pending: [device] },
    nodes: { requests: [], replaced: [] },
  });
  expect(records).toEqual([{ request: { ...device, kind: "device" } }]);
});

test("of a device's requests the newest stays, and a code in both ledgers stays a device's", () => {
  const newer = { ...device, requestId: "AAAA-0002", ts: 5 };
  const records = takeOver({
    devices: { ...none, pending: [device, newer] },
    nodes: { requests: [{ ...node, requestId: "AAAA-0002" }], replaced: [] },
  });
  expect(records).toEqual([{ request: { ...newer, kind: "device" } }]);
});
