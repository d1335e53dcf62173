import { expect, test } from "vitest";
import { remove, revoke, rotate } from "../../src/pairing/devices.ts";
import { checkInvite, createInvite, openInvites } from "../../src/pairing/invite.ts";
import type { Invite } from "../../src/pairing/records.ts";
import { APPROVALS, covers, isRole, NODES } from "../../src/protocol/access.ts";
import { type SetupAccess, setupGrants } from "../../src/protocol/setup-access.ts";
import { ADMIN, LedgerBench, owner, PAIRING, READ, text } from "./support.ts";

const url = "wss://gateway.example.com";

function make(bench: LedgerBench, access: SetupAccess) {
  const { roles, scopes } = setupGrants[access];
  const made = createInvite(
    bench.state,
    { role: roles[0], roles, scopes, expiresInMs: 1000, setup: { access, url } },
    {
      actor: owner,
      now: bench.now,
      limits: bench.limits,
      bytes: (count) => Buffer.alloc(count, 9),
      id: "s1",
    },
  );
  bench.apply(made.changes);
  return made;
}

function use(bench: LedgerBench, secret: string, deviceId: string) {
  const verdict = checkInvite(bench.state, secret, { deviceId, now: bench.now });
  if (!verdict.ok) return verdict.problem;
  // Whatever the device asks for: the code alone says what it gets.
  const asked = { ...text, deviceId, publicKey: "key", roles: ["operator"] as const, scopes: [] };
  return bench.redeem(verdict.invite, asked).device;
}

test.each([
  ["full", true],
  ["limited", false],
  ["node", false],
] as const)("a code for %s access lets its device let others in: %s", (access, may) => {
  expect(covers(setupGrants[access].scopes, PAIRING)).toBe(may);
});

test.each([
  ["full", true],
  ["limited", false],
  ["node", false],
] as const)(
  "a code for %s access lets its device run commands on nodes, and decide what the agent may run: %s",
  (access, may) => {
    const { scopes } = setupGrants[access];
    expect([covers(scopes, NODES), covers(scopes, APPROVALS)]).toEqual([may, may]);
  },
);

const mobile = ["questions", "read", "talk.secrets", "write"].map((scope) => `operator.${scope}`);

test.each<[SetupAccess, readonly string[], readonly string[]]>([
  ["full", ["node", "operator"], [ADMIN, APPROVALS, ...mobile]],
  ["limited", ["node", "operator"], mobile],
  ["node", ["node"], []],
])("%s access grants the roles %j and the scopes %j in one step", (access, roles, scopes) => {
  const bench = new LedgerBench();
  const device = use(bench, make(bench, access).secret, "d1");
  expect(device).toMatchObject({ roles, scopes, approvedVia: "bootstrap" });
  if (typeof device === "string") throw new Error(device);
  expect(Object.keys(device.tokens)).toEqual(roles);
  for (const [role, token] of Object.entries(device.tokens)) {
    expect(token.scopes).toEqual(role === "operator" ? scopes : []);
  }
});

test("no setup code lets its device let others in", () => {
  for (const { scopes } of Object.values(setupGrants)) expect(scopes).not.toContain(PAIRING);
});

test("a code pairs one device, which may come again while nothing was decided about it", () => {
  const bench = new LedgerBench();
  const { secret } = make(bench, "full");
  const first = use(bench, secret, "d1");
  bench.now += 60_000;
  expect(use(bench, secret, "d1")).toBe(first);
  expect(use(bench, secret, "d2")).toBe("used-by-another-device");
});

test.each(["node", "operator"])(
  "once the %s token of its device was revoked or rotated, a code gives neither role back",
  (role) => {
    for (const end of [revoke, rotate]) {
      const bench = new LedgerBench();
      const { secret } = make(bench, "full");
      use(bench, secret, "d1");
      const target = { deviceId: "d1", role, actor: owner, now: bench.now };
      bench.apply(end(bench.state, target).changes);
      expect(use(bench, secret, "d1")).toBe("revoked");
    }
  },
);

test("a device that was removed and approved as an operator that reads gets no more by its code", () => {
  const bench = new LedgerBench();
  const { secret } = make(bench, "full");
  use(bench, secret, "d1");
  bench.apply(remove(bench.state, "d1", owner).changes);
  bench.now += 1;
  bench.pair("d1", [READ]);
  expect(use(bench, secret, "d1")).toBe("revoked");
  expect(bench.state.devices.get("d1")).toMatchObject({ roles: ["operator"], scopes: [READ] });
});

test("a list tells setup codes and links apart", () => {
  const bench = new LedgerBench();
  make(bench, "limited");
  expect(openInvites(bench.state, bench.now)).toMatchObject([
    { inviteId: "s1", kind: "setup-code", access: "limited", gatewayUrl: url, usedBy: [] },
  ]);
  const [row] = openInvites(bench.state, bench.now);
  expect(row).not.toHaveProperty("setup");
  expect(row).not.toHaveProperty("secretHash");
});

test("links written when each granted one role are read as such", () => {
  const bench = new LedgerBench();
  const { invite } = make(bench, "node");
  const { roles: _, setup: __, ...old } = invite;
  bench.apply([{ op: "invite", invite: old as unknown as Invite }]);
  expect(bench.state.invites.get("s1")).toEqual({ ...old, roles: ["node"] });
  expect(openInvites(bench.state, bench.now)).toMatchObject([{ kind: "link", roles: ["node"] }]);
});

test("an older release finds in each code a role that it knows", () => {
  for (const access of Object.keys(setupGrants) as SetupAccess[]) {
    const { invite } = make(new LedgerBench(), access);
    expect(isRole(invite.role)).toBe(true);
    expect(invite.roles[0]).toBe(invite.role);
  }
});

test("that the tokens went out is noted on a setup code, and on nothing else", () => {
  const bench = new LedgerBench();
  make(bench, "node");
  bench.apply([{ op: "setup-told", inviteId: "s1", at: 7 }]);
  expect(bench.state.invites.get("s1")?.setup).toEqual({ access: "node", url, toldAtMs: 7 });
  const before = structuredClone([...bench.state.invites]);
  bench.apply([{ op: "setup-told", inviteId: "unknown", at: 7 }]);
  expect([...bench.state.invites]).toEqual(before);
});
