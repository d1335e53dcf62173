import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { RequestError, UnknownCode, wireDetails } from "../../src/protocol/errors.ts";
import {
  ask,
  endedWithPairing,
  find,
  fromTheFuture,
  gone,
  kindOfCode,
  requestOf,
} from "../../src/requests/book.ts";
import { requestsPart } from "../../src/requests/part.ts";
import { BookBench, READ, WRITE } from "./support.ts";

describe("one book for devices and nodes", () => {
  test("a device has a request of each kind at once, each with its own code", () => {
    const bench = new BookBench();
    const access = bench.device("d", [READ]).request;
    const commands = bench.node("d", ["a"]).request;
    const { now, state } = bench;
    expect(requestOf(state, "device", { deviceId: "d", now })).toEqual(access);
    expect(requestOf(state, "node", { deviceId: "d", now })).toEqual(commands);
    expect(access.requestId).not.toBe(commands.requestId);
    bench.end(access, "approved");
    expect(requestOf(state, "device", { deviceId: "d", now })).toBeUndefined();
    expect(requestOf(state, "node", { deviceId: "d", now })).toEqual(commands);
  });

  test("a code names a request of its own kind alone", () => {
    const bench = new BookBench();
    const access = bench.device("d", [READ]).request;
    const commands = bench.node("n", ["a"]).request;
    expect(() => bench.findNode(access.requestId)).toThrow(/^unknown requestId: it was decided/);
    expect(() => bench.find(commands.requestId)).toThrow(/^unknown requestId: it expired/);
    const typed = [access.requestId, commands.requestId.toLowerCase(), "0000-0000", ""];
    expect(typed.map((code) => kindOfCode(bench.state, code))).toEqual([
      "device",
      "node",
      undefined,
      undefined,
    ]);
  });

  test("nor does a code that was replaced say anything to who looks for the other kind", () => {
    const bench = new BookBench();
    const access = bench.device("d", [READ]).request.requestId;
    const commands = bench.node("n", ["a"]).request.requestId;
    bench.device("d", [WRITE]);
    bench.node("n", ["b"]);
    expect(() => bench.findNode(access)).toThrow("it was decided already");
    expect(() => bench.find(commands)).toThrow("it expired, was decided already");
    expect([access, commands].map((code) => kindOfCode(bench.state, code))).toEqual([
      "device",
      "node",
    ]);
  });

  test("no code is drawn that stands for a request of the other kind, or stood for one", () => {
    const probe = new BookBench();
    const drawn = probe.node("n", ["a"]).request.requestId;
    const bench = new BookBench();
    const { requestId } = bench.device("d", [READ]).request;
    for (const taken of ["requests", "replaced"] as const) {
      const state = requestsPart.copy(bench.state);
      const request = { ...bench.find(requestId), requestId: drawn };
      if (taken === "requests") state.requests.set(drawn, request);
      else state.replaced.set(drawn, { kind: "device", by: requestId, asks: "x" });
      const nonces = new BookBench();
      const asked = { nodeId: "n", pairing: "p1", text: { clientId: "node-host", clientMode: "" } };
      const capabilities = { caps: [], commands: ["a"], permissions: {} };
      const made = ask(
        state,
        { kind: "node", ...asked, capabilities, covered: false },
        nonces.context,
      );
      expect(nonces.nonces).toBe(2);
      expect(made.request?.requestId).not.toBe(drawn);
    }
  });

  test("who floods one kind pushes out nothing of the other: no request, and no replaced code", () => {
    const bench = new BookBench({ pendingRequests: 2, nodeRequests: 2 });
    const access = bench.device("d", [READ]).request;
    const wider = bench.device("d", [WRITE]).request;
    for (let i = 0; i < limitTable.replacedRequestsKept.value + 5; i += 1) {
      bench.node("n1", [`c${i}`]);
    }
    for (const nodeId of ["n2", "n3", "n4"]) bench.node(nodeId, ["a"]);
    expect(bench.find(wider.requestId)).toEqual(wider);
    expect(() => bench.find(access.requestId)).toThrow(`replaced by ${wider.requestId}`);
    const before = [...bench.state.requests.values()].filter(({ kind }) => kind === "node");
    for (const deviceId of ["d2", "d3", "d4"]) bench.device(deviceId, [READ]);
    const after = [...bench.state.requests.values()].filter(({ kind }) => kind === "node");
    expect(after).toEqual(before);
    expect(bench.state.requests.size).toBe(4);
  });
});

describe("what is answered to a code that is none", () => {
  const bench = new BookBench();
  const old = bench.device("d", [READ]).request.requestId;
  const by = bench.device("d", [WRITE]).request.requestId;
  const oldNode = bench.node("n", ["a"]).request.requestId;
  const byNode = bench.node("n", ["b"]).request.requestId;

  function thrown(run: () => unknown): RequestError {
    try {
      run();
    } catch (error) {
      if (error instanceof RequestError) return error;
    }
    throw new Error("no refusal");
  }

  test.each([
    ["device", old, { code: "UNKNOWN_REQUEST", replacedBy: by, next: openclaw`devices list` }],
    ["device", "0000-0000", { code: "UNKNOWN_REQUEST", next: openclaw`devices list` }],
    [
      "node",
      oldNode,
      { code: "UNKNOWN_REQUEST", replacedBy: byNode, next: openclaw`nodes pending` },
    ],
    ["node", "0000-0000", { code: "UNKNOWN_REQUEST", next: openclaw`nodes pending` }],
  ] as const)("%s %s: its details, and whether it counts as a guess", (kind, code, details) => {
    const error = thrown(() => find(bench.state, code, { kind, now: bench.now }));
    expect(error.shape.details).toEqual(wireDetails(details));
    expect(error instanceof UnknownCode).toBe(code === "0000-0000");
  });

  test("who names a request that just ended guesses nothing", () => {
    const ended = () => "approved" as const;
    const facts = { kind: "device", now: bench.now, ended } as const;
    const error = thrown(() => find(bench.state, "0000-0000", facts));
    expect(error).not.toBeInstanceOf(UnknownCode);
    const denied = thrown(() => find(bench.state, old, { ...facts, denied: "denied" }));
    expect(denied).toBeInstanceOf(UnknownCode);
    expect(denied.shape.details).toEqual({ code: "DENIED" });
  });
});

describe("what follows from a change", () => {
  const { follows } = requestsPart;

  test("a new request is told once, and its end with the reason", () => {
    const bench = new BookBench();
    const { request, changes } = bench.device("d", [READ]);
    const [made] = changes;
    if (!made) throw new Error("no change");
    expect(follows(requestsPart.empty(), made)).toEqual([{ name: "requested", request }]);
    expect(follows(bench.state, made)).toEqual([]);
    const end = gone(request, "rejected");
    expect(follows(bench.state, end)).toEqual([{ name: "resolved", request, why: "rejected" }]);
    expect(bench.end(request, "rejected")).toHaveLength(1);
    expect(follows(bench.state, end)).toEqual([]);
  });

  test("a change that no longer fits does nothing", () => {
    const bench = new BookBench();
    const replacement = { by: "0000-0000", asks: "x" };
    const change = { op: "request-gone", requestId: "1111-1111", why: "superseded" } as const;
    bench.apply([{ ...change, replacement }]);
    expect(bench.state).toEqual(requestsPart.empty());
  });
});

describe("times", () => {
  test("move with a clock that is set, for requests that end by themselves", () => {
    const bench = new BookBench();
    const access = bench.device("d", [READ]).request;
    const commands = bench.node("n", ["a"]).request;
    const change = { op: "clock-set", by: -5000 } as const;
    expect(bench.apply([change])).toEqual([]);
    expect([...bench.state.requests.values()]).toEqual([
      { ...access, ts: access.ts - 5000, expiresAtMs: access.expiresAtMs - 5000 },
      commands,
    ]);
  });

  test("of a clock that was ahead are moved back to now, and nothing lives longer for it", () => {
    const bench = new BookBench();
    const early = bench.device("d1", [READ]).request;
    bench.now += 60_000;
    const late = bench.device("d2", [READ]).request;
    bench.node("n", ["a"]);
    const now = early.ts + 10;
    const by = now - late.ts;
    expect(fromTheFuture(bench.state, now)).toEqual([
      { op: "request", request: { ...late, ts: now, expiresAtMs: late.expiresAtMs + by } },
    ]);
    bench.apply(fromTheFuture(bench.state, now));
    expect(fromTheFuture(bench.state, now)).toEqual([]);
  });
});

test("what a node asks for ends with the pairing that it asked under, and with no other", () => {
  const bench = new BookBench();
  const { request } = bench.node("n", ["a"], { pairing: "p1" });
  bench.device("n", [READ]);
  expect(endedWithPairing(bench.state, { nodeId: "n", pairing: "p1" })).toEqual([]);
  expect(endedWithPairing(bench.state, { nodeId: "x", pairing: undefined })).toEqual([]);
  for (const pairing of ["p2", undefined]) {
    expect(endedWithPairing(bench.state, { nodeId: "n", pairing })).toEqual([
      gone(request, "rejected"),
    ]);
  }
});
