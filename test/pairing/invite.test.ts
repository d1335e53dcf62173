import { describe, expect, test } from "vitest";
import { remove, revoke, rotate } from "../../src/pairing/devices.ts";
import {
  checkInvite,
  createInvite,
  hashInvite,
  openInvites,
  redeem,
  revokeInvite,
} from "../../src/pairing/invite.ts";
import type { Grant } from "../../src/pairing/ledger.ts";
import type { Role } from "../../src/protocol/access.ts";
import { ADMIN, confined, LedgerBench, owner, PAIRING, READ, text, WRITE } from "./support.ts";

function make(bench: LedgerBench, more: { role?: Role; name?: string; uses?: number } = {}) {
  const ask = {
    role: "operator" as const,
    scopes: [WRITE, READ, READ],
    expiresInMs: 1000,
    ...more,
  };
  const bytes = (count: number) => Buffer.alloc(count, 9);
  const context = { actor: owner, now: bench.now, limits: bench.limits, bytes, id: "i1" };
  const made = createInvite(bench.state, ask, context);
  bench.apply(made.changes);
  return made;
}

function asked(deviceId: string, more: Partial<Grant> = {}): Grant {
  return { ...text, deviceId, publicKey: "key", roles: ["operator"], scopes: [ADMIN], ...more };
}

/** The operator token of a device, as its owner names it. */
function tokenOf(deviceId: string, now: number) {
  return { deviceId, role: "operator", actor: owner, now };
}

function use(bench: LedgerBench, secret: string, deviceId: string) {
  const verdict = checkInvite(bench.state, secret, { deviceId, now: bench.now });
  if (!verdict.ok) return verdict.problem;
  return bench.redeem(verdict.invite, asked(deviceId)).device;
}

test("a link has 256 bits of secret and stores only their hash", () => {
  const { invite, secret } = make(new LedgerBench());
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  expect(invite).toMatchObject({ secretHash: hashInvite(secret), scopes: [READ, WRITE] });
  expect(JSON.stringify(invite)).not.toContain(secret);
});

test("a link for a node carries no scopes", () => {
  expect(make(new LedgerBench(), { role: "node" }).invite.scopes).toEqual([]);
});

test("nobody makes a link for more than it holds", () => {
  const bench = new LedgerBench();
  const actor = confined("d1", [PAIRING]);
  const bytes = (count: number) => Buffer.alloc(count);
  const context = { actor, now: 0, limits: bench.limits, bytes, id: "i" };
  const ask = { role: "operator" as const, scopes: [READ], expiresInMs: 1000 };
  const refusal = () => {
    try {
      return createInvite(bench.state, ask, context);
    } catch (error) {
      return error;
    }
  };
  expect(refusal()).toMatchObject({
    shape: {
      message: "missing scope: operator.read",
      details: { cure: "on the gateway host: openclaw devices invite --scopes operator.read" },
    },
  });
});

test("it grants what the link says, whatever the device asks for, and its name", () => {
  const bench = new LedgerBench();
  const { secret } = make(bench, { name: "Phone" });
  const device = use(bench, ` ${secret}\n`, "d1");
  expect(device).toMatchObject({ scopes: [READ, WRITE], approvedVia: "bootstrap", label: "Phone" });
});

test("used again by the same device it gives the same and changes nothing", () => {
  const bench = new LedgerBench();
  const { secret } = make(bench);
  const first = use(bench, secret, "d1");
  bench.now += 50_000;
  expect(use(bench, secret, "d1")).toBe(first);
});

test.each([
  ["another device", "used-by-another-device"],
  ["a removed device", "revoked"],
  ["a late device", "expired"],
  ["a guess", "unknown"],
])("%s is refused: %s", (who, problem) => {
  const bench = new LedgerBench();
  const { secret } = make(bench);
  if (who === "a late device") bench.now += 1000;
  else if (who !== "a guess") use(bench, secret, "d1");
  if (who === "a removed device") bench.apply([{ op: "device-gone", deviceId: "d1" }]);
  const deviceId = who === "another device" ? "d2" : "d1";
  expect(use(bench, who === "a guess" ? "guess" : secret, deviceId)).toBe(problem);
});

test.each<[string, (bench: LedgerBench) => void]>([
  ["revoked", (b) => b.apply(revoke(b.state, tokenOf("d1", b.now)).changes)],
  ["rotated", (b) => b.apply(rotate(b.state, tokenOf("d1", b.now)).changes)],
  [
    "removed and approved for less",
    (b) => {
      b.apply(remove(b.state, "d1", owner).changes);
      b.now += 1;
      b.pair("d1", [READ]);
    },
  ],
])("a device that was %s since gets nothing more out of its link", (_how, decide) => {
  const bench = new LedgerBench();
  const { secret } = make(bench);
  use(bench, secret, "d1");
  decide(bench);
  expect(use(bench, secret, "d1")).toBe("revoked");
});

test("a link that was taken back is refused as revoked", () => {
  const bench = new LedgerBench();
  const { secret, invite } = make(bench);
  bench.apply([{ op: "invite", invite: { ...invite, revokedAtMs: 5 } }]);
  expect(use(bench, secret, "d1")).toBe("revoked");
});

describe("redeeming ends the request that the device had open", () => {
  /** What a link for reading and writing makes of it. */
  function closes(before: readonly string[], ask: readonly string[], role: Role = "operator") {
    const bench = new LedgerBench();
    const { secret, invite } = make(bench);
    if (before.length > 0) bench.pair("d1", before);
    const request = bench.request("d1", ask, { role });
    const facts = { asked: asked("d1"), now: bench.now, asking: bench.asking("d1") };
    const { closed } = redeem(bench.state, invite, facts);
    expect(closed?.request).toEqual(request);
    use(bench, secret, "d1");
    expect(bench.requests.requests.size).toBe(0);
    return closed?.why;
  }

  test.each([
    ["all of which the link grants", [], [READ], "approved"],
    ["all of which it has then", [PAIRING], [PAIRING, READ], "approved"],
    ["that is wider", [], [ADMIN], "superseded"],
    ["of which the link grants a part", [], [READ, PAIRING], "superseded"],
  ])("one %s", (_what, before, ask, why) => {
    expect(closes(before, ask)).toBe(why);
  });

  test("one in another role, too", () => {
    expect(closes([], [], "node")).toBe("superseded");
  });

  test("but not one that is over already: that ended by itself", () => {
    const bench = new LedgerBench();
    const { invite } = make(bench);
    bench.request("d1", [READ]);
    bench.now += bench.limits.pendingMs;
    const { closed, changes } = bench.redeem(invite, asked("d1"));
    expect(closed).toBeUndefined();
    expect(changes.map(({ op }) => op)).toEqual(["device", "invite"]);
  });
});

test("inviteUses: a link for several devices pairs as many and no more", () => {
  const bench = new LedgerBench();
  const { secret, invite } = make(bench, { uses: 2 });
  expect(use(bench, secret, "d1")).toMatchObject({ deviceId: "d1" });
  expect(openInvites(bench.state, bench.now)).toMatchObject([
    { inviteId: invite.inviteId, uses: 2, usedBy: [{ deviceId: "d1", atMs: bench.now }] },
  ]);
  // A lost reply: the same device again takes no second place.
  expect(use(bench, secret, "d1")).toMatchObject({ deviceId: "d1" });
  expect(use(bench, secret, "d2")).toMatchObject({ deviceId: "d2" });
  expect(use(bench, secret, "d3")).toBe("used-by-another-device");
  expect(openInvites(bench.state, bench.now)).toEqual([]);
  const { inviteUses } = bench.limits;
  for (const uses of [0, inviteUses + 1]) {
    expect(() => make(bench, { uses })).toThrow(`a link pairs 1 to ${inviteUses} devices`);
  }
});

test("a link that was taken back pairs nobody, and neither can it be taken back twice", () => {
  const bench = new LedgerBench();
  const { secret, invite } = make(bench, { uses: 2 });
  use(bench, secret, "d1");
  const gone = revokeInvite(bench.state, invite.inviteId, bench.now);
  bench.apply(gone.changes);
  expect(use(bench, secret, "d2")).toBe("revoked");
  expect(use(bench, secret, "d1")).toBe("revoked");
  expect(bench.state.devices.has("d1")).toBe(true);
  expect(openInvites(bench.state, bench.now)).toEqual([]);
  expect(() => revokeInvite(bench.state, invite.inviteId, bench.now)).toThrow("unknown inviteId");
  expect(() => revokeInvite(bench.state, "nothing", bench.now)).toThrow("unknown inviteId");
});

test("what is told of a link never holds its secret, nor the hash of it", () => {
  const bench = new LedgerBench();
  const { secret, invite } = make(bench);
  const told = JSON.stringify(openInvites(bench.state, bench.now));
  expect(told).toContain(invite.inviteId);
  expect(told).not.toContain(secret);
  expect(told).not.toContain(invite.secretHash);
});

test("links written when each paired one device are read as such", () => {
  const bench = new LedgerBench();
  const { invite, secret } = make(bench);
  const { uses: _, users: __, ...old } = invite;
  const used = { ...old, usedBy: "d1", usedAtMs: 5 } as unknown as typeof invite;
  bench.apply([{ op: "invite", invite: used }]);
  expect(bench.state.invites.get(invite.inviteId)).toEqual({ ...invite, users: { d1: 5 } });
  expect(use(bench, secret, "d2")).toBe("used-by-another-device");
});
