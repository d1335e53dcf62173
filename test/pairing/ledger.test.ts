import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { createInvite } from "../../src/pairing/invite.ts";
import { expire, grant, nextExpiry } from "../../src/pairing/ledger.ts";
import { accessProblem } from "../../src/requests/authority.ts";
import { ADMIN, confined, LedgerBench, owner, PAIRING, READ, WRITE } from "./support.ts";

describe("approval", () => {
  test("grants exactly what was asked, once", () => {
    const bench = new LedgerBench();
    const { requestId } = bench.request("d1", [READ]);
    const device = bench.approve(requestId);
    expect(device).toMatchObject({ roles: ["operator"], scopes: [READ], approvedVia: "owner" });
    expect(device.tokens.operator).toMatchObject({
      generation: 1,
      scopes: [READ],
      claimable: true,
    });
    expect(() => bench.approve(requestId)).toThrow("unknown requestId");
  });

  test("adds to what the device has and keeps its token's generation", () => {
    const bench = new LedgerBench();
    bench.pair("d1", [READ]);
    const device = bench.pair("d1", [WRITE]);
    expect(device.scopes).toEqual([READ, WRITE]);
    expect(device.tokens.operator).toMatchObject({ generation: 1, scopes: [READ, WRITE] });
  });

  test("of another role leaves the first role's token alone", () => {
    const bench = new LedgerBench();
    const before = bench.pair("d1", [READ]);
    const device = bench.pair("d1", [], { role: "node" });
    expect(device.roles).toEqual(["operator", "node"]);
    expect(device.tokens.operator).toEqual(before.tokens.operator);
    expect(device.tokens.node).toMatchObject({ generation: 1, scopes: [] });
  });

  test("after a revocation makes a new generation with what is asked for now alone", () => {
    const bench = new LedgerBench();
    const device = bench.pair("d1", [READ, ADMIN]);
    const token = { ...device.tokens.operator, revokedAtMs: bench.now };
    const revoked = { ...device, tokens: { operator: token } };
    bench.apply([{ op: "device", device: revoked as typeof device }]);
    const again = bench.pair("d1", [READ]);
    expect(again.scopes).toEqual([READ]);
    expect(again.tokens.operator).toMatchObject({ generation: 2, scopes: [READ] });
    expect(again.tokens.operator?.revokedAtMs).toBeUndefined();
  });

  test("remembers the shared secret it was asked with; then nothing stands in for the token", () => {
    const { tokens } = new LedgerBench().pair("d1", [READ], { secretEpoch: 3 });
    expect(tokens.operator).toMatchObject({ secretEpoch: 3 });
    expect(tokens.operator?.claimable).toBeUndefined();
  });

  test("keeps the owner's name for a device and when it was first paired", () => {
    const bench = new LedgerBench();
    const device = bench.pair("d1", [READ]);
    bench.apply([{ op: "device", device: { ...device, label: "Mine" } }]);
    bench.now += 5000;
    const again = bench.pair("d1", [WRITE]);
    expect(again).toMatchObject({ label: "Mine", createdAtMs: device.createdAtMs });
    expect(again.approvedAtMs).toBeGreaterThan(device.approvedAtMs);
  });
});

test("a request that is rejected finds nothing any more", () => {
  const bench = new LedgerBench();
  const request = bench.request("d1", [READ]);
  expect(accessProblem(confined("d2", [PAIRING]), request, "rejection")?.message).toBe(
    "device pairing rejection denied",
  );
  expect(accessProblem(owner, request, "rejection")).toBeUndefined();
  bench.end(request, "rejected");
  expect(() => bench.find(request.requestId)).toThrow("unknown requestId");
  expect(bench.requests.byAsker.size).toBe(0);
});

describe("bounds", () => {
  const bytes = (count: number) => Buffer.alloc(count, bytes.next++);
  bytes.next = 1;
  const invite = (bench: LedgerBench, expiresInMs: number, id: string) => {
    const ask = { role: "operator" as const, scopes: [READ], expiresInMs };
    const context = { actor: owner, now: bench.now, limits: bench.limits, bytes, id };
    const made = createInvite(bench.state, ask, context);
    bench.apply(made.changes);
    return made;
  };

  test("invites: one more is refused until one is used or expires", () => {
    const bench = new LedgerBench({ invites: 2 });
    invite(bench, 1000, "a");
    invite(bench, 50_000, "b");
    expect(() => invite(bench, 1000, "c")).toThrow("too many unused links");
    bench.now += 1000;
    expect(invite(bench, 1000, "c").invite.inviteId).toBe("c");
  });

  test("inviteMaxMs: a longer life is refused, and none at all", () => {
    const bench = new LedgerBench();
    const { value } = limitTable.inviteMaxMs;
    expect(() => invite(bench, value + 1, "a")).toThrow("30 days");
    expect(() => invite(bench, 0, "a")).toThrow("a link lives between");
    expect(invite(bench, value, "a").invite.expiresAtMs).toBe(bench.now + value);
  });

  test("inviteKeptMs: a link is forgotten a day after it expired, and that is when the ledger looks next", () => {
    const bench = new LedgerBench();
    const { expiresAtMs } = invite(bench, 1000, "a").invite;
    const at = expiresAtMs + limitTable.inviteKeptMs.value;
    expect(nextExpiry(bench.state)).toBe(at);
    expect(expire(bench.state, at - 1)).toEqual([]);
    expect(expire(bench.state, at)).toEqual([{ op: "invite-gone", inviteId: "a" }]);
  });
});

test("scopesPerDevice: an approval past it is refused, and a link grants its own scopes alone", () => {
  const most = limitTable.scopesPerDevice.value;
  const bench = new LedgerBench({ scopesPerRequest: most });
  const named = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => `s${String(from + at).padStart(3, "0")}`);
  bench.approve(bench.request("d1", named(most)).requestId);
  const one = bench.request("d1", ["t"]);
  expect(() => bench.approve(one.requestId)).toThrow(`no more than ${most} scopes`);
  const before = bench.state.devices.get("d1");
  expect(before?.scopes).toHaveLength(most);
  const asked = { ...one, roles: ["operator"] as const };
  const facts = { now: bench.now, via: "bootstrap" as const };
  expect(grant(before, { ...asked, scopes: ["s000"] }, facts).scopes).toEqual(named(most));
  expect(grant(before, { ...asked, scopes: ["t", "s000"] }, facts).scopes).toEqual(["s000", "t"]);
});
