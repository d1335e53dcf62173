import { expect, test } from "vitest";
import { applyChange, emptyState } from "../../src/pairing/changes.ts";
import { fromTheFuture, WatchedClock } from "../../src/pairing/clock.ts";
import type { Invite } from "../../src/pairing/records.ts";
import { fromTheFuture as requestsFromTheFuture } from "../../src/requests/book.ts";
import { emptyRequests, requestsPart } from "../../src/requests/part.ts";
import type { DeviceRequest } from "../../src/requests/records.ts";
import { HandWorld } from "../kit/world.ts";

const pending = (requestId: string, ts: number) =>
  ({
    kind: "device",
    requestId,
    deviceId: `of ${requestId}`,
    ts,
    expiresAtMs: ts + 100,
  }) as Partial<DeviceRequest> as DeviceRequest;
const invite = (inviteId: string, createdAtMs: number, usedBy?: string) =>
  ({
    inviteId,
    secretHash: inviteId,
    roles: ["node"],
    createdAtMs,
    expiresAtMs: createdAtMs + 50,
    uses: 1,
    users: usedBy === undefined ? {} : { [usedBy]: createdAtMs + 1 },
  }) as Partial<Invite> as Invite;

function stateWith(invites: readonly Invite[]) {
  const state = emptyState();
  for (const one of invites) applyChange(state, { op: "invite", invite: one });
  return state;
}

function requestsWith(pendings: readonly DeviceRequest[]) {
  const state = emptyRequests();
  for (const request of pendings) requestsPart.apply(state, { op: "request", request });
  return state;
}

test.each([3_600_000, -3_600_000, -4 * 365 * 86_400_000])(
  "a clock set by %i ms is seen once",
  (ms) => {
    const world = new HandWorld();
    const clock = new WatchedClock(world);
    world.advance(500_000);
    expect(clock.setBy()).toBe(0);
    world.jump(ms);
    world.advance(10_000);
    expect(clock.setBy()).toBe(ms);
    expect(clock.setBy()).toBe(0);
  },
);

test("a clock that is slewed is followed without moving anything", () => {
  const world = new HandWorld();
  const clock = new WatchedClock(world);
  let moved = 0;
  for (let i = 0; i < 30; i += 1) {
    world.jump(100);
    moved += clock.setBy();
  }
  expect(moved).toBeGreaterThan(1_900);
  expect(moved).toBeLessThanOrEqual(3_000);
});

test("one change moves links along, and one requests, those too that are being decided", () => {
  const setup = { access: "node", url: "wss://gw", joins: true } as const;
  const code = { ...invite("K", 10), setup };
  const state = stateWith([invite("I", 10), code]);
  const requests = requestsWith([pending("A", 10), pending("B", 12)]);
  applyChange(state, { op: "clock-set", by: -7 });
  requestsPart.apply(requests, { op: "clock-set", by: -7 });
  expect([...requests.requests.values()]).toEqual([pending("A", 3), pending("B", 5)]);
  expect([...state.invites.values()]).toEqual([invite("I", 3), { ...invite("K", 3), setup }]);
});

test("a link that was used stays used by the same device, at the same time", () => {
  const state = stateWith([invite("I", 10, "x")]);
  applyChange(state, { op: "clock-set", by: -7 });
  expect(state.invites.get("I")).toMatchObject({ users: { x: 11 }, expiresAtMs: 53 });
});

test("what a later clock wrote gets its whole life from now on, and no more", () => {
  const state = stateWith([invite("I", 900)]);
  const requests = requestsWith([pending("A", 1_000), pending("B", 10)]);
  expect(requestsFromTheFuture(requests, 20)).toEqual([
    { op: "request", request: pending("A", 20) },
  ]);
  expect(fromTheFuture(state, 20)).toEqual([{ op: "invite", invite: invite("I", 20) }]);
});
