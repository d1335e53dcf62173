import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Limits, limitTable, limitValues } from "../../src/limits/table.ts";
import { type InvokeOutcome, InvokeTable, type InvokeTarget } from "../../src/nodes/invoke.ts";
import type { RequestError } from "../../src/protocol/errors.ts";
import type { Frame } from "../kit/client.ts";
import { HandWorld } from "../kit/world.ts";

/** A node's socket that only remembers what it was sent. */
class FakeTarget implements InvokeTarget {
  readonly sent: Frame[] = [];
  slow = false;
  constructor(readonly nodeId = "node") {}
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  isSlow(): boolean {
    return this.slow;
  }
  get last(): Frame {
    return this.sent.at(-1);
  }
}

class Bench {
  readonly world = new HandWorld();
  readonly refused: string[] = [];
  readonly table: InvokeTable;
  readonly target = new FakeTarget();

  constructor(limits: Partial<Limits> = {}) {
    const refused = (metric: string) => this.refused.push(metric);
    this.table = new InvokeTable({ world: this.world, limits: limitValues(limits), refused });
  }

  start(
    more: {
      target?: FakeTarget;
      caller?: string;
      device?: string;
      timeoutMs?: number;
      paramsJSON?: string;
    } = {},
  ) {
    const outcomes: InvokeOutcome[] = [];
    const chunks: string[] = [];
    const target = more.target ?? this.target;
    const cancel = this.table.start({
      target,
      caller: "caller",
      command: "system.which",
      idempotencyKey: "key",
      settled: (outcome) => outcomes.push(outcome),
      progress: ({ chunk }) => chunks.push(chunk),
      ...more,
    });
    return { id: target.last.payload.id as string, cancel, outcomes, chunks, target };
  }
}

const timeout = { ok: false, error: { code: "TIMEOUT", message: "node invoke timed out" } };
const cancelled = { ok: false, error: { code: "CANCELLED", message: "node invoke cancelled" } };
const lost = {
  ok: false,
  error: { code: "DISCONNECTED", message: "node disconnected (system.which)" },
};

describe("an invoke", () => {
  test("goes to the node without seq, params as text, with the time there is", () => {
    const bench = new Bench();
    const { id } = bench.start({ paramsJSON: '{"bins":["sh"]}', timeoutMs: 1500 });
    expect(bench.target.sent).toEqual([
      {
        type: "event",
        event: "node.invoke.request",
        payload: {
          id,
          nodeId: "node",
          command: "system.which",
          paramsJSON: '{"bins":["sh"]}',
          timeoutMs: 1500,
          idempotencyKey: "key",
        },
      },
    ]);
  });

  test("without params says that there are none", () => {
    const bench = new Bench();
    bench.start();
    expect(bench.target.last.payload.paramsJSON).toBeNull();
  });

  test.each([
    [
      { ok: true, payloadJSON: "{}" },
      { ok: true, payload: undefined, payloadJSON: "{}" },
    ],
    [
      { ok: true, payload: [1] },
      { ok: true, payload: [1], payloadJSON: null },
    ],
    [
      { ok: false, error: { code: "UNAVAILABLE", message: "boom" } },
      { ok: false, error: { code: "UNAVAILABLE", message: "boom" } },
    ],
    [{ ok: false }, { ok: false, error: {} }],
  ])("with the result %j ends in %j", (result, outcome) => {
    const bench = new Bench();
    const { id, outcomes, target } = bench.start();
    expect(bench.table.result(target, { id, ...result })).toBe(true);
    expect(outcomes).toEqual([outcome]);
    // Late, or once more: nobody waits for it.
    expect(bench.table.result(target, { id, ...result })).toBe(false);
    expect(outcomes).toHaveLength(1);
    expect(bench.world.pendingTimers).toBe(0);
  });

  test("nodeInvokeMs: without a time of its own it ends then, and the node is told", () => {
    const bench = new Bench();
    const { id, outcomes, target } = bench.start();
    expect(target.last.payload.timeoutMs).toBe(limitTable.nodeInvokeMs.value);
    bench.world.advance(limitTable.nodeInvokeMs.value - 1);
    expect(outcomes).toEqual([]);
    bench.world.advance(1);
    expect(outcomes).toEqual([timeout]);
    expect(target.last).toEqual({
      type: "event",
      event: "node.invoke.cancel",
      payload: { invokeId: id, nodeId: "node" },
    });
  });

  test("nodeInvokeMaxMs: a longer time counts as this much", () => {
    const bench = new Bench();
    const most = limitTable.nodeInvokeMaxMs.value;
    const { outcomes, target } = bench.start({ timeoutMs: most * 1000 });
    expect(target.last.payload.timeoutMs).toBe(most);
    bench.world.advance(most);
    expect(outcomes).toEqual([timeout]);
  });

  test("ends when its caller goes, and the node is told", () => {
    const bench = new Bench();
    const { id, cancel, outcomes, target } = bench.start();
    cancel();
    cancel();
    expect(outcomes).toEqual([cancelled]);
    expect(target.sent.map(({ event }) => event)).toEqual([
      "node.invoke.request",
      "node.invoke.cancel",
    ]);
    expect(bench.table.result(target, { id, ok: true })).toBe(false);
  });

  test("ends when the node goes", () => {
    const bench = new Bench();
    const { outcomes, target } = bench.start();
    bench.table.lost(target);
    expect(outcomes).toEqual([lost]);
    expect(target.sent).toHaveLength(1);
  });

  test("ends when another socket takes over, and the old one is told to stop", () => {
    const bench = new Bench();
    const { id, outcomes, target } = bench.start();
    bench.table.takenOver(target);
    expect(outcomes).toEqual([lost]);
    expect(target.last).toMatchObject({ event: "node.invoke.cancel", payload: { invokeId: id } });
  });

  test("is answered by the socket that was asked alone", () => {
    const bench = new Bench();
    const { id, outcomes } = bench.start();
    const other = new FakeTarget("node");
    expect(bench.table.result(other, { id, ok: true })).toBe(false);
    expect(bench.table.progress(other, { invokeId: id, seq: 0, chunk: "x" })).toBe(false);
    expect(outcomes).toEqual([]);
  });

  test("hands on progress in order, and no chunk twice", () => {
    const bench = new Bench();
    const { id, chunks, target } = bench.start();
    const send = (seq: number, chunk: string) =>
      bench.table.progress(target, { invokeId: id, seq, chunk });
    expect([send(0, "a"), send(1, "b"), send(1, "b"), send(0, "a"), send(5, "c")]).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(chunks).toEqual(["a", "b", "c"]);
  });
});

describe("past a limit", () => {
  test.each([
    ["nodeInvokes", { nodeInvokes: 2 }, ["n1", "n2", "n3"], ["c1", "c2", "c3"]],
    ["nodeInvokesPerNode", { nodeInvokesPerNode: 2 }, ["n", "n", "n"], ["c1", "c2", "c3"]],
    ["nodeInvokesPerCaller", { nodeInvokesPerCaller: 2 }, ["n1", "n2", "n3"], ["c", "c", "c"]],
  ])(
    "%s: the next is refused by name, and not once there is room",
    (_name, limits, nodes, callers) => {
      const bench = new Bench(limits);
      const targets = new Map(nodes.map((name) => [name, new FakeTarget(name)]));
      const start = (i: number) =>
        bench.start({
          target: targets.get(nodes[i] ?? "") as FakeTarget,
          caller: callers[i] ?? "",
        });
      const { cancel } = start(0);
      start(1);
      expect(() => start(2)).toThrow("too many node invokes in flight");
      expect(bench.refused).toEqual(["node-invokes-refused"]);
      cancel();
      expect(start(2).outcomes).toEqual([]);
    },
  );

  test.each([
    ["nodeInvokeParams", { nodeInvokeParams: 100 }, ["c1", "c2", "c3"]],
    ["nodeInvokeParamsPerCaller", { nodeInvokeParamsPerCaller: 100 }, ["c", "c", "c"]],
  ])(
    "%s: what waits for answers is bounded in size, and there is room again",
    (_name, limits, who) => {
      const bench = new Bench(limits);
      const paramsJSON = JSON.stringify("x".repeat(48));
      const start = (i: number, more = {}) =>
        bench.start({ caller: who[i] ?? "", paramsJSON, ...more });
      const { id } = start(0);
      start(1);
      expect(() => start(2)).toThrow("too much sent to nodes in flight");
      expect(bench.refused).toEqual(["node-invokes-refused"]);
      expect(start(2, { paramsJSON: "" }).outcomes).toEqual([]);
      bench.table.result(bench.target, { id, ok: true });
      expect(start(2).outcomes).toEqual([]);
      bench.table.lost(bench.target);
      expect(start(0).outcomes).toEqual([]);
    },
  );

  test("nodeInvokesPerDevice: however many connections a device asks over", () => {
    const bench = new Bench({ nodeInvokesPerDevice: 2 });
    const ask = (n: number, device: string) => {
      const target = new FakeTarget(`n${n}`);
      return bench.start({ target, caller: `c${n}`, device });
    };
    const { cancel } = ask(1, "d");
    ask(2, "d");
    expect(() => ask(3, "d")).toThrow("too many node invokes in flight");
    expect(ask(4, "e").outcomes).toEqual([]);
    cancel();
    expect(ask(5, "d").outcomes).toEqual([]);
  });

  test("nodeInvokesPerDevice: half of a node's places are left to others", () => {
    const bench = new Bench({ nodeInvokesPerNode: 4 });
    const ask = (n: number, device?: string) =>
      bench.start({ caller: `c${n}`, ...(device !== undefined && { device }) });
    ask(1, "d");
    ask(2, "d");
    expect(() => ask(3, "d")).toThrow("too many node invokes in flight");
    ask(4, "e");
    ask(5);
    expect(() => ask(6, "f")).toThrow("too many node invokes in flight");
  });

  test("nodeInvokeParamsPerDevice: in size too", () => {
    const bench = new Bench({ nodeInvokeParamsPerDevice: 100 });
    const paramsJSON = JSON.stringify("x".repeat(48));
    const ask = (n: number, device: string) => bench.start({ caller: `c${n}`, device, paramsJSON });
    ask(1, "d");
    ask(2, "d");
    expect(() => ask(3, "d")).toThrow("too much sent to nodes in flight");
    expect(ask(4, "e").outcomes).toEqual([]);
  });

  test("a node that does not read is spared, not closed", () => {
    const bench = new Bench();
    bench.target.slow = true;
    let shape: RequestError["shape"] | undefined;
    try {
      bench.start();
    } catch (error) {
      ({ shape } = error as RequestError);
    }
    expect(shape).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(bench.table.size).toBe(0);
    expect(bench.world.pendingTimers).toBe(0);
  });
});

test("a target that dies while it is sent to settles its invoke once", () => {
  const bench = new Bench();
  const dying = new FakeTarget();
  dying.send = function send(text) {
    this.sent.push(JSON.parse(text));
    bench.table.lost(this);
  };
  const { outcomes, cancel } = bench.start({ target: dying });
  cancel();
  bench.world.advance(limitTable.nodeInvokeMs.value);
  expect(outcomes).toEqual([lost]);
  expect([bench.table.size, bench.world.pendingTimers]).toEqual([0, 0]);
});

test("in whatever order things happen, each invoke is settled once and nothing is left", () => {
  const which = fc.nat({ max: 30 });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("start" as const), which }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("result" as const), which }) },
    fc.record({ do: fc.constant("cancel" as const), which }),
    fc.record({ do: fc.constant("lost" as const), which }),
    fc.record({ do: fc.constant("takenOver" as const), which }),
    fc.record({ do: fc.constant("advance" as const), which }),
    fc.record({ do: fc.constant("progress" as const), which }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const bench = new Bench({ nodeInvokesPerNode: 6, nodeInvokesPerCaller: 7, nodeInvokes: 15 });
      const targets = ["n1", "n2", "n3"].map((name) => new FakeTarget(name));
      const all: ReturnType<Bench["start"]>[] = [];
      const target = (i: number) => targets[i % targets.length] as FakeTarget;
      for (const { do: what, which: i } of steps) {
        const one = all[i % Math.max(1, all.length)];
        if (what === "start") {
          try {
            const timeoutMs = 1 + (i % 5) * 10;
            all.push(bench.start({ target: target(i), caller: `c${i % 4}`, timeoutMs }));
          } catch (error) {
            expect((error as Error).message).toBe("too many node invokes in flight");
          }
        }
        if (what === "lost") bench.table.lost(target(i));
        if (what === "takenOver") bench.table.takenOver(target(i));
        if (what === "advance") bench.world.advance(i);
        if (!one) continue;
        if (what === "result") bench.table.result(one.target, { id: one.id, ok: i % 2 === 0 });
        if (what === "cancel") one.cancel();
        if (what === "progress") {
          bench.table.progress(one.target, { invokeId: one.id, seq: i, chunk: "x" });
        }
        const open = all.filter(({ outcomes }) => outcomes.length === 0);
        expect(bench.table.size).toBe(open.length);
        expect(bench.world.pendingTimers).toBe(open.length);
      }
      bench.world.advance(1000);
      for (const { outcomes } of all) expect(outcomes).toHaveLength(1);
      expect([bench.table.size, bench.world.pendingTimers]).toEqual([0, 0]);
      // Nothing is held against a node or a caller any more: there is room for as much as at first.
      for (let i = 0; i < 14; i += 1) bench.start({ target: target(i), caller: `c${i % 2}` });
    }),
    { numRuns: 300 },
  );
});
