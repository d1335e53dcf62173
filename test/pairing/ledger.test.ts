import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { createInvite } from "../../src/pairing/invite.ts";
import { expire, grant, nextExpiry, pendingOf, reject } from "../../src/pairing/ledger.ts";
import type { DeviceText } from "../../src/pairing/records.ts";
import { requestCode } from "../../src/words/code.ts";
import { ADMIN, confined, LedgerBench, owner, PAIRING, READ, text, WRITE } from "./support.ts";

describe("a request", () => {
  test("is new, waits, and its code commits to all that it asks for", () => {
    const bench = new LedgerBench();
    const { pending, kind } = bench.request("d1", [WRITE, READ]);
    expect(kind).toBe("new");
    expect(pending).toMatchObject({ roles: ["operator"], scopes: [READ, WRITE], isRepair: false });
    const facts = { ...pending, gatewayId: "gateway" };
    expect(requestCode(facts)).toBe(pending.requestId);
    const others = [
      { ...facts, deviceId: "d2" },
      { ...facts, roles: ["node" as const] },
      { ...facts, scopes: [READ] },
      { ...facts, gatewayId: "other" },
      { ...facts, nonce: "00" },
    ];
    for (const other of others) expect(requestCode(other)).not.toBe(pending.requestId);
  });

  test("of a device with a record is a repair", () => {
    const bench = new LedgerBench();
    bench.pair("d1", [READ]);
    expect(bench.request("d1", [ADMIN]).pending.isRepair).toBe(true);
  });

  test.each([
    ["the same", [READ, WRITE]],
    ["less", [WRITE]],
    ["what is covered", ["operator.talk"]],
    ["nothing", []],
  ])("for %s keeps its code and its ask, and lives longer", (_name, scopes) => {
    const bench = new LedgerBench();
    const { pending: before } = bench.request("d1", [READ, WRITE]);
    bench.now += 60_000;
    const { pending, kind, gone } = bench.request("d1", scopes);
    expect({ kind, gone }).toEqual({ kind: "refreshed", gone: [] });
    expect(pending).toEqual({
      ...before,
      expiresAtMs: before.expiresAtMs + 60_001,
    });
  });

  test("that is refreshed shows the newest description of the device", () => {
    const bench = new LedgerBench();
    bench.request("d1", [READ]);
    const { pending } = bench.request("d1", [READ], { text: { ...text, displayName: "Phone" } });
    expect(pending.displayName).toBe("Phone");
  });

  test("takes nothing but the description from who describes the device", () => {
    const bench = new LedgerBench();
    const device = bench.pair("d1", [READ]);
    const { pending } = bench.request("d1", [READ, ADMIN], { text: device });
    const again = bench.request("d1", [ADMIN], { text: device as DeviceText }).pending;
    for (const row of [pending, again]) {
      expect(row).toMatchObject({ scopes: [ADMIN, READ], roles: ["operator"] });
      expect(Object.keys(row)).not.toContain("tokens");
      expect(Object.keys(row)).not.toContain("approvedAtMs");
    }
    expect(requestCode({ ...again, gatewayId: "gateway" })).toBe(again.requestId);
  });

  test.each([
    ["more scopes", [ADMIN], {}, ["operator"], [ADMIN, READ]],
    ["another role", [], { role: "node" as const }, ["operator", "node"], [READ]],
  ])("for %s gets another code and asks for both", (_name, scopes, more, roles, merged) => {
    const bench = new LedgerBench();
    const { pending: old } = bench.request("d1", [READ]);
    const { pending, gone } = bench.request("d1", scopes, more);
    expect(pending).toMatchObject({ roles, scopes: merged });
    expect(pending.requestId).not.toBe(old.requestId);
    expect(gone).toEqual([{ pending: old, why: "superseded" }]);
    expect([...bench.state.pending.keys()]).toEqual([pending.requestId]);
  });
});

describe("a code as typed", () => {
  test("is found whatever its case, dashes and spaces", () => {
    const bench = new LedgerBench();
    const { requestId } = bench.request("d1", [READ]).pending;
    const plain = requestId.replace("-", "").toLowerCase();
    for (const typed of [requestId, plain, ` ${plain.slice(0, 2)} ${plain.slice(2)} `]) {
      expect(bench.find(typed).requestId).toBe(requestId);
    }
  });

  test.each(["prefix", "nothing", "garbage"])("that is %s finds nothing", (kind) => {
    const bench = new LedgerBench();
    const { requestId } = bench.request("d1", [READ]).pending;
    const typed = { prefix: requestId.slice(0, 4), nothing: "", garbage: "‮!!" }[kind] ?? "";
    expect(() => bench.find(typed)).toThrow("unknown requestId");
  });

  test("that was replaced names its replacement and what that asks for", () => {
    const bench = new LedgerBench();
    const { requestId: old } = bench.request("d1", [READ]).pending;
    const { requestId } = bench.request("d1", [ADMIN]).pending;
    expect(() => bench.find(old)).toThrow(
      `unknown requestId: replaced by ${requestId}, which asks for operator: full control`,
    );
  });

  test("that is unknown says no more than `denied` to who is no admin", () => {
    const bench = new LedgerBench();
    const { requestId: old } = bench.request("d1", [READ]).pending;
    bench.request("d1", [ADMIN]);
    expect(() => bench.find(old, false)).toThrow(/^denied$/);
    expect(() => bench.find("0000-0000", false)).toThrow(/^denied$/);
  });

  test("replacedRequestsKept: the oldest replaced code is forgotten", () => {
    const bench = new LedgerBench();
    const first = bench.request("d1", ["s0"]).pending.requestId;
    const { value } = limitTable.replacedRequestsKept;
    for (let i = 1; i <= value; i += 1) bench.request("d1", [`s${i}`]);
    expect(bench.state.replaced.size).toBe(value);
    expect(() => bench.find(first)).toThrow("replaced by");
    bench.request("d1", ["one more"]);
    expect(bench.state.replaced.size).toBe(value);
    expect(() => bench.find(first)).toThrow(/^unknown requestId: it expired, was decided already/);
  });
});

describe("approval", () => {
  test("grants exactly what was asked, once", () => {
    const bench = new LedgerBench();
    const { requestId } = bench.request("d1", [READ]).pending;
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

test("rejection ends a request, by who may manage its device only", () => {
  const bench = new LedgerBench();
  const { pending } = bench.request("d1", [READ]);
  expect(() => reject(pending, confined("d2", [PAIRING]))).toThrow("rejection denied");
  bench.apply(reject(pending, owner));
  expect(() => bench.find(pending.requestId)).toThrow("unknown requestId");
  expect(bench.state.pendingOf.size).toBe(0);
});

describe("expiry", () => {
  test("pendingMs: a request lives that long after its last retry, and is gone then", () => {
    const bench = new LedgerBench({ pendingMs: 1000 });
    const { pending } = bench.request("d1", [READ]);
    bench.now = pending.ts + 900;
    const { requestId, expiresAtMs } = bench.request("d1", [READ]).pending;
    expect(requestId).toBe(pending.requestId);
    expect(expiresAtMs).toBe(pending.ts + 1900);
    expect(nextExpiry(bench.state)).toBe(expiresAtMs);
    bench.now = expiresAtMs - 1;
    expect(bench.expire()).toEqual([]);
    expect(bench.find(requestId).deviceId).toBe("d1");
    bench.now = expiresAtMs;
    expect(() => bench.find(requestId)).toThrow("unknown requestId");
    expect(pendingOf(bench.state, "d1", bench.now)).toBeUndefined();
    expect(bench.expire().map((p) => p.requestId)).toEqual([requestId]);
    expect(nextExpiry(bench.state)).toBeUndefined();
  });

  test("a retry after it makes a new request with another code", () => {
    const bench = new LedgerBench({ pendingMs: 1000 });
    const { pending } = bench.request("d1", [READ]);
    bench.now += 5000;
    const again = bench.request("d1", [READ]);
    expect(again.kind).toBe("new");
    expect(again.pending.requestId).not.toBe(pending.requestId);
    expect(bench.state.pendingOf.get("d1")).toBe(again.pending.requestId);
    bench.expire();
    expect(bench.find(again.pending.requestId).deviceId).toBe("d1");
  });
});

describe("bounds", () => {
  test("pendingPerAddress: past it that address's oldest goes, nobody else's", () => {
    const bench = new LedgerBench({ pendingPerAddress: 2 });
    const other = bench.request("other", [READ], { source: "there" }).pending;
    const first = bench.request("d1", [READ]).pending;
    bench.request("d2", [READ]);
    const { gone } = bench.request("d3", [READ]);
    expect(gone).toEqual([{ pending: first, why: "evicted" }]);
    expect(bench.state.pending.has(other.requestId)).toBe(true);
    expect(bench.state.pending.size).toBe(3);
    expect(bench.state.replaced.size).toBe(0);
  });

  test("pendingRequests: past it the oldest of the largest address goes", () => {
    const bench = new LedgerBench({ pendingRequests: 4, pendingPerAddress: 100 });
    const victim = bench.request("lone", [READ], { source: "lone" }).pending;
    const flood = ["f1", "f2", "f3"].map((id) => bench.request(id, [READ], { source: "flood" }));
    const { gone } = bench.request("late", [READ], { source: "late" });
    expect(gone.map(({ pending }) => pending.deviceId)).toEqual(["f1"]);
    expect(flood).toHaveLength(3);
    expect(bench.state.pending.has(victim.requestId)).toBe(true);
  });

  test("a wider ask takes the place of its own request and pushes nobody out", () => {
    const bench = new LedgerBench({ pendingRequests: 2, pendingPerAddress: 2 });
    bench.request("d1", [READ]);
    bench.request("d2", [READ]);
    const { gone } = bench.request("d2", [ADMIN]);
    expect(gone.map(({ why }) => why)).toEqual(["superseded"]);
    expect(bench.state.pending.size).toBe(2);
  });

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
    expect(expire(bench.state, at - 1).changes).toEqual([]);
    expect(expire(bench.state, at).changes).toEqual([{ op: "invite-gone", inviteId: "a" }]);
  });
});

test("a request does not grow without end, however often its device asks for something new", () => {
  const bench = new LedgerBench({ scopesPerRequest: 2 });
  bench.request("d1", ["a"]);
  expect(bench.request("d1", ["b"]).pending.scopes).toEqual(["a", "b"]);
  expect(bench.request("d1", ["c"]).pending.scopes).toEqual(["c"]);
});

test("scopesPerDevice: an approval past it is refused, and a link grants its own scopes alone", () => {
  const most = limitTable.scopesPerDevice.value;
  const bench = new LedgerBench({ scopesPerRequest: most });
  const named = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => `s${String(from + at).padStart(3, "0")}`);
  bench.approve(bench.request("d1", named(most)).pending.requestId);
  const one = bench.request("d1", ["t"]).pending;
  expect(() => bench.approve(one.requestId)).toThrow(`no more than ${most} scopes`);
  const before = bench.state.devices.get("d1");
  expect(before?.scopes).toHaveLength(most);
  const asked = { ...one, roles: ["operator"] as const };
  const facts = { now: bench.now, via: "bootstrap" as const };
  expect(grant(before, { ...asked, scopes: ["s000"] }, facts).scopes).toEqual(named(most));
  expect(grant(before, { ...asked, scopes: ["t", "s000"] }, facts).scopes).toEqual(["s000", "t"]);
});
