import { beforeEach, describe, expect, test } from "vitest";
import { Holding, MemoryAccount } from "../../src/gateway/memory.ts";
import { type Limits, limitTable, limitValues } from "../../src/limits/table.ts";
import { type InvokeCaller, InvokeCallers } from "../../src/nodes/invoke-callers.ts";
import {
  type AskedInvoke,
  KeptAnswers,
  type KeptEnd,
  KeptInvoke,
} from "../../src/nodes/kept-answers.ts";
import { type RequestError, unavailable } from "../../src/protocol/errors.ts";
import { RawJson } from "../../src/protocol/frames.ts";
import { HandWorld } from "../kit/world.ts";

const caller: InvokeCaller = { connId: "c", tell() {}, onEnd: () => () => {} };
const MOST = 10_000;

class Bench {
  readonly world = new HandWorld();
  readonly account: MemoryAccount;
  readonly kept: KeptAnswers;
  readonly forgotten: string[] = [];

  constructor(limits: Partial<Limits> = {}) {
    const all = limitValues({
      nodeAnswersBytes: 5 * MOST,
      nodeAnswersBytesPerDevice: MOST,
      ...limits,
    });
    this.account = new MemoryAccount(all);
    this.kept = new KeptAnswers({
      world: this.world,
      limits: all,
      hold: (who, drop) => {
        const holding = new Holding(who, drop, false);
        return (bytes) => this.account.set(holding, bytes);
      },
      refused: (metric) => this.forgotten.push(metric),
    });
  }

  /** One invoke under way. */
  begun(who: string, asked: AskedInvoke): KeptInvoke {
    const kept = new KeptInvoke(who, asked, new InvokeCallers({ world: this.world, returnMs: 0 }));
    this.kept.begun(kept, Promise.resolve(new RawJson("runs")));
    return kept;
  }

  /** One invoke from its begin to its end. */
  ran(who: string, key: string, end: KeptEnd = "1"): void {
    this.kept.ended(this.begun(who, ask(key)), end);
  }

  /** What is known of an invoke: its answer, an error's code, or nothing. */
  async known(
    who: string,
    key: string,
    more: Partial<AskedInvoke> = {},
  ): Promise<string | undefined> {
    try {
      const found = await this.kept.repeat(who, { ...ask(key), ...more }, caller);
      return found instanceof RawJson ? found.text : found;
    } catch (error) {
      const { code, details } = (error as RequestError).shape;
      return String(details?.["code"] ?? code);
    }
  }
}

function ask(idempotencyKey: string): AskedInvoke {
  return { nodeId: "n", command: "c", paramsJSON: undefined, idempotencyKey };
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

test("an answer, and an error, are there again for the device that asked, and for no other", async () => {
  bench.ran("d", "k", '{"a":1}');
  bench.ran("d", "l", unavailable("no").shape);
  bench.ran("d", "whole", new RawJson("2"));
  expect(await bench.known("d", "k")).toBe('{"a":1}');
  expect(await bench.known("d", "l")).toBe("UNAVAILABLE");
  expect(await bench.known("d", "whole")).toBe("2");
  expect(await bench.known("e", "k")).toBeUndefined();
  expect(await bench.known("d", "m")).toBeUndefined();
});

test.each<[string, string | undefined, string]>([
  ['{"a":1,"b":[2]}', '{"b":[2],"a":1}', "1"],
  ['{"a":[1,2]}', '{"a":[2,1]}', "IDEMPOTENCY_KEY_REUSED"],
  ['{"a":1}', '{"a":2}', "IDEMPOTENCY_KEY_REUSED"],
  ['{"a":1}', undefined, "IDEMPOTENCY_KEY_REUSED"],
])("the params %s and %s: %s", async (paramsJSON, again, outcome) => {
  const kept = bench.begun("d", { ...ask("k"), paramsJSON });
  const known = () => bench.known("d", "k", { paramsJSON: again });
  expect(await known()).toBe(outcome === "1" ? "runs" : outcome);
  bench.kept.ended(kept, "1");
  expect(await known()).toBe(outcome);
});

test("nodeAnswerMs: what is over is forgotten, and then no timer runs", async () => {
  bench.ran("d", "k");
  bench.world.advance(limitTable.nodeAnswerMs.value - 1);
  expect(await bench.known("d", "k")).toBe("1");
  bench.world.advance(1);
  expect(await bench.known("d", "k")).toBeUndefined();
  bench.world.advance(limitTable.nodeAnswerMs.value);
  expect([bench.kept.bytes, bench.account.total, bench.world.pendingTimers]).toEqual([0, 0, 0]);
});

describe("past the bytes of a device", () => {
  test("nodeAnswersBytesPerDevice: the oldest large answer goes, and its command is not run again", async () => {
    bench.ran("d", "small");
    bench.ran("d", "old", "x".repeat(MOST / 2));
    bench.ran("d", "new", "y".repeat(MOST / 2));
    expect(await bench.known("d", "old")).toBe("INVOKE_ANSWER_GONE");
    expect(await bench.known("d", "old", { command: "other" })).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(await bench.known("d", "new")).toHaveLength(MOST / 2);
    expect(await bench.known("d", "small")).toBe("1");
    expect(bench.forgotten).toEqual(["node-answers-forgotten"]);
    bench.ran("d", "huge", "z".repeat(MOST + 1));
    expect(await bench.known("d", "huge")).toBe("INVOKE_ANSWER_GONE");
    expect(bench.kept.bytes).toBeLessThanOrEqual(MOST);
  });

  test("nodeAnswersBytesPerDevice: without large ones the oldest are forgotten, and those of others stay", async () => {
    bench.ran("e", "k0");
    for (let i = 0; i < 100; i += 1) bench.ran("d", `k${i}`);
    expect(await bench.known("d", "k0")).toBeUndefined();
    expect(await bench.known("d", "k99")).toBe("1");
    expect(await bench.known("e", "k0")).toBe("1");
    expect(bench.account.of("d")).toBeLessThanOrEqual(MOST);
  });
});

test("nodeAnswersBytes: past it the device with most gives up half", async () => {
  const large = "x".repeat(MOST - 1_000);
  bench.ran("quiet", "k");
  for (const who of ["a", "b", "c", "d", "e"]) bench.ran(who, "k", large);
  for (let i = 0; i < 10; i += 1) bench.ran("f", `k${i}`);
  expect(bench.kept.bytes).toBeLessThanOrEqual(5 * MOST);
  expect(await bench.known("quiet", "k")).toBe("1");
  expect(await bench.known("f", "k9")).toBe("1");
});

test("all of it counts as held for the device, and is given back where memory is short", async () => {
  const few = new Bench({ heldBytes: MOST / 2 });
  few.ran("e", "k");
  few.ran("d", "k", "x".repeat(MOST / 4));
  expect(few.account.of("d")).toBeGreaterThan(MOST / 4);
  expect(few.account.total).toBe(few.kept.bytes);
  few.ran("d", "l", "x".repeat(MOST / 4));
  expect(await few.known("d", "k")).toBeUndefined();
  expect(await few.known("e", "k")).toBe("1");
  expect([few.account.of("d"), few.account.total]).toEqual([0, few.kept.bytes]);
});
