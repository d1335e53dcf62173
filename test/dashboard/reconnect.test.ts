import { describe } from "vitest";
import type { Event } from "../../src/dashboard/model.ts";
import { grant, held, lost, NOW, ready, stopped, table, waiting } from "./state.ts";

const gatewaySays = (event: string, payload: unknown): Event => ({
  on: "frame",
  frame: { type: "event", event, payload },
});
const closed = (code: number, reason = ""): Event => ({ on: "closed", code, reason });
const wake = (quietMs: number): Event => ({ on: "wake", quietMs });

describe("closes", () =>
  table([
    [
      "network",
      { view: ready },
      closed(1006),
      {
        view: { at: "lost", trouble: { title: "Connection lost" } },
        retryAt: NOW + 500,
        attempt: 1,
      },
    ],
    [
      "backoff doubles",
      { view: lost, attempt: 4 },
      closed(1006),
      { retryAt: NOW + 8000, attempt: 5 },
    ],
    ["backoff ends at 15 s", { view: lost, attempt: 30 }, closed(1006), { retryAt: NOW + 15_000 }],
    [
      "the third failure names a command",
      { view: lost, attempt: 2 },
      closed(1006),
      { view: { trouble: { command: "openclaw doctor" } } },
    ],
    [
      "an announced restart",
      { view: ready },
      gatewaySays("shutdown", { restartExpectedMs: 1500 }),
      { restartMs: 1500 },
    ],
    [
      "an absurd announcement is cut",
      { view: ready },
      gatewaySays("shutdown", { restartExpectedMs: 1e9 }),
      { restartMs: 15_000 },
    ],
    [
      "restart",
      { view: ready, restartMs: 1500 },
      closed(1012, "service restart"),
      {
        view: { trouble: { title: "The gateway is restarting" } },
        retryAt: NOW + 1500,
        restartMs: 0,
      },
    ],
    [
      "silence",
      { view: ready },
      closed(4000),
      { view: { trouble: { title: "The connection went quiet" } } },
    ],
    [
      "removed",
      { view: ready, grant },
      closed(4001, "device removed"),
      { view: { at: "stopped", cause: { code: "removed" } }, grant: undefined },
    ],
    [
      "other 4001 come back",
      { view: ready, grant },
      closed(4001, "gateway auth changed"),
      { view: { at: "lost" }, grant },
    ],
    [
      "what a message explained stays",
      { view: stopped },
      closed(1008, "x"),
      { view: stopped, retryAt: 0 },
    ],
    [
      "a named wait stays",
      { view: held, retryAt: NOW + 9 },
      closed(1008),
      { view: held, attempt: 0 },
    ],
    [
      "retry dials behind the page",
      { view: lost },
      { on: "retry" },
      { view: lost, dials: 2, retryAt: 0 },
    ],
  ]));

describe("wake", () =>
  table([
    ["lost: at once", { view: lost, retryAt: NOW + 9000 }, wake(0), { dials: 2 }],
    ["held: not before its time", { view: held, retryAt: NOW + 1 }, wake(0), { dials: 1 }],
    ["held: after it", { view: held, retryAt: NOW }, wake(0), { dials: 2 }],
    ["ready and fresh: stays", { view: ready, patience: 40_000 }, wake(39_000), { dials: 1 }],
    [
      "ready but silent: redials",
      { view: ready, patience: 40_000 },
      wake(41_000),
      { dials: 2, view: ready },
    ],
    [
      "waiting after a nap: redials",
      { view: waiting, patience: 0 },
      wake(61_000),
      { dials: 2, view: waiting },
    ],
    ["stopped: stays", { view: stopped }, wake(1e9), { dials: 1 }],
  ]));
