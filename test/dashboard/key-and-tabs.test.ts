import { describe, expect } from "vitest";
import type { Event } from "../../src/dashboard/model.ts";
import { elsewhere, fresh, grant, lost, NOW, ready, stopped, table, waiting } from "./state.ts";

const closed = (code: number): Event => ({ on: "closed", code, reason: "" });
const press = (button: "anew"): Event => ({ on: "press", button, grant: undefined });
const identity: Event = { on: "identity", thisDevice: fresh.thisDevice };

describe("a key that can't be read", () => {
  const none = { ...fresh.thisDevice, id: "" };
  const broken: Event = { on: "broken", message: "x" };
  const saysSo = {
    title: "This browser’s key can’t be read",
    text: expect.stringContaining("(x)"),
  };
  table([
    [
      "is asked for again",
      { thisDevice: none },
      broken,
      { view: { at: "lost", held: false, trouble: saysSo }, retryAt: NOW + 500, attempt: 1 },
    ],
    [
      "is asked for again for ever by a browser that is paired",
      { thisDevice: none, grant, attempt: 99 },
      broken,
      { view: { at: "lost" }, grant, retryAt: NOW + 15_000, attempt: 100 },
    ],
    ["is asked for with a time-out", { thisDevice: none }, { on: "retry" }, { patience: 5_000 }],
    [
      "is asked for again where the store hangs",
      { thisDevice: none, grant },
      closed(4000),
      { view: { at: "lost", trouble: { title: saysSo.title } }, grant, retryAt: NOW + 500 },
    ],
    [
      "is given up by a person alone",
      { thisDevice: none, grant, view: lost, attempt: 3 },
      press("anew"),
      { grant: undefined, attempt: 0, dials: 2 },
    ],
    [
      "is given up though storage has the grant still",
      { thisDevice: none, grant, view: lost, attempt: 3 },
      { on: "press", button: "anew", grant },
      { grant: undefined },
    ],
    [
      "may come late, and an invite waits for its press then",
      { thisDevice: none, view: lost, invite: "i", retryAt: NOW },
      identity,
      { view: { at: "invited" }, thisDevice: fresh.thisDevice, patience: 0, dials: 1 },
    ],
    ["can't be kept", {}, { on: "unkept" }, { thisDevice: { kept: false } }],
  ]);
});

describe("other tabs", () => {
  const wider = { token: "wider", scopes: ["operator.read", "operator.write"] };
  const tabs = (stored?: typeof grant): Event => ({ on: "tabs", grant: stored });
  table([
    ["one that left lets this one ask", { view: elsewhere }, tabs(), { dials: 2, notice: "" }],
    [
      "one that left with a grant lets this one in",
      { view: elsewhere },
      tabs(wider),
      { dials: 2, grant: wider },
    ],
    ["what they were granted ends a wait", { view: waiting }, tabs(wider), { dials: 2 }],
    ["it ends a refusal", { view: stopped }, tabs(wider), { dials: 2, grant: wider }],
    ["who is in takes it along", { view: ready, grant }, tabs(wider), { dials: 1, grant: wider }],
    ["who is on the way too", { grant }, tabs(wider), { dials: 1, grant: wider }],
    ["without anything new all stays", { view: ready, grant }, tabs(), { dials: 1, grant }],
  ]);
});
