import { expect, test } from "vitest";
import { pairingPart } from "../../src/pairing/document.ts";
import { LedgerBench, READ } from "./support.ts";

const lines = (records: Iterable<unknown>) => [...records].map((record) => JSON.stringify(record));

const phone = {
  fingerprint: "SHA256:x",
  type: "ssh-ed25519",
  blob: "AAAA",
  name: "phone",
  may: ["operator"],
  addedAtMs: 1,
} as const;

function some(count: number): LedgerBench {
  const bench = new LedgerBench();
  for (let index = 0; index < count; index += 1) bench.pair(`device-${index}`, [READ]);
  bench.request("asks", [READ]);
  bench.request("asks", [READ, "operator.write"]);
  bench.apply([{ op: "ssh-key", key: phone }]);
  return bench;
}

test("records are those of the moment they were asked for, whatever happens before they are read", () => {
  const bench = some(3);
  const expected = lines(pairingPart.records(bench.state));
  const taken = pairingPart.records(bench.state);
  bench.apply([{ op: "device-gone", deviceId: "device-1" }]);
  bench.pair("device-9", [READ]);
  bench.pair("device-0", [READ, "operator.write"]);
  expect(lines(taken)).toEqual(expected);
});

test("a state comes back from its records, and so does the order of its devices", () => {
  const bench = some(1500);
  for (const index of [7, 700, 1499, 0]) bench.pair(`device-${index}`, [READ, "operator.write"]);
  for (const index of [8, 701, 3]) {
    bench.apply([{ op: "device-gone", deviceId: `device-${index}` }]);
  }
  const back = pairingPart.restore(pairingPart.records(bench.state));
  const byTime = [...bench.state.devices.values()]
    .sort((a, b) => b.approvedAtMs - a.approvedAtMs)
    .map(({ deviceId }) => deviceId);
  expect(bench.state.order.page(undefined, 2000)).toEqual(byTime);
  expect(back.order.page(undefined, 2000)).toEqual(byTime);
  expect([...back.sshKeys]).toEqual([["SHA256:x", phone]]);
  expect(lines(pairingPart.records(back))).toEqual(lines(pairingPart.records(bench.state)));
});

test("a copied state goes its own way", () => {
  const bench = some(600);
  const copy = pairingPart.copy?.(bench.state) ?? bench.state;
  bench.apply([{ op: "device-gone", deviceId: "device-5" }]);
  bench.apply([{ op: "ssh-key-gone", fingerprint: "SHA256:x" }]);
  expect(copy.sshKeys.size).toBe(1);
  expect(copy.order.page(undefined, 1000)).toHaveLength(600);
  expect(bench.state.order.page(undefined, 1000)).toHaveLength(599);
  expect(copy.devices.has("device-5")).toBe(true);
});
