import { describe, expect, test } from "vitest";
import * as devices from "../../src/pairing/devices.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { pairingOn } from "./held-store.ts";
import { ADMIN, confined, LedgerBench, owner, PAIRING, READ, WRITE } from "./support.ts";

function pairedBench(scopes: readonly string[] = [READ, WRITE]) {
  const bench = new LedgerBench();
  bench.pair("d1", scopes, { secretEpoch: 1 });
  return bench;
}

const target = { deviceId: "d1", role: "operator", actor: owner };

describe("remove", () => {
  test("takes the device and its request", async () => {
    const made = await pairingOn();
    await made.pair("d1", [READ]);
    await made.ask("d1", [ADMIN]);
    await made.pairing.remove("d1", hostOwner);
    const { requests, byAsker } = made.requests.durable;
    expect(made.document.durable.devices.size + requests.size).toBe(0);
    expect(byAsker.size).toBe(0);
    expect(made.told.slice(-2)).toEqual(["rejected d1", "removed d1"]);
  });

  test("of an unknown device is refused; to a confined caller as denied", () => {
    const bench = pairedBench();
    expect(() => devices.remove(bench.state, "d9", owner)).toThrow("unknown deviceId");
    const stranger = confined("d2", [PAIRING]);
    const denied = "device pairing removal denied";
    expect(() => devices.remove(bench.state, "d1", stranger)).toThrow(denied);
    expect(() => devices.remove(bench.state, "d9", stranger)).toThrow(denied);
    expect(devices.remove(bench.state, "d1", confined("d1", [PAIRING])).device.deviceId).toBe("d1");
  });
});

describe("rename", () => {
  test("sets the owner's name and nothing else", () => {
    const bench = pairedBench();
    const before = bench.state.devices.get("d1");
    const { device } = devices.rename(bench.state, { deviceId: "d1", label: "Mine", actor: owner });
    expect(device).toEqual({ ...before, label: "Mine" });
  });

  test("of another device is denied to a confined caller", () => {
    const facts = { deviceId: "d1", label: "x", actor: confined("d2", [PAIRING]) };
    expect(() => devices.rename(pairedBench().state, facts)).toThrow(
      "device pairing rename denied",
    );
  });
});

describe("rotate", () => {
  test("raises the generation and keeps the scopes", () => {
    const bench = pairedBench();
    const { token, changes } = devices.rotate(bench.state, { ...target, now: 7 });
    expect(token).toMatchObject({
      generation: 2,
      scopes: [READ, WRITE],
      rotatedAtMs: 7,
      secretEpoch: 1,
    });
    bench.apply(changes);
    expect(devices.rotate(bench.state, { ...target, now: 8 }).token.generation).toBe(3);
  });

  test("may narrow and widen again within what was approved, never beyond", () => {
    const bench = pairedBench();
    const narrow = devices.rotate(bench.state, { ...target, scopes: [READ], now: 7 });
    expect(narrow.token.scopes).toEqual([READ]);
    expect(narrow.device.scopes).toEqual([READ, WRITE]);
    bench.apply(narrow.changes);
    const wide = devices.rotate(bench.state, { ...target, scopes: [WRITE, WRITE, READ], now: 8 });
    expect(wide.token.scopes).toEqual([READ, WRITE]);
    expect(() => devices.rotate(bench.state, { ...target, scopes: [ADMIN], now: 9 })).toThrow(
      "device token rotation denied",
    );
  });

  test("gives no more than the caller holds", () => {
    const bench = pairedBench();
    bench.apply(devices.rotate(bench.state, { ...target, scopes: [READ], now: 7 }).changes);
    const actor = confined("d1", [PAIRING, READ]);
    const facts = { ...target, actor, now: 8 };
    expect(() => devices.rotate(bench.state, { ...facts, scopes: [WRITE] })).toThrow("denied");
    expect(devices.rotate(bench.state, facts).token.scopes).toEqual([READ]);
  });

  test("ends the approval that stood in for a token nobody had picked up", () => {
    const bench = new LedgerBench();
    expect(bench.pair("d1", [READ]).tokens.operator?.claimable).toBe(true);
    expect(devices.rotate(bench.state, { ...target, now: 7 }).token.claimable).toBeUndefined();
    expect(devices.revoke(bench.state, { ...target, now: 7 }).token.claimable).toBeUndefined();
  });
});

describe("what cannot be changed", () => {
  test.each([
    ["an unknown device", { deviceId: "d9" }],
    ["a role it has no token for", { role: "node" }],
    ["no role at all", { role: "king" }],
    ["another device's, on a device token", { actor: confined("d2", [PAIRING, WRITE]) }],
  ])("%s is denied in the same words", (_name, more) => {
    const { state } = pairedBench();
    const facts = { ...target, ...more, now: 7 };
    expect(() => devices.rotate(state, facts)).toThrow(/^device token rotation denied$/);
    expect(() => devices.revoke(state, facts)).toThrow(/^device token revocation denied$/);
  });

  test("a revoked token stays revoked", () => {
    const bench = pairedBench();
    const { token, changes } = devices.revoke(bench.state, { ...target, now: 7 });
    expect(token).toMatchObject({ generation: 1, revokedAtMs: 7 });
    bench.apply(changes);
    expect(() => devices.rotate(bench.state, { ...target, now: 8 })).toThrow("denied");
    expect(() => devices.revoke(bench.state, { ...target, now: 8 })).toThrow("denied");
  });
});

test("the end of a shared secret ends tokens of that epoch and earlier ones, and no others", () => {
  const bench = new LedgerBench();
  bench.pair("old", [READ], { secretEpoch: 1 });
  bench.pair("last", [READ], { secretEpoch: 2 });
  bench.pair("new", [READ], { secretEpoch: 3 });
  bench.pair("open", [READ]);
  const ids = ["old", "last", "new", "open", "gone meanwhile"];
  const ask = { ids, ends: devices.derivedUpTo(2), now: 9 };
  const { devices: hit, changes } = devices.endTokens(bench.state, ask);
  expect(hit.map(({ deviceId }) => deviceId)).toEqual(["old", "last"]);
  bench.apply(changes);
  const live = [...bench.state.devices.values()].filter((d) => !d.tokens.operator?.revokedAtMs);
  expect(live.map(({ deviceId }) => deviceId)).toEqual(["new", "open"]);
  expect(devices.endTokens(bench.state, ask).devices).toEqual([]);
});
