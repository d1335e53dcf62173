import { describe, expect, test } from "vitest";
import { Dispatcher, type Requester } from "../../src/gateway/dispatch.ts";
import { limitTable } from "../../src/limits/table.ts";
import { method } from "../../src/methods/method.ts";
import type { Services } from "../../src/methods/services.ts";
import { type Actor, READ } from "../../src/protocol/access.ts";
import { at, CODE, openclaw, shell } from "../../src/protocol/command.ts";
import { unavailable } from "../../src/protocol/errors.ts";
import { RawJson } from "../../src/protocol/frames.ts";
import * as t from "../../src/protocol/typed-schema.ts";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";

const operators = { roles: ["operator"] } as const;
const admin: Actor = { role: "operator", scopes: ["operator.admin"], method: "token" };
const reader: Actor = { role: "operator", scopes: [READ], method: "token" };
const node: Actor = { role: "node", scopes: [], method: "token" };

class Caller implements Requester {
  readonly id = "c1";
  inFlight = 0;
  readonly answers: Frame[] = [];

  send(text: string): void {
    this.answers.push(JSON.parse(text));
  }

  onEnd(): () => void {
    return () => {};
  }
}

/** The answers below are not about schemas. */
const result = t.anything;

function setUp(maxInFlight = 10) {
  const release: (() => void)[] = [];
  const defects: unknown[] = [];
  const methods = [
    method({ name: "echo", summary: "", result, access: operators, run: (params) => params }),
    method({
      name: "raw",
      summary: "",
      result,
      access: operators,
      run: () => new RawJson('{"a":1}'),
    }),
    method({ name: "nothing", summary: "", result, access: operators, run: () => undefined }),
    method({
      name: "slow",
      summary: "",
      result,
      access: operators,
      run: () => new Promise<void>((resolve) => release.push(resolve)),
    }),
    method({
      name: "strict",
      summary: "",
      result,
      access: operators,
      params: t.object({ a: t.integer() }),
      run: () => ({}),
    }),
    method({
      name: "refuses",
      summary: "",
      result,
      access: operators,
      run: async () => {
        throw unavailable("not now", 50);
      },
    }),
    method({
      name: "broken",
      summary: "",
      result,
      access: operators,
      run: () => {
        throw new Error("secret inside");
      },
    }),
    method({ name: "circular", summary: "", result, access: operators, run: async () => 10n }),
    method({
      name: "store",
      summary: "",
      result,
      access: operators,
      run: () => {
        throw Object.assign(new Error("the disk is full"), {
          code: "STORE_DISK_FULL",
          next: shell`df -h`,
        });
      },
    }),
    method({
      name: "read",
      summary: "",
      result,
      access: { roles: ["operator"], scope: READ },
      run: () => ({}),
    }),
    method({
      name: "host.only",
      summary: "",
      result,
      access: { roles: ["operator"], scope: "operator.admin", hostOnly: true },
      run: () => ({}),
    }),
    method({
      name: "node.only",
      summary: "",
      result,
      access: { roles: ["node"] },
      run: () => ({}),
    }),
  ];
  const dispatcher = new Dispatcher({
    methods,
    services: {} as Services,
    maxInFlight,
    monotonic: () => 0,
    defect: (_method, error) => defects.push(error),
  });
  const caller = new Caller();
  const call = async (name: string, params?: unknown, actor: Actor = admin) => {
    const frame = {
      type: "req" as const,
      id: "1",
      method: name,
      ...(params !== undefined && { params }),
    };
    const inRole = dispatcher.dispatch(caller, actor, frame);
    await new Promise((resolve) => setImmediate(resolve));
    return { inRole, answer: caller.answers.at(-1) };
  };
  return { dispatcher, caller, call, release, defects };
}

describe("an answer", () => {
  test.each([
    ["echo", { a: 1 }, { payload: { a: 1 } }],
    ["echo", undefined, { payload: {} }],
    ["raw", undefined, { payload: { a: 1 } }],
    ["nothing", undefined, {}],
  ])("of %s to %j", async (name, params, expected) => {
    const { call } = setUp();
    expect((await call(name, params)).answer).toEqual({
      type: "res",
      id: "1",
      ok: true,
      ...expected,
    });
  });

  test.each([
    ["strict", { a: "x" }, "INVALID_REQUEST", "invalid strict params: at /a: must be integer"],
    ["strict", {}, "INVALID_REQUEST", "invalid strict params: must have required property 'a'"],
    ["strict", [], "INVALID_REQUEST", "invalid strict params: must be object"],
    ["refuses", {}, "UNAVAILABLE", "not now"],
    ["store", {}, "UNAVAILABLE", "the disk is full"],
  ])("of %s to %j is an error: %s %s", async (name, params, code, message) => {
    const { call } = setUp();
    expect((await call(name, params)).answer.error).toMatchObject({ code, message });
  });

  test.each(["broken", "circular"])(
    "of %s says nothing of what is inside, but logs it",
    async (name) => {
      const { call, defects } = setUp();
      const { answer } = await call(name);
      expect(answer.error).toEqual({
        code: "UNAVAILABLE",
        message: expect.stringMatching(/^internal error/),
        details: {
          code: "INTERNAL_ERROR",
          cure: "openclaw logs",
          next: [at("gateway", openclaw`logs`)],
        },
      });
      expect(defects).toHaveLength(1);
    },
  );

  test("of the store names the next command and may be retried", async () => {
    const { call } = setUp();
    expect((await call("store")).answer.error).toEqual({
      code: "UNAVAILABLE",
      message: "the disk is full",
      details: { code: "STORE_DISK_FULL", cure: "df -h", next: [shell`df -h`] },
      retryable: true,
      retryAfterMs: 5000,
    });
  });
});

describe("access", () => {
  test.each<[string, Actor, Record<string, unknown>, boolean]>([
    [
      "no.such",
      admin,
      {
        code: "INVALID_REQUEST",
        message: "unknown method: no.such",
        details: { code: "UNKNOWN_METHOD", next: [openclaw`gateway call --list`] },
      },
      true,
    ],
    ["no.such", reader, { code: "INVALID_REQUEST", message: "unknown method: no.such" }, true],
    ["no.such", node, { code: "INVALID_REQUEST", message: "unauthorized role: node" }, false],
    ["constructor", admin, { message: "unknown method: constructor" }, true],
    [
      "node.only",
      admin,
      { code: "INVALID_REQUEST", message: "unauthorized role: operator" },
      false,
    ],
    ["read", node, { code: "INVALID_REQUEST", message: "unauthorized role: node" }, false],
    [
      "read",
      { ...reader, scopes: [] },
      {
        code: "FORBIDDEN",
        message: "missing scope: operator.read",
        details: {
          code: "MISSING_SCOPE",
          missingScope: READ,
          requiredScopes: [READ],
          next: [
            "connect as a device that asks for operator.read; where that waits for approval, on the gateway host: ",
            at("gateway", openclaw`devices approve ${CODE}`),
          ],
        },
      },
      true,
    ],
    [
      "host.only",
      admin,
      { code: "INVALID_REQUEST", details: { code: "HOST_ONLY", cure: expect.any(String) } },
      true,
    ],
  ])("to %s", async (name, actor, error, inRole) => {
    const { call } = setUp();
    const result = await call(name, {}, actor);
    expect(result.answer).toMatchObject({ ok: false, error });
    expect(result.inRole).toBe(inRole);
  });

  test("is judged before params, so that nobody learns a schema it may not use", async () => {
    const { call } = setUp();
    const { answer } = await call("read", "nonsense", { ...reader, scopes: [] });
    expect(answer.error.code).toBe("FORBIDDEN");
  });
});

describe("bounds", () => {
  test("requestsInFlight: one more is told to retry, and answers make room", async () => {
    const { call, caller, release } = setUp(2);
    await call("slow");
    await call("slow");
    expect(caller.inFlight).toBe(2);
    expect((await call("echo")).answer.error).toEqual({
      code: "UNAVAILABLE",
      message: "too many requests in flight",
      retryable: true,
      retryAfterMs: 500,
    });
    release[0]?.();
    await call("nothing");
    expect(caller.inFlight).toBe(1);
    expect((await call("echo", {})).answer.ok).toBe(true);
  });

  test("figures count calls and failures, of methods that exist alone", async () => {
    const { call, dispatcher } = setUp();
    for (const name of ["echo", "echo", "refuses", "broken", "no.such"]) await call(name);
    const figures = Object.fromEntries(dispatcher.figures);
    expect(figures).toMatchObject({
      echo: { durations: { count: 2 }, failures: 0 },
      refuses: { durations: { count: 1 }, failures: 1 },
      broken: { durations: { count: 1 }, failures: 1 },
    });
    expect(Object.keys(figures)).not.toContain("no.such");
  });

  test("unauthorizedCalls: the 11th call in a row outside the role closes, on a real socket", async () => {
    const gateway = await startTestGateway();
    const auth = { token: TEST_TOKEN };
    const device = makeDevice();
    const { client } = await pairAndConnect(gateway, { device, role: "node", auth });
    const { value } = limitTable.unauthorizedCalls;
    const call = async (i: number) => (await client.request(i % 2 ? "status" : "no.such")).error;
    for (let i = 0; i < value; i += 1) {
      expect((await call(i)).message).toBe("unauthorized role: node");
    }
    expect((await client.request("health")).ok).toBe(true);
    for (let i = 0; i < value; i += 1) await call(i);
    expect(client.closed).toBeUndefined();
    await call(0);
    expect(await client.end()).toEqual({ code: 1008, reason: "repeated unauthorized calls" });
    await gateway.close();
  });

  test("calls without a scope are not counted: a client may probe what it can do", async () => {
    const gateway = await startTestGateway();
    const client = await RawClient.open(gateway.url);
    await client.connect({ auth: { token: TEST_TOKEN } });
    for (let i = 0; i < 30; i += 1) {
      expect((await client.request("status")).error.code).toBe("FORBIDDEN");
    }
    expect(client.closed).toBeUndefined();
    await gateway.close();
  });
});
