import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { nextExpiry, requestOf } from "../../src/requests/book.ts";
import type { DeviceText } from "../../src/requests/records.ts";
import { requestCode } from "../../src/words/code.ts";
import { ADMIN, BookBench, READ, text, WRITE } from "./support.ts";

describe("a request", () => {
  test("is new, waits, and its code commits to all that it asks for", () => {
    const bench = new BookBench();
    const { request, verdict } = bench.device("d1", [WRITE, READ]);
    expect(verdict).toBe("new");
    expect(request).toMatchObject({ roles: ["operator"], scopes: [READ, WRITE], isRepair: false });
    const facts = { ...request, gatewayId: "gateway" };
    expect(requestCode(facts)).toBe(request.requestId);
    const others = [
      { ...facts, deviceId: "d2" },
      { ...facts, roles: ["node" as const] },
      { ...facts, scopes: [READ] },
      { ...facts, gatewayId: "other" },
      { ...facts, nonce: "00" },
    ];
    for (const other of others) expect(requestCode(other)).not.toBe(request.requestId);
  });

  test("of a device with a record is a repair", () => {
    const bench = new BookBench();
    expect(bench.device("d1", [ADMIN], { isRepair: true }).request.isRepair).toBe(true);
  });

  test("remembers the shared secret that was shown", () => {
    const bench = new BookBench();
    expect(bench.device("d1", [READ], { secretEpoch: 3 }).request.secretEpoch).toBe(3);
    expect(Object.keys(bench.device("d2", [READ]).request)).not.toContain("secretEpoch");
  });

  test.each([
    ["the same", [READ, WRITE]],
    ["less", [WRITE]],
    ["what is covered", ["operator.talk"]],
    ["nothing", []],
  ])("for %s keeps its code and its ask, and lives longer", (_name, scopes) => {
    const bench = new BookBench();
    const { request: before } = bench.device("d1", [READ, WRITE]);
    bench.now += 60_000;
    const { request, verdict, gone } = bench.device("d1", scopes);
    expect({ verdict, gone }).toEqual({ verdict: "refreshed", gone: [] });
    expect(request).toEqual({
      ...before,
      expiresAtMs: before.expiresAtMs + 60_001,
    });
  });

  test("that is refreshed shows the newest description of the device", () => {
    const bench = new BookBench();
    bench.device("d1", [READ]);
    const { request } = bench.device("d1", [READ], { text: { ...text, displayName: "Phone" } });
    expect(request.displayName).toBe("Phone");
  });

  test("takes nothing but the description from who describes the device", () => {
    const bench = new BookBench();
    const device = { ...text, tokens: {}, approvedAtMs: 1 } as DeviceText;
    const { request } = bench.device("d1", [READ, ADMIN], { text: device });
    const again = bench.device("d1", [ADMIN], { text: device }).request;
    for (const row of [request, again]) {
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
    const bench = new BookBench();
    const { request: old } = bench.device("d1", [READ]);
    const { request, gone } = bench.device("d1", scopes, more);
    expect(request).toMatchObject({ roles, scopes: merged });
    expect(request.requestId).not.toBe(old.requestId);
    expect(gone).toEqual([{ request: old, why: "superseded" }]);
    expect([...bench.state.requests.keys()]).toEqual([request.requestId]);
  });
});

describe("a code as typed", () => {
  test("is found whatever its case, dashes and spaces", () => {
    const bench = new BookBench();
    const { requestId } = bench.device("d1", [READ]).request;
    const plain = requestId.replace("-", "").toLowerCase();
    for (const typed of [requestId, plain, ` ${plain.slice(0, 2)} ${plain.slice(2)} `]) {
      expect(bench.find(typed).requestId).toBe(requestId);
    }
  });

  test.each(["prefix", "nothing", "garbage"])("that is %s finds nothing", (kind) => {
    const bench = new BookBench();
    const { requestId } = bench.device("d1", [READ]).request;
    const typed = { prefix: requestId.slice(0, 4), nothing: "", garbage: "‮!!" }[kind] ?? "";
    expect(() => bench.find(typed)).toThrow(
      "unknown requestId: that is no whole code; one looks like 7F3K-Q2MN",
    );
  });

  test("that was replaced names its replacement and what that asks for", () => {
    const bench = new BookBench();
    const { requestId: old } = bench.device("d1", [READ]).request;
    const { requestId } = bench.device("d1", [ADMIN]).request;
    expect(() => bench.find(old)).toThrow(
      `unknown requestId: replaced by ${requestId}, which asks for operator: full control`,
    );
  });

  test("that is unknown says no more than `denied` to who is no admin", () => {
    const bench = new BookBench();
    const { requestId: old } = bench.device("d1", [READ]).request;
    bench.device("d1", [ADMIN]);
    expect(() => bench.find(old, { denied: "denied" })).toThrow(/^denied$/);
    expect(() => bench.find("0000-0000", { denied: "denied", ended: "approved" })).toThrow(
      /^denied$/,
    );
  });

  test("replacedRequestsKept: the oldest replaced code is forgotten", () => {
    const bench = new BookBench();
    const first = bench.device("d1", ["s0"]).request.requestId;
    const { value } = limitTable.replacedRequestsKept;
    for (let i = 1; i <= value; i += 1) bench.device("d1", [`s${i}`]);
    expect(bench.state.replaced.size).toBe(value);
    expect(() => bench.find(first)).toThrow("replaced by");
    bench.device("d1", ["one more"]);
    expect(bench.state.replaced.size).toBe(value);
    expect(() => bench.find(first)).toThrow(/^unknown requestId: it expired, was decided already/);
  });

  test.each([
    ["approved", "it was approved already"],
    ["rejected", "it was rejected already"],
    ["expired", "it expired; the device shows a new code when it asks again"],
    ["superseded", "it was replaced; the device shows a new code, or came in by a link"],
    ["evicted", "it gave way to newer requests; the device shows a new code when it asks again"],
  ] as const)("of a request that was %s says so to who may know", (why, words) => {
    const bench = new BookBench();
    const { request } = bench.device("d1", [READ]);
    expect(bench.end(request, why)).toEqual([{ request, why }]);
    expect(() => bench.find(request.requestId, { ended: why })).toThrow(
      `unknown requestId: ${words}`,
    );
  });
});

describe("expiry", () => {
  test("pendingMs: a request lives that long after its last retry, and is gone then", () => {
    const bench = new BookBench({ pendingMs: 1000 });
    const { request } = bench.device("d1", [READ]);
    bench.now = request.ts + 900;
    const { requestId, expiresAtMs } = bench.device("d1", [READ]).request;
    expect(requestId).toBe(request.requestId);
    expect(expiresAtMs).toBe(request.ts + 1900);
    expect(nextExpiry(bench.state)).toBe(expiresAtMs);
    bench.now = expiresAtMs - 1;
    expect(bench.expire()).toEqual([]);
    expect(bench.find(requestId).deviceId).toBe("d1");
    bench.now = expiresAtMs;
    expect(() => bench.find(requestId)).toThrow("unknown requestId");
    const { now } = bench;
    expect(requestOf(bench.state, "device", { deviceId: "d1", now })).toBeUndefined();
    expect(bench.expire().map((p) => p.requestId)).toEqual([requestId]);
    expect(nextExpiry(bench.state)).toBeUndefined();
  });

  test("a retry after it makes a new request with another code, and ends the old one", () => {
    const bench = new BookBench({ pendingMs: 1000 });
    const { request } = bench.device("d1", [READ]);
    bench.now += 5000;
    const again = bench.device("d1", [READ]);
    expect(again.verdict).toBe("new");
    expect(again.request.requestId).not.toBe(request.requestId);
    expect(again.gone).toEqual([{ request, why: "expired" }]);
    expect([...bench.state.byAsker.values()]).toEqual([again.request.requestId]);
    bench.expire();
    expect(bench.find(again.request.requestId).deviceId).toBe("d1");
  });
});

describe("bounds", () => {
  test("pendingPerAddress: past it that address's newest goes that is gone, nobody else's", () => {
    const bench = new BookBench({ pendingPerAddress: 2, requestGraceMs: 1 });
    const other = bench.device("other", [READ], { source: "there" }).request;
    bench.device("d1", [READ]);
    const second = bench.device("d2", [READ]).request;
    const { gone } = bench.device("d3", [READ]);
    expect(gone).toEqual([{ request: second, why: "evicted" }]);
    expect(bench.state.requests.has(other.requestId)).toBe(true);
    expect(bench.state.requests.size).toBe(3);
    expect(bench.state.replaced.size).toBe(0);
  });

  test("requestAgainMs: where all wait the new one is turned away, and may ask again", () => {
    const bench = new BookBench({ pendingRequests: 2, pendingPerAddress: 2, requestGraceMs: 1 });
    for (const id of ["d1", "d2"]) {
      bench.connected.add(id);
      bench.device(id, [READ], { source: id });
    }
    bench.now += 60_000;
    const { changes, ...late } = bench.device("late", [READ], { source: "late" });
    expect(late).toMatchObject({
      verdict: "turned-away",
      retryAfterMs: bench.limits.requestAgainMs,
    });
    expect(changes).toEqual([]);
    bench.connected.delete("d2");
    expect(bench.device("late", [READ], { source: "late" }).gone).toMatchObject([
      { request: { deviceId: "d2" }, why: "evicted" },
    ]);
  });

  test("requestGraceMs: who asked a moment ago counts as one that waits, and then no more", () => {
    const bench = new BookBench({ pendingRequests: 1, requestGraceMs: 1000 });
    bench.device("once", [READ]);
    bench.now += 900;
    expect(bench.device("late", [READ], { source: "late" }).verdict).toBe("turned-away");
    bench.now += 200;
    expect(bench.device("late", [READ], { source: "late" }).verdict).toBe("new");
  });

  test("requestRecentMs: who comes back counts for longer, each time anew", () => {
    const limits = { pendingRequests: 1, requestGraceMs: 1000, requestRecentMs: 5000 };
    const bench = new BookBench(limits);
    const late = () => bench.device("late", [READ], { source: "late" }).verdict;
    bench.device("back", [READ]);
    for (let tries = 0; tries < 3; tries += 1) {
      bench.now += 900;
      expect(bench.device("back", [READ]).verdict).toBe("refreshed");
      bench.now += 4500;
      expect(late()).toBe("turned-away");
    }
    bench.now += 600;
    expect(late()).toBe("new");
  });

  test("pendingRequests: past it one of the largest crowd goes", () => {
    const limits = { pendingRequests: 4, pendingPerAddress: 100, pendingPerPrefix: 2 };
    const bench = new BookBench(limits);
    const victim = bench.device("lone", [READ], { source: "lone" }).request;
    const flood = ["f1", "f2", "f3"].map((id) => bench.device(id, [READ], { source: "flood" }));
    const { gone } = bench.device("late", [READ], { source: "late" });
    expect(gone.map(({ request }) => request)).toEqual([flood[2]?.request]);
    expect(bench.state.requests.has(victim.requestId)).toBe(true);
  });

  test("a device that is held back for its pace makes no request, and a retry needs no turn", () => {
    const bench = new BookBench();
    const { request } = bench.device("d1", [READ]);
    bench.paceMs = 700;
    expect(bench.device("d2", [READ])).toMatchObject({ verdict: "turned-away", changes: [] });
    // A wider ask is a new request as well, and the one that is there stays.
    expect(bench.device("d1", [ADMIN])).toMatchObject({ verdict: "turned-away", changes: [] });
    expect(bench.device("d1", [READ])).toMatchObject({ verdict: "refreshed" });
    expect(bench.find(request.requestId).scopes).toEqual([READ]);
  });

  test("a wider ask takes the place of its own request and pushes nobody out", () => {
    const bench = new BookBench({ pendingRequests: 2, pendingPerAddress: 2 });
    bench.device("d1", [READ]);
    bench.device("d2", [READ]);
    const { gone } = bench.device("d2", [ADMIN]);
    expect(gone.map(({ why }) => why)).toEqual(["superseded"]);
    expect(bench.state.requests.size).toBe(2);
  });

  test("a request does not grow without end, however often its device asks for something new", () => {
    const bench = new BookBench({ scopesPerRequest: 2 });
    bench.device("d1", ["a"]);
    expect(bench.device("d1", ["b"]).request.scopes).toEqual(["a", "b"]);
    expect(bench.device("d1", ["c"]).request.scopes).toEqual(["c"]);
  });

  test("what a request dropped is not offered by it any more", () => {
    const bench = new BookBench({ scopesPerRequest: 2 });
    const offers = { offered: ["operator.nodes"] };
    bench.device("d1", ["operator.write"], offers);
    const { request } = bench.device("d1", ["a", "b"]);
    expect(request).toMatchObject({ scopes: ["a", "b"] });
    expect(request.offered).toBeUndefined();
  });
});
