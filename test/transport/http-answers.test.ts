import { expect, test } from "vitest";
import { MemoryAccount } from "../../src/gateway/memory.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { HttpAnswers } from "../../src/transport/http-answers.ts";
import { HandWorld } from "../kit/world.ts";

function setUp(limits: Partial<Limits>) {
  const counted: string[] = [];
  const memory = new MemoryAccount({ heldBytes: 1e9 });
  const count = (metric: string) => void counted.push(metric);
  let next = () => {};
  const nextTurn = (run: () => void) => {
    next = run;
  };
  const world = new HandWorld();
  const answers = new HttpAnswers({ limits: limitValues(limits), memory, count, world, nextTurn });
  const dropped: string[] = [];
  const enter = (source: string, bytes = 10) =>
    answers.enter(source, bytes, () => dropped.push(source));
  return { answers, enter, memory, counted, dropped, world, turn: () => next() };
}

test("answersPerAddress: past it the next request of that address is refused, others' are not", () => {
  const { answers, enter, counted } = setUp({ answersPerAddress: 2 });
  const leave = enter("a");
  enter("a");
  expect([answers.hasRoom("a"), answers.hasRoom("b")]).toEqual([false, true]);
  expect(counted).toEqual(["answers-refused"]);
  leave?.();
  expect(answers.hasRoom("a")).toBe(true);
});

test("answersAtOnce: past it the oldest of the address with most of them is dropped", () => {
  const { answers, enter, dropped } = setUp({ answersAtOnce: 3 });
  enter("a");
  enter("b");
  enter("a");
  expect(enter("c")).toBeDefined();
  expect([dropped, answers.size]).toEqual([["a"], 3]);
});

test("answersAtOnce: whoever has most of them gets no more", () => {
  const { answers, enter, dropped } = setUp({ answersAtOnce: 2 });
  enter("a");
  enter("a");
  expect(enter("a")).toBeUndefined();
  expect([dropped, answers.size]).toEqual([[], 2]);
});

test("what is held for them is in the account of memory until they are read or gone", () => {
  const { enter, memory, answers } = setUp({});
  const leave = enter("a", 1_000);
  enter("b", 5);
  expect([memory.of("a"), memory.total]).toEqual([1_000, 1_005]);
  leave?.();
  leave?.();
  expect([memory.total, answers.size]).toEqual([5, 1]);
});

test("requestsPerTurn: past it an address that does not wait for its answers is sent away", () => {
  const { answers, counted, turn, world } = setUp({ requestsPerTurn: 20 });
  const served = (source: string) => {
    let requests = 0;
    while (answers.begin(source)) requests += 1;
    turn();
    return requests;
  };
  expect(served("a")).toBe(20);
  expect(counted).toEqual(["answers-refused"]);
  expect([served("a"), served("b")]).toEqual([8, 20]);
  world.advance(10_000);
  expect(served("a")).toBe(20);
});
