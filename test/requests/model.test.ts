import fc from "fast-check";
import { expect, test } from "vitest";
import { requestsOf } from "../../src/requests/book.ts";
import { requestsPart } from "../../src/requests/part.ts";
import { type ApprovalRequest, askerKey, askerOf } from "../../src/requests/records.ts";
import { BookBench } from "./support.ts";

/** One operation on the book; numbers choose among what exists at that moment. */
type Step =
  | { op: "device"; id: number; scopes: string[]; asNode: boolean; stays: boolean }
  | { op: "node"; id: number; commands: string[]; pairing: number; covered: boolean }
  | { op: "end"; pick: number; why: "approved" | "rejected" }
  | { op: "wait"; ms: number; sweep: boolean };

const id = fc.nat(8);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    op: fc.constant("device" as const),
    id,
    scopes: fc.subarray(["a", "b", "c"]),
    asNode: fc.boolean(),
    stays: fc.boolean(),
  }),
  fc.record({
    op: fc.constant("node" as const),
    id,
    commands: fc.subarray(["a", "b", "c"]),
    pairing: fc.nat(1),
    covered: fc.boolean(),
  }),
  fc.record({
    op: fc.constant("end" as const),
    pick: fc.nat(20),
    why: fc.constantFrom("approved" as const, "rejected" as const),
  }),
  fc.record({ op: fc.constant("wait" as const), ms: fc.nat(800), sweep: fc.boolean() }),
);

const bounds = {
  pendingMs: 1000,
  pendingPerAddress: 2,
  pendingPerPrefix: 2,
  pendingRequests: 4,
  nodeRequests: 3,
  requestGraceMs: 100,
  requestRecentMs: 300,
};

/** The book, and beside it every code that there was, with what it stood for. */
class Model {
  readonly bench = new BookBench(bounds);
  readonly codes = new Map<string, ApprovalRequest>();
  readonly replacedBy = new Map<string, string>();

  run(s: Step): void {
    const { bench } = this;
    switch (s.op) {
      case "device": {
        // A device that moves takes its request along, past what its new address may make.
        const more = { source: `s${s.id % 3}`, ...(s.asNode && { role: "node" as const }) };
        if (s.stays) bench.connected.add(`d${s.id}`);
        else bench.connected.delete(`d${s.id}`);
        return this.#asked(bench.device(`d${s.id}`, s.scopes, more));
      }
      case "node": {
        const more = { pairing: `p${s.pairing}`, covered: s.covered };
        return this.#asked(bench.node(`d${s.id}`, s.commands, more));
      }
      case "end": {
        const all = [...bench.state.requests.values()];
        const request = all[s.pick % (all.length || 1)];
        if (request) expect(bench.end(request, s.why)).toEqual([{ request, why: s.why }]);
        return;
      }
      case "wait":
        bench.now += s.ms;
        if (s.sweep) bench.expire();
    }
  }

  #asked({ verdict, request, gone }: ReturnType<BookBench["device" | "node"]>): void {
    expect(request === undefined).toBe(verdict === "covered" || verdict === "turned-away");
    for (const { request: old, why } of gone) {
      // Who waits is not pushed out here: no network has more than two.
      if (why === "evicted" && old.kind === "device") {
        expect(this.bench.connected.has(old.deviceId)).toBe(false);
      }
    }
    if (!request) return;
    const known = this.codes.get(request.requestId);
    // A code is drawn once: it never comes to stand for something else.
    if (known) expect([askerOf(known), known.kind]).toEqual([askerOf(request), request.kind]);
    expect(known === undefined).toBe(verdict === "new");
    this.codes.set(request.requestId, request);
    for (const { request: old, why } of gone) {
      if (why === "superseded") this.replacedBy.set(old.requestId, request.requestId);
    }
  }

  check(): void {
    const { state } = this.bench;
    const all = [...state.requests.values()];
    const askers = all.map((request) => askerKey(request.kind, askerOf(request)));
    expect(new Set(askers).size, "one request of a kind").toBe(all.length);
    expect([...state.byAsker].sort()).toEqual(
      all.map(({ requestId }, at) => [askers[at], requestId]).sort(),
    );
    const devices = requestsOf(state, "device");
    expect(devices.length).toBeLessThanOrEqual(bounds.pendingRequests);
    for (const source of ["s0", "s1", "s2"]) {
      const own = devices.filter((one) => one.source === source);
      expect(own.length).toBeLessThanOrEqual(bounds.pendingPerAddress);
    }
    expect(requestsOf(state, "node").length).toBeLessThanOrEqual(bounds.nodeRequests);
    for (const [code, { kind }] of this.codes) this.#checkCode(code, kind);
    expect(requestsPart.restore(requestsPart.records(state))).toEqual(state);
    expect(requestsPart.copy(state)).toEqual(state);
  }

  /** A code finds the request it was drawn for, or tells of its replacement, or nothing. */
  #checkCode(code: string, kind: ApprovalRequest["kind"]): void {
    const { bench } = this;
    const find = () => (kind === "node" ? bench.findNode(code) : bench.find(code));
    const there = bench.state.requests.get(code);
    const isLive =
      there !== undefined && !("expiresAtMs" in there && there.expiresAtMs <= bench.now);
    if (isLive) return void expect(find()).toBe(there);
    const by = this.replacedBy.get(code);
    expect(find).toThrow(by === undefined ? /^unknown requestId: it / : `replaced by ${by}`);
    expect(
      kind === "node" ? bench.find.bind(bench, code) : bench.findNode.bind(bench, code),
    ).toThrow(/^unknown requestId: it /);
  }
}

test("whatever is asked and decided: codes are unique over devices and nodes, each has one request, bounds hold, no old code finds anything, and the records hold all", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const model = new Model();
      for (const s of steps) {
        model.run(s);
        model.check();
      }
    }),
    { numRuns: 150 },
  );
});
