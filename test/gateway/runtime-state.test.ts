import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/gateway/connection.ts";
import { readiness, storeFigures } from "../../src/gateway/health.ts";
import { RuntimeState } from "../../src/gateway/runtime-state.ts";
import { closeAdmittedBy, closeDeviceless } from "../../src/gateway/shared-secret.ts";
import { limitValues } from "../../src/limits/table.ts";
import type { Actor } from "../../src/protocol/access.ts";
import { type Close, closes } from "../../src/protocol/close.ts";
import type { Refusal } from "../../src/protocol/refusals.ts";
import { HandWorld } from "../kit/world.ts";

function setUp() {
  const lines: [level: string, facts: object, message: string][] = [];
  const write = (level: string) => (facts: object, message: string) => {
    lines.push([level, facts, message]);
  };
  const log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  const world = new HandWorld();
  const state = new RuntimeState({ world, limits: limitValues({ logLinesPerSecond: 3 }), log });
  const ended: [id: string, close: Close][] = [];
  const admit = (id: string, actor: Partial<Actor>) => {
    const full = { role: "operator", scopes: [], method: "token", ...actor } as Actor;
    const close = (why: Close) => ended.push([id, why]);
    const connection = { id, actor: full, close } as unknown as Connection;
    state.registry.add(connection, full);
  };
  return { state, lines, world, ended, admit, closed: () => ended.map(([id]) => id) };
}

const from = (id: string, refused = false) =>
  ({ id, refused, socket: { peer: { address: "203.0.113.9" } } }) as unknown as Connection;

describe("what is counted and logged", () => {
  const refusal = (code: string, details?: Record<string, unknown>): Refusal => ({
    error: { code: "INVALID_REQUEST", message: `no: ${code}`, ...(details && { details }) },
    close: closes.authChanged,
  });

  test("a refused connect, by the code that says most", () => {
    const { state, lines } = setUp();
    state.telemetry.connectRefused(from("c1"), refusal("x", { code: "AUTH_TOKEN_MISMATCH" }));
    state.telemetry.connectRefused(from("c2"), refusal("y"));
    expect([...state.telemetry.refusals]).toEqual([
      ["AUTH_TOKEN_MISMATCH", 1],
      ["INVALID_REQUEST", 1],
    ]);
    const facts = { conn: "c1", address: "203.0.113.9", code: "AUTH_TOKEN_MISMATCH" };
    expect(lines[0]).toEqual(["info", facts, "no: x"]);
    expect(lines).toHaveLength(2);
  });

  test("one that has to wait for approval is counted alone: its request has a line", () => {
    const { state, lines } = setUp();
    state.telemetry.connectRefused(from("c1"), refusal("x", { code: "PAIRING_REQUIRED" }));
    expect([...state.telemetry.refusals]).toEqual([["PAIRING_REQUIRED", 1]]);
    expect(lines).toEqual([]);
  });

  test("a close is logged unless its refusal was, and counted either way", () => {
    const { state, lines } = setUp();
    state.telemetry.closed(from("c1"), closes.deviceRemoved);
    state.telemetry.closed(from("c2", true), closes.deviceRemoved);
    expect(state.telemetry.closes).toEqual({ [closes.deviceRemoved.metric]: 2 });
    expect(lines.map(([, , message]) => message)).toEqual(["connection closed"]);
  });

  test("a storm of refusals leaves the gateway's own failures their lines", () => {
    const { state, lines } = setUp();
    for (let at = 0; at < 10; at += 1) state.telemetry.closed(from("c"), closes.deviceRemoved);
    state.telemetry.failed("it broke", { err: 1 });
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toEqual(["error", { err: 1 }, "it broke"]);
    expect(state.telemetry.closes["log-left-out"]).toBe(7);
    state.telemetry.flush();
    expect(lines.at(-1)?.[2]).toContain("left out of the log");
  });
});

describe("whom a change of the shared secret ends", () => {
  function crowd() {
    const all = setUp();
    all.admit("token", { method: "token" });
    all.admit("token with scopes", { method: "token", scopes: ["operator.read"] });
    all.admit("password", { method: "password" });
    all.admit("device", { method: "token", deviceId: "d", scopes: ["operator.read"] });
    return all;
  }

  test("those that it alone had admitted", () => {
    const { state, closed, ended } = crowd();
    expect(closeAdmittedBy(state.registry, "token")).toEqual(["token", "token with scopes"]);
    expect(closed()).toEqual(["token", "token with scopes"]);
    expect(ended[0]?.[1]).toBe(closes.authChanged);
  });

  test("those of the kind that counts no more", () => {
    const { state, closed } = crowd();
    closeDeviceless(state.registry, { kind: "token", mayHoldScopes: true });
    expect(closed()).toEqual(["password"]);
  });

  test("and those with scopes, where the secret alone gives none any more", () => {
    const { state, closed } = crowd();
    closeDeviceless(state.registry, { kind: "token", mayHoldScopes: false });
    expect(closed()).toEqual(["token with scopes", "password"]);
  });
});

type Figures = Parameters<typeof storeFigures>[0];

describe("ready", () => {
  const lastError = { code: "ENOSPC", message: "no space left", at: 1 };
  const store: Figures = { commits: 2, journalBytes: 100 };

  const broken = { ...store, lastError };

  test.each([
    ["ready", store, true, []],
    ["starting", store, false, ["starting"]],
    ["draining", broken, false, ["draining", "store"]],
    ["ready", broken, false, ["store"]],
  ] as const)("%s %j: %s", (phase, stats, ready, failing) => {
    expect(readiness({ phase, store: stats, uptimeMs: 7 })).toEqual({
      ready,
      failing,
      uptimeMs: 7,
    });
  });

  test("the figures of the state say what failed", () => {
    expect(storeFigures(store)).toEqual({ ok: true, ...store });
    const words = "ENOSPC: no space left";
    expect(storeFigures(broken)).toEqual({ ok: false, ...store, lastError: words });
  });
});
