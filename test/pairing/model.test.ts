import fc from "fast-check";
import { expect, test } from "vitest";
import * as devices from "../../src/pairing/devices.ts";
import { checkInvite, createInvite } from "../../src/pairing/invite.ts";
import type { Grant } from "../../src/pairing/ledger.ts";
import type { Device } from "../../src/pairing/records.ts";
import { covers } from "../../src/protocol/access.ts";
import { requestsOf } from "../../src/requests/book.ts";
import { ADMIN, LedgerBench, owner, PAIRING, READ, text, WRITE } from "./support.ts";

/** One operation on the ledger; numbers choose among what exists at that moment. */
type Step =
  | { op: "request"; device: number; scopes: string[]; node: boolean; source: number }
  | { op: "approve" | "reject" | "stale"; pick: number }
  | { op: "remove" | "revoke"; device: number }
  | { op: "rotate"; device: number; scopes: string[] }
  | { op: "invite"; scopes: string[]; both: boolean }
  | { op: "redeem"; device: number; pick: number }
  | { op: "wait"; ms: number };

const scopes = fc.subarray([READ, WRITE, PAIRING, ADMIN, "operator.bogus"]);
/** Few, so that they meet each other and their own past. */
const device = fc.nat(1);
const pick = fc.nat(50);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    op: fc.constant("request" as const),
    device,
    scopes,
    node: fc.boolean(),
    source: fc.nat(2),
  }),
  fc.record({ op: fc.constant("approve" as const), pick }),
  fc.record({ op: fc.constantFrom("reject" as const, "stale" as const), pick }),
  fc.record({ op: fc.constantFrom("remove" as const, "revoke" as const), device }),
  fc.record({ op: fc.constant("rotate" as const), device, scopes }),
  fc.record({ op: fc.constant("invite" as const), scopes, both: fc.boolean() }),
  fc.record({ op: fc.constant("redeem" as const), device, pick }),
  fc.record({ op: fc.constant("wait" as const), ms: fc.nat(800) }),
);

/** What stands for the role of a node among the scopes that were granted. */
const NODE = "node";

/** The ledger, and beside it what people really granted since each device last lost its rights. */
class Model {
  readonly bench = new LedgerBench({ pendingMs: 1000, pendingPerAddress: 3, pendingRequests: 5 });
  readonly granted = new Map<string, Set<string>>();
  /** What of it the owner left each device, by rotating its token last. */
  readonly left = new Map<string, Set<string>>();
  /** Codes that were superseded, rejected, approved, evicted or expired. */
  readonly dead = new Set<string>();
  readonly secrets: string[] = [];
  /** What each code was shown to stand for when it was given out. */
  readonly shown = new Map<string, string>();

  run(s: Step): void {
    const { requests } = this.bench.requests;
    const before = new Set(requests.keys());
    this.#run(s);
    for (const id of before) if (!requests.has(id)) this.dead.add(id);
  }

  #run(s: Step): void {
    const { bench } = this;
    switch (s.op) {
      case "request":
        bench.request(`d${s.device}`, s.node ? [] : s.scopes, {
          role: s.node ? "node" : "operator",
          source: `s${s.source}`,
        });
        return;
      case "approve":
      case "reject": {
        const live = requestsOf(bench.requests, "device").filter((p) => p.expiresAtMs > bench.now);
        const pending = live[s.pick % (live.length || 1)];
        if (!pending) return;
        if (s.op === "reject") return bench.end(pending, "rejected");
        const approver = { ...owner, scopes: [ADMIN, "operator.bogus"] };
        bench.approve(pending.requestId, approver);
        const { scopes: given, tokens } = bench.state.devices.get(pending.deviceId) as Device;
        expect(given).toEqual(expect.arrayContaining([...pending.scopes]));
        expect(Object.keys(tokens)).toEqual(expect.arrayContaining([...pending.roles]));
        this.#grant(pending.deviceId, pending.scopes);
        return this.#grant(pending.deviceId, pending.roles.includes("node") ? [NODE] : []);
      }
      case "stale": {
        const id = [...this.dead][s.pick % (this.dead.size || 1)];
        if (id !== undefined) expect(() => bench.approve(id)).toThrow("unknown requestId");
        return;
      }
      case "remove":
        return this.#try(() => {
          bench.remove(`d${s.device}`);
          this.#forget(`d${s.device}`);
        });
      case "revoke":
        return this.#try(() => {
          const facts = { deviceId: `d${s.device}`, role: "operator", actor: owner };
          bench.apply(devices.revoke(bench.state, { ...facts, now: bench.now }).changes);
          const isNode = this.granted.get(`d${s.device}`)?.has(NODE);
          this.#forget(`d${s.device}`);
          this.#grant(`d${s.device}`, isNode ? [NODE] : []);
        });
      case "rotate":
        return this.#try(() => {
          const facts = { deviceId: `d${s.device}`, role: "operator", actor: owner };
          const change = devices.rotate(bench.state, {
            ...facts,
            scopes: s.scopes,
            now: bench.now,
          });
          bench.apply(change.changes);
          this.left.set(`d${s.device}`, new Set(s.scopes));
        });
      case "invite":
        return this.#invite(s.scopes, s.both);
      case "redeem":
        return this.#redeem(`d${s.device}`, this.secrets[s.pick % (this.secrets.length || 1)]);
      case "wait":
        bench.now += s.ms;
        bench.expire();
    }
  }

  #invite(wanted: readonly string[], both: boolean): void {
    const { bench } = this;
    const serial = this.secrets.length;
    const made = createInvite(
      bench.state,
      {
        role: "operator",
        roles: both ? ["operator", "node"] : ["operator"],
        scopes: wanted,
        expiresInMs: 1000,
      },
      {
        actor: { ...owner, scopes: [ADMIN, "operator.bogus"] },
        now: bench.now,
        limits: bench.limits,
        bytes: (count) => Buffer.alloc(count, serial),
        id: `i${serial}`,
      },
    );
    bench.apply(made.changes);
    this.secrets.push(made.secret);
  }

  #redeem(deviceId: string, secret: string | undefined): void {
    if (secret === undefined) return;
    const { bench } = this;
    const verdict = checkInvite(bench.state, secret, { deviceId, now: bench.now });
    if (!verdict.ok) return;
    const asked = { ...text, deviceId, publicKey: "key", roles: ["operator"], scopes: [ADMIN] };
    const { changes } = bench.redeem(verdict.invite, asked as Grant);
    if (changes.length === 0) return;
    const { scopes: given, roles } = verdict.invite;
    this.#grant(deviceId, [...given, ...(roles.includes("node") ? [NODE] : [])]);
  }

  #try(run: () => void): void {
    try {
      run();
    } catch (error) {
      expect(String(error)).toMatch(/denied|unknown deviceId/);
    }
  }

  #forget(deviceId: string): void {
    this.granted.delete(deviceId);
    this.left.delete(deviceId);
  }

  #grant(deviceId: string, more: readonly string[]): void {
    for (const map of [this.granted, this.left]) {
      const have = map.get(deviceId) ?? new Set();
      for (const scope of more) have.add(scope);
      map.set(deviceId, have);
    }
  }

  check(): void {
    const { state } = this.bench;
    for (const paired of state.devices.values()) {
      const isNode = paired.tokens.node !== undefined;
      expect(isNode && !this.granted.get(paired.deviceId)?.has(NODE), "a node by itself").toBe(
        false,
      );
      const token = paired.tokens.operator;
      if (!token || token.revokedAtMs !== undefined) continue;
      for (const [scopes, map] of [
        [token.scopes, this.left],
        [paired.scopes, this.granted],
      ] as const) {
        const granted = [...(map.get(paired.deviceId) ?? [])];
        for (const scope of scopes) {
          expect(covers(granted, scope), `${paired.deviceId} has ${scope}`).toBe(true);
        }
      }
    }
    const { requests } = this.bench;
    const all = requestsOf(requests, "device");
    const live = all.filter((p) => p.expiresAtMs > this.bench.now);
    expect(new Set(live.map((p) => p.deviceId)).size).toBe(live.length);
    for (const { requestId, deviceId, roles, scopes: asked } of all) {
      expect(requests.byAsker.get(`device ${deviceId}`)).toBe(requestId);
      const meaning = JSON.stringify([deviceId, roles, asked]);
      const first = this.shown.get(requestId);
      if (first === undefined) this.shown.set(requestId, meaning);
      else if (first !== meaning) expect(meaning, `what ${requestId} stands for`).toBe(first);
    }
    for (const id of this.dead) expect(requests.requests.has(id)).toBe(false);
    expect(live.length).toBeLessThanOrEqual(5);
  }
}

test("after any sequence of operations no device has a scope that nobody granted, a code stands for what it did at first, no dead code approves, and a device has one request", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const model = new Model();
      for (const s of steps) {
        model.run(s);
        model.check();
      }
    }),
    { numRuns: 400 },
  );
});
