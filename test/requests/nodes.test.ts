import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { nextExpiry, requestsOf } from "../../src/requests/book.ts";
import { capabilitiesOf } from "../../src/requests/node-rules.ts";
import { BookBench, nodeText } from "./support.ts";

const ASK_CHARS = limitTable.askChars.value;

describe("a code", () => {
  test("stays for the same capabilities, whoever asks again", () => {
    const bench = new BookBench();
    const first = bench.node("n", ["a", "b"]);
    const again = bench.node("n", ["a", "b"]);
    expect([first.verdict, again.verdict]).toEqual(["new", "refreshed"]);
    expect(again.request.requestId).toBe(first.request.requestId);
    expect(bench.state.requests.size).toBe(1);
  });

  test("is written again only for what is new: a node that is refused may ask without end", () => {
    const bench = new BookBench();
    const { request } = bench.node("n", ["a"]);
    expect(bench.node("n", ["a"]).changes).toEqual([]);
    const named = { text: { ...nodeText, displayName: "attic" } };
    expect(bench.node("n", ["a"], named).changes).toEqual([
      { op: "request", request: { ...request, displayName: "attic" } },
    ]);
    expect(bench.node("n", ["a"], named).changes).toEqual([]);
  });

  test("is another for other capabilities, and the old one finds nothing", () => {
    const bench = new BookBench();
    const first = bench.node("n", ["a"]).request;
    const wider = bench.node("n", ["a", "b"]);
    expect(wider.gone).toEqual([{ why: "superseded", request: first }]);
    expect(() => bench.findNode(first.requestId)).toThrow(
      `unknown requestId: replaced by ${wider.request.requestId}, which asks for commands a, b`,
    );
    // Nor for a narrower one: the code says what it says.
    const narrower = bench.node("n", ["b"]).request;
    expect(narrower.requestId).not.toBe(wider.request.requestId);
  });

  test("belongs to one pairing of the device", () => {
    const bench = new BookBench();
    const { request } = bench.node("n", ["a"], { pairing: "p1" });
    const again = bench.node("n", ["a"], { pairing: "p2" });
    expect(again.verdict).toBe("new");
    expect(again.gone).toEqual([{ request, why: "superseded" }]);
  });

  test("that is none says what it may have been", () => {
    const bench = new BookBench();
    expect(() => bench.findNode("0000-0000")).toThrow(
      "unknown requestId: it was decided already, gave way to a newer code of the node, or is mistyped",
    );
    expect(() => bench.findNode("0000")).toThrow("that is no whole code; one looks like 7F3K-Q2MN");
  });
});

test("a request is withdrawn by a node that asks for nothing that it does not have", () => {
  const bench = new BookBench();
  const { request } = bench.node("n", ["a", "b"]);
  const covered = bench.node("n", ["a"], { covered: true });
  expect(covered).toMatchObject({ verdict: "covered", request: undefined });
  expect(covered.gone).toEqual([{ request, why: "withdrawn" }]);
  expect(bench.node("n", ["a"], { covered: true }).changes).toEqual([]);
  expect(bench.state.byAsker.size).toBe(0);
});

test("what is asked for is all that was declared", () => {
  const capabilities = { caps: ["canvas"], commands: ["a"], permissions: { screen: true } };
  const { request } = new BookBench().node("n", [], { capabilities });
  expect(capabilitiesOf(request)).toEqual(capabilities);
});

test("nodeRequests: the oldest is dropped", () => {
  const bench = new BookBench({ nodeRequests: 2 });
  const first = bench.node("n1", ["a"]);
  bench.node("n2", ["a"]);
  const third = bench.node("n3", ["a"]);
  expect(third.gone).toEqual([{ request: first.request, why: "evicted" }]);
  expect(requestsOf(bench.state, "node").map(({ nodeId }) => nodeId)).toEqual(["n2", "n3"]);
});

test("requests of nodes stay until somebody decides", () => {
  const bench = new BookBench();
  const { requestId } = bench.node("n", ["a"]).request;
  bench.now = Number.MAX_SAFE_INTEGER;
  expect(nextExpiry(bench.state)).toBeUndefined();
  expect(bench.expire()).toEqual([]);
  expect(bench.findNode(requestId).nodeId).toBe("n");
});

test("superseded codes are remembered up to the limit", () => {
  const bench = new BookBench();
  const most = limitTable.replacedRequestsKept.value;
  for (let i = 0; i < most + 5; i += 1) bench.node("n", [`c${i}`]);
  expect(bench.state.replaced.size).toBe(most);
});

test("what a superseded code answers is bounded, what takes full control first", () => {
  const bench = new BookBench();
  const { requestId } = bench.node("n", ["a"]).request;
  bench.node("n", [
    ...Array.from({ length: 200 }, (_, i) => `a${i}.${"x".repeat(60)}`),
    "system.run",
  ]);
  const { asks } = bench.state.replaced.get(requestId) ?? { asks: "" };
  expect([...asks].length).toBe(ASK_CHARS);
  expect(asks).toMatch(/^commands system\.run, a0\..*…$/);
});
