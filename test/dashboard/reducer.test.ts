import { describe, expect, it } from "vitest";
import type { Event, View } from "../../src/dashboard/model.ts";
import { reduce } from "../../src/dashboard/reducer.ts";
import { credentials } from "../../src/dashboard/steps.ts";
import { fresh, grant, held, lost, NOW, ready, stopped, table } from "./state.ts";

const request = {
  id: "7F3K-Q2MN",
  command: "openclaw devices approve 7F3K-Q2MN",
  ssh: "ssh root@gw.example openclaw devices approve 7F3K-Q2MN",
  expiresAt: NOW + 60_000,
  scopes: ["operator.read", "operator.write"],
  approved: [],
  offered: [],
  asker: "browser, Linux x86_64, from 203.0.113.7",
};
const waiting: View = { at: "waiting", request, live: true };

const frame = (value: unknown): Event => ({ on: "frame", frame: value });
const gatewaySays = (event: string, payload: unknown) => frame({ type: "event", event, payload });
const refusal = (error: unknown) => frame({ type: "res", id: "c1", ok: false, error });
const refusedWith = (code: string, more = {}) =>
  refusal({ message: "no", details: { code }, ...more });
const pairing = (more = {}) =>
  refusal({
    code: "NOT_PAIRED",
    details: {
      code: "PAIRING_REQUIRED",
      requestId: request.id,
      waiting: true,
      expiresAtMs: NOW + 60_000,
      requestedScopes: request.scopes,
      kind: "browser, Linux x86_64",
      address: "203.0.113.7",
      ...more,
    },
  });
const helloBy = (method: string | undefined, scopes: string[]) =>
  frame({
    type: "res",
    id: "c1",
    ok: true,
    payload: {
      server: { version: "1.2.3" },
      auth: { role: "operator", scopes, deviceToken: "new", method },
      snapshot: { presence: [{ host: "a", deviceId: "ab".repeat(32) }] },
      policy: { tickIntervalMs: 20_000 },
    },
  });
const hello = helloBy(undefined, ["operator.read"]);
const closed = (code: number, reason = ""): Event => ({ on: "closed", code, reason });
const press = (button: "pair" | "ask" | "retry"): Event => ({
  on: "press",
  button,
  grant: undefined,
});
const identity: Event = { on: "identity", thisDevice: fresh.thisDevice };

describe("start", () =>
  table([
    ["nothing stored: dials", {}, identity, { view: { at: "connecting" }, dials: 2 }],
    [
      "an invite waits for a press",
      { invite: "i" },
      identity,
      { view: { at: "invited" }, dials: 1 },
    ],
    ["a grant goes before an invite", { invite: "i", grant }, identity, { dials: 2, spend: false }],
    ["the press spends the invite", { invite: "i" }, press("pair"), { spend: true, dials: 2 }],
    [
      "no key, after some tries",
      { attempt: 3 },
      { on: "broken", message: "x" },
      { view: { at: "stopped", cause: { code: "no-key" } } },
    ],
  ]));

describe("connect", () =>
  table([
    [
      "a challenge is answered under a new id, and sets the clock",
      {},
      gatewaySays("connect.challenge", { nonce: "m", ts: NOW + 5000 }),
      { challenge: { nonce: "m", ts: NOW + 5000 }, calls: 2, skew: 5000 },
    ],
    ["a challenge without a nonce is none", {}, gatewaySays("connect.challenge", {}), { calls: 1 }],
    [
      "an approved waiter stays on its page",
      { view: waiting },
      gatewaySays("connect.challenge", { nonce: "m", ts: 1 }),
      { view: waiting, calls: 2 },
    ],
    ["answers to older connects are ignored", { calls: 2 }, hello, { view: { at: "connecting" } }],
    [
      "hello-ok",
      { attempt: 3, restartMs: 9 },
      hello,
      {
        view: {
          at: "ready",
          session: { scopes: ["operator.read"], peers: [{ name: "a", isSelf: true }] },
        },
        grant: { token: "new", scopes: ["operator.read"] },
        gateway: { release: "1.2.3" },
        patience: 40_000,
        attempt: 0,
        restartMs: 0,
        notice: "",
      },
    ],
    [
      "hello-ok after an invite",
      { invite: "i", spend: true },
      hello,
      { invite: undefined, spend: false, notice: expect.stringContaining("paired") },
    ],
    [
      "hello-ok after waiting",
      { view: waiting },
      hello,
      { notice: expect.stringContaining("paired") },
    ],
    [
      "hello-ok beside an invite that may give more",
      { invite: "i", grant },
      hello,
      { invite: "i", notice: expect.stringContaining("unused") },
    ],
    [
      "hello-ok beside an invite, with full control",
      { invite: "i", grant },
      helloBy("device-token", ["operator.admin"]),
      { invite: undefined, notice: expect.stringContaining("unused") },
    ],
    [
      "hello-ok after an invite that gave more",
      { invite: "i", spend: true, grant },
      helloBy("bootstrap-token", ["operator.read", "operator.write"]),
      {
        invite: undefined,
        grant: { scopes: ["operator.read", "operator.write"], id: fresh.thisDevice.id },
        notice: expect.stringContaining("can do more now"),
      },
    ],
    [
      "hello-ok after an invite that gave nothing",
      { invite: "i", spend: true, grant },
      helloBy("device-token", ["operator.read"]),
      { invite: undefined, notice: expect.stringMatching(/gives nothing .* still unused/) },
    ],
  ]));

describe("refusals", () =>
  table([
    ["wait", {}, pairing(), { view: waiting, patience: 0, attempt: 0 }],
    [
      "wait by the gateway's clock",
      { skew: 1000 },
      pairing(),
      { view: { request: { expiresAt: NOW + 59_000 } } },
    ],
    [
      "wait, with the gateway's command lines",
      {},
      pairing({ approveCommand: "docker exec g openclaw", sshCommand: "ssh me@h" }),
      { view: { request: { command: "docker exec g openclaw", ssh: "ssh me@h" } } },
    ],
    [
      "wait where nobody knows the host",
      { host: "" },
      pairing(),
      { view: { request: { ssh: "" } } },
    ],
    [
      "wait where the gateway knows its host",
      { host: "" },
      pairing({ sshCommand: "ssh me@h" }),
      { view: { request: { ssh: "ssh me@h" } } },
    ],
    [
      "wait for more",
      {},
      pairing({ approvedScopes: ["operator.read"] }),
      { view: { request: { approved: ["operator.read"] } } },
    ],
    [
      "a gateway that closes is asked again",
      { attempt: 1 },
      pairing({ waiting: false }),
      { view: { at: "waiting", live: false }, patience: 15_000, attempt: 1 },
    ],
    [
      "a hostile request id is not shown",
      {},
      pairing({ requestId: "x; rm -rf /" }),
      { view: { at: "stopped" } },
    ],
    [
      "a stale token is forgotten",
      { grant },
      refusedWith("AUTH_DEVICE_TOKEN_MISMATCH"),
      { grant: undefined, dials: 2, notice: expect.stringContaining("no longer valid") },
    ],
    [
      "a narrow token is forgotten",
      { grant },
      refusedWith("AUTH_SCOPE_MISMATCH"),
      { grant: undefined, dials: 2, notice: expect.stringContaining("does not cover") },
    ],
    [
      "a stale token, with an invite at hand",
      { grant, invite: "i" },
      refusedWith("AUTH_DEVICE_TOKEN_MISMATCH"),
      { view: { at: "invited" }, dials: 1 },
    ],
    [
      "no token to be stale",
      {},
      refusedWith("AUTH_DEVICE_TOKEN_MISMATCH"),
      { view: { at: "stopped" } },
    ],
    [
      "a bad invite is dropped",
      { invite: "i", spend: true },
      refusal({ details: { code: "AUTH_BOOTSTRAP_TOKEN_INVALID", reason: "expired" } }),
      { view: { at: "stopped", cause: { code: "invite-expired" } }, invite: undefined },
    ],
    [
      "a bad invite takes nothing from a browser that is paired",
      { invite: "i", spend: true, grant },
      refusal({ details: { code: "AUTH_BOOTSTRAP_TOKEN_INVALID", reason: "expired" } }),
      { view: { cause: { code: "invite-expired", hasAccess: true } }, invite: undefined, grant },
    ],
    [
      "an invite for a node is dropped",
      { invite: "i", spend: true },
      refusedWith("INVALID_ROLE"),
      { view: { cause: { code: "invite-role", hasAccess: false } }, invite: undefined },
    ],
    [
      "wrong links of others keep out no browser that is paired",
      { invite: "i", spend: true, grant },
      refusedWith("AUTH_RATE_LIMITED", { retryAfterMs: 299_000 }),
      { view: { at: "stopped", cause: { hasAccess: true } }, invite: "i", grant, retryAt: 0 },
    ],
    [
      "a named wait is kept",
      {},
      refusedWith("AUTH_RATE_LIMITED", { retryAfterMs: 299_000 }),
      { view: { at: "lost", held: true }, retryAt: NOW + 299_000 },
    ],
    [
      "retryable without a time",
      { attempt: 2 },
      refusedWith("", { retryable: true }),
      { view: { at: "lost" }, retryAt: NOW + 2000, attempt: 3 },
    ],
    [
      "anything else needs a person",
      {},
      refusedWith("ODD"),
      { view: { at: "stopped", cause: { code: "ODD", message: "no" } } },
    ],
  ]));

describe("while waiting", () => {
  const decided = (decision: string, requestId = request.id) =>
    gatewaySays("device.pair.resolved", { requestId, decision });
  table([
    [
      "rejected",
      { view: waiting },
      decided("rejected"),
      { view: { at: "stopped", cause: { code: "rejected" } } },
    ],
    [
      "expired",
      { view: waiting },
      decided("expired"),
      { view: { at: "stopped", cause: { code: "expired" } } },
    ],
    [
      "superseded",
      { view: waiting },
      decided("superseded"),
      { view: { at: "stopped", cause: { code: "superseded" } } },
    ],
    ["approved goes on by challenge", { view: waiting }, decided("approved"), { view: waiting }],
    ["somebody else's request", { view: waiting }, decided("rejected", "OTHER"), { view: waiting }],
    [
      "a policy close ends it",
      { view: waiting },
      closed(1008, "gone"),
      { view: { at: "stopped", cause: { code: "closed", message: "gone" } } },
    ],
    [
      "a newer tab of this browser ends it",
      { view: waiting },
      closed(1008, "pairing required: continued on a newer connection of this device"),
      { view: { at: "stopped", cause: { code: "elsewhere" } } },
    ],
    [
      "a lost network does not",
      { view: waiting },
      closed(1006),
      { view: { ...waiting, live: false }, retryAt: NOW + 500 },
    ],
    ["asking again", { view: stopped }, press("ask"), { view: { at: "connecting" }, dials: 2 }],
  ]);
});

describe("credentials", () => {
  it.each([
    ["nothing: asks for read and write", {}, {}, ["operator.read", "operator.write"]],
    ["grant: its own scopes", { grant }, { deviceToken: "token" }, ["operator.read"]],
    ["unpressed invite: not sent", { invite: "i" }, {}, ["operator.read", "operator.write"]],
  ])("%s", (_title, from, auth, scopes) => {
    expect(credentials({ ...fresh, ...from })).toEqual({ auth, scopes });
  });

  it("spends an invite for all it may hold", () => {
    const { auth, scopes } = credentials({ ...fresh, invite: "i", spend: true, grant });
    expect(auth).toEqual({ bootstrapToken: "i", deviceToken: "token" });
    expect(scopes.join()).toBe(
      "operator.admin,operator.read,operator.write,operator.approvals,operator.questions,operator.pairing",
    );
  });

  it("asks beside an invite for what it was granted too", () => {
    const talk = { token: "token", scopes: ["operator.talk"] };
    const { scopes } = credentials({ ...fresh, invite: "i", spend: true, grant: talk });
    expect(scopes).toContain("operator.talk");
    expect(credentials({ ...fresh, invite: "i", spend: true }).auth).toEqual({
      bootstrapToken: "i",
    });
  });
});

it("survives any frame", () => {
  for (const odd of [
    null,
    1,
    "x",
    [],
    {},
    { type: "event" },
    { id: "c1" },
    { id: "c1", ok: true },
  ]) {
    for (const view of [waiting, ready, lost, held, stopped]) {
      expect(() => reduce({ ...fresh, view }, frame(odd), NOW)).not.toThrow();
    }
  }
});
