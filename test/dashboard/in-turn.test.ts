// Several gateways that answer at one address in turn: none of them costs a browser what another granted.
import { describe, expect, test } from "vitest";
import type { Grant, State } from "../../src/dashboard/model.ts";
import { reduce } from "../../src/dashboard/reducer.ts";
import { fresh, NOW, table } from "./state.ts";

const byA: Grant = { token: "a", scopes: ["operator.read"], id: "i", by: "gateway a" };
const byB: Grant = { token: "b", scopes: ["operator.read"], id: "i", by: "gateway b" };

const answer = (rest: object) => ({
  on: "frame" as const,
  frame: { type: "res", id: `c${fresh.calls}`, ...rest },
});
const refusedBy = (fingerprint: string, code = "AUTH_DEVICE_TOKEN_MISMATCH", rest = {}) =>
  answer({ ok: false, error: { message: "no", details: { code, fingerprint, ...rest } } });
const pairing = (fingerprint: string) =>
  refusedBy(fingerprint, "PAIRING_REQUIRED", { requestId: "7F3K-Q2MN", waiting: true });
const hello = (fingerprint: string, deviceToken?: string) =>
  answer({ ok: true, payload: { server: { fingerprint }, auth: { deviceToken, scopes: [] } } });

describe("a gateway that is another one", () => {
  table([
    [
      "has the grant put aside, and a new one asked for",
      { grant: byA },
      refusedBy("gateway b"),
      {
        grant: undefined,
        aside: [byA],
        dials: 2,
        notice: expect.stringContaining("Another gateway answers"),
      },
    ],
    [
      "is given what it granted before",
      { grant: byA, aside: [byB] },
      refusedBy("gateway b"),
      { grant: byB, aside: [byA], dials: 2, notice: "" },
    ],
    [
      "is given it too where none was shown to it",
      { aside: [byA] },
      pairing("gateway a"),
      { grant: byA, aside: [], dials: 2 },
    ],
    [
      "and that knows nothing of the browser is asked for pairing",
      { aside: [byA] },
      pairing("gateway b"),
      { view: { at: "waiting" }, grant: undefined, aside: [byA] },
    ],
    [
      "that lets the browser in by a link leaves the grant of the first one kept",
      { grant: byA, invite: "i", spend: true },
      hello("gateway b", "b"),
      { grant: { token: "b", by: "gateway b" }, aside: [byA] },
    ],
  ]);
});

describe("the same gateway", () => {
  table([
    [
      "that no longer takes its token ends it, and no other's",
      { grant: byA, aside: [byB] },
      refusedBy("gateway a"),
      { grant: undefined, aside: [byB], notice: expect.stringContaining("no longer valid") },
    ],
    [
      "that says it of a token from before it was noted ends that",
      { grant: { ...byA, by: undefined } as unknown as Grant },
      refusedBy("gateway a"),
      { grant: undefined, aside: [] },
    ],
    [
      "renews its own grant alone",
      { grant: byA, aside: [byB] },
      hello("gateway a", "a2"),
      { grant: { token: "a2", by: "gateway a" }, aside: [byB] },
    ],
    [
      "that grants nothing new changes nothing",
      { grant: byA, aside: [byB] },
      hello("gateway a"),
      { grant: byA, aside: [byB] },
    ],
  ]);
});

test("four are kept, the newest", () => {
  let state: State = fresh;
  for (let n = 0; n < 7; n += 1) {
    const grant = { ...byA, token: `${n}`, by: `gateway ${n}` };
    state = { ...reduce({ ...state, grant }, refusedBy(`gateway ${n + 1}`), NOW), calls: 1 };
  }
  expect(state.aside.map(({ token }) => token)).toEqual(["3", "4", "5", "6"]);
});

test("a key that can't be read is not replaced while anything is kept for it", () => {
  const broken = { on: "broken" as const, message: "denied" };
  const state = { ...fresh, aside: [byA], attempt: 9 };
  expect(reduce(state, broken, NOW).view).toMatchObject({ at: "lost" });
  const anew = reduce(state, { on: "press", button: "anew", grant: undefined }, NOW);
  expect(anew).toMatchObject({ grant: undefined, aside: [] });
});
