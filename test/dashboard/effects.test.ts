import { expect, it } from "vitest";
import { carryOut } from "../../src/dashboard/effects.ts";
import type { State } from "../../src/dashboard/model.ts";
import { elsewhere, fresh } from "./state.ts";

it.each<[string, Partial<State>, Partial<State>, string[]]>([
  ["nothing changed", {}, {}, []],
  ["only the page changed", {}, { notice: "x" }, []],
  ["a dial, and its patience", { patience: 5 }, { dials: 2, patience: 5 }, ["dial", "watch 5"]],
  ["a challenge", {}, { calls: 2 }, ["connect"]],
  ["a later try", {}, { retryAt: 9 }, ["again 9"]],
  ["no later try any more", { retryAt: 9 }, { retryAt: 0 }, []],
  ["patience alone", { patience: 5 }, { patience: 0 }, ["watch 0"]],
  ["a grant", {}, { grant: { token: "t", scopes: [] } }, ["save"]],
  ["a spent invite", { invite: "i" }, { invite: undefined }, ["save"]],
  ["a step back for another tab", {}, { view: elsewhere }, ["stand by true"]],
  ["no step back any more", { view: elsewhere }, {}, ["stand by false"]],
  ["still behind another tab", { view: elsewhere }, { view: { ...elsewhere } }, []],
])("%s", (_title, was, now, expected) => {
  const done: string[] = [];
  carryOut(
    { ...fresh, ...was },
    { ...fresh, ...now },
    {
      dialNow: () => done.push("dial"),
      connect: () => done.push("connect"),
      again: (time) => done.push(`again ${time}`),
      watch: (ms) => done.push(`watch ${ms}`),
      save: () => done.push("save"),
      standBy: (on) => done.push(`stand by ${on}`),
    },
  );
  expect(done).toEqual(expected);
});
