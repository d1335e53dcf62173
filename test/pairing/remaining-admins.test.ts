import { describe, expect, test } from "vitest";
import * as devices from "../../src/pairing/devices.ts";
import { pairingPart } from "../../src/pairing/document.ts";
import type { Device } from "../../src/pairing/records.ts";
import {
  afterChanges,
  cameBySecret,
  isRemoteAdmin,
  lastAdminRefusal,
  mayForce,
  removesLastAdmin,
} from "../../src/pairing/remaining-admins.ts";
import type { Actor } from "../../src/protocol/access.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { lastWayCure } from "../kit/last-admin-cure.ts";
import { ADMIN, confined, LedgerBench, owner, READ } from "./support.ts";

/** An admin `a`, an admin `b`, one that reads, a node. */
function bench(): LedgerBench {
  const made = new LedgerBench();
  made.pair("a", [ADMIN]);
  made.pair("b", [ADMIN, READ]);
  made.pair("reader", [READ]);
  made.pair("node", [], { role: "node" });
  return made;
}

const facts = { others: 0, isSure: () => true, isEnding: () => false };
const operator = { role: "operator", actor: owner, now: 9 };

/** Makes each change in turn; says of each whether it would take the last way in. */
function verdicts(made: LedgerBench, acts: readonly ((b: LedgerBench) => { changes: never[] })[]) {
  return acts.map((act) => {
    const { changes } = act(made);
    const last = removesLastAdmin(made.state, afterChanges(changes), facts);
    if (!last) made.apply(changes);
    return last;
  });
}

const remove = (id: string) => (b: LedgerBench) => devices.remove(b.state, id, owner) as never;
const revoke =
  (deviceId: string, role = "operator") =>
  (b: LedgerBench) =>
    devices.revoke(b.state, { ...operator, deviceId, role }) as never;
const rotate = (deviceId: string, scopes?: string[]) => (b: LedgerBench) =>
  devices.rotate(b.state, { ...operator, deviceId, scopes }) as never;

describe("the last remaining admin", () => {
  test.each([
    ["removed after the other one was", [remove("a"), remove("b")], [false, true]],
    ["revoked after the other one was", [revoke("b"), revoke("a")], [false, true]],
    ["narrowed after the other one was", [rotate("a", [READ]), rotate("b", [READ])], [false, true]],
    ["rotated with what it had", [remove("a"), rotate("b")], [false, false]],
    ["is no reader and no node", [remove("reader"), remove("node")], [false, false]],
    [
      "is an admin's token and not its role as a node",
      [remove("a"), remove("reader"), remove("node"), remove("b")],
      [false, false, false, true],
    ],
  ])("%s", (_name, acts, expected) => {
    expect(verdicts(bench(), acts)).toEqual(expected);
  });

  test("is nothing that can be taken where there is none", () => {
    const made = new LedgerBench();
    made.pair("reader", [READ]);
    expect(verdicts(made, [remove("reader")])).toEqual([false]);
  });

  test("comes back with an approval", () => {
    const made = bench();
    made.apply(devices.remove(made.state, "a", owner).changes);
    made.apply(devices.revoke(made.state, { ...operator, deviceId: "b" }).changes);
    expect(made.state.admins.size).toBe(0);
    made.pair("b", [ADMIN]);
    expect(verdicts(made, [remove("b")])).toEqual([true]);
  });

  test("is not the last while there is another kind of way", () => {
    const made = bench();
    made.apply(devices.remove(made.state, "a", owner).changes);
    const { changes } = devices.remove(made.state, "b", owner);
    const with_ = (others: number) =>
      removesLastAdmin(made.state, afterChanges(changes), { ...facts, others });
    expect([with_(0), with_(1)]).toEqual([true, false]);
  });

  test("is not saved by one that is not sure yet, or about to end", () => {
    const made = bench();
    const after = afterChanges(devices.remove(made.state, "b", owner).changes);
    const is = (more: object) => removesLastAdmin(made.state, after, { ...facts, ...more });
    expect(is({})).toBe(false);
    expect(is({ isSure: (id: string) => id !== "a" })).toBe(true);
    expect(is({ isEnding: ({ deviceId }: Device) => deviceId === "a" })).toBe(true);
    // What is about to end anyway is taken by whoever ends it.
    expect(is({ isEnding: () => true })).toBe(false);
  });
});

test("the remaining admins are kept beside the devices, also over a restart", () => {
  const made = bench();
  made.apply(devices.rotate(made.state, { ...operator, deviceId: "a", scopes: [READ] }).changes);
  made.apply([{ op: "seen", deviceId: "b", at: 3, reason: "connect", took: "operator" }]);
  const records = JSON.parse(JSON.stringify([...pairingPart.records(made.state)]));
  for (const state of [made.state, pairingPart.restore(records), pairingPart.copy?.(made.state)]) {
    expect([...(state?.admins ?? [])]).toEqual(["b"]);
    const found = [...(state?.devices.values() ?? [])].filter(isRemoteAdmin);
    expect(found.map(({ deviceId }) => deviceId)).toEqual(["b"]);
  }
});

describe("who may force", () => {
  const secret = (scopes: readonly string[]): Actor => ({
    role: "operator",
    scopes,
    method: "token",
    address: "127.0.0.1",
  });
  test.each<[string, Actor, boolean, boolean]>([
    ["the owner on the host", { ...owner, scopes: [] }, true, false],
    ["an admin's device", confined("a", [ADMIN]), true, false],
    ["a device without full control", confined("a", [READ]), false, false],
    ["a device that showed the secret", { ...secret([READ]), deviceId: "a" }, false, false],
    ["the command line without a device", secret([READ]), false, true],
  ])("%s", (_name, actor, force, deviceless) => {
    expect([mayForce(actor), cameBySecret(actor)]).toEqual([force, deviceless]);
  });

  test("the refusal names the command, and where to type it", () => {
    const cure = (actor: Actor) =>
      lastAdminRefusal(actor, openclaw`devices revoke a`).shape.details?.["cure"];
    expect(cure(owner)).toBe(lastWayCure("openclaw devices revoke a"));
    expect(cure(confined("a", [ADMIN]))).toBe(
      lastWayCure("openclaw devices revoke a", " on the gateway host"),
    );
  });
});
