import { describe, expect, test } from "vitest";
import { heldScopes, mayChangeToken } from "../../src/pairing/authority.ts";
import type { Device } from "../../src/pairing/records.ts";
import { actorOfKey } from "../../src/pairing/ssh-keys.ts";
import type { Actor } from "../../src/protocol/access.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { wireDetails } from "../../src/protocol/errors.ts";
import { onGateway } from "../../src/protocol/text.ts";
import { approvalProblem, mayManage } from "../../src/requests/authority.ts";
import type { SshRight } from "../../src/words/ssh-rights.ts";
import { ADMIN, confined, LedgerBench, owner, PAIRING, READ, WRITE } from "./support.ts";

const shared = (scopes: readonly string[]): Actor => ({
  role: "operator",
  scopes,
  method: "token",
});

/** An approver's key with these rights. */
function key(...may: SshRight[]): Actor {
  const facts = {
    fingerprint: "SHA256:x",
    type: "ssh-ed25519",
    blob: "AAAA",
    name: "k",
    addedAtMs: 0,
  };
  const actor = actorOfKey({ ...facts, may }, { address: undefined, now: 1 });
  if (typeof actor === "string") throw new Error(actor);
  return actor;
}

describe("who is confined to its own device", () => {
  test("a confined caller without a device manages none", () => {
    const actor: Actor = { role: "operator", scopes: [PAIRING], method: "device-token" };
    expect(mayManage(actor, "d1")).toBe(false);
  });
});

describe("who may approve", () => {
  const bench = new LedgerBench();
  const reader = bench.pair("reader", [READ]);
  const pairingAsk = bench.request("reader", [PAIRING]);
  const writeAsk = bench.request("new", [WRITE]);
  const nodeAsk = bench.request("node", [], { role: "node" });
  const mixedAsk = bench.request("new", [], { role: "node" });

  test.each([
    ["the owner, anything", owner, nodeAsk, undefined, undefined],
    ["who holds what is asked for", shared([PAIRING, WRITE]), writeAsk, undefined, undefined],
    [
      "not who lacks what is asked for",
      shared([PAIRING, READ]),
      writeAsk,
      undefined,
      "missing scope: operator.write",
    ],
    [
      "not who lacks what the result would hold",
      shared([PAIRING]),
      pairingAsk,
      reader,
      "missing scope: operator.read",
    ],
    ["who holds both", shared([PAIRING, READ]), pairingAsk, reader, undefined],
    [
      "another role only as admin",
      shared([PAIRING, READ, WRITE]),
      nodeAsk,
      undefined,
      "device pairing approval denied",
    ],
    [
      "another role beside operator only as admin",
      shared([PAIRING, WRITE]),
      mixedAsk,
      undefined,
      "device pairing approval denied",
    ],
    [
      "not another device's request on a device token",
      confined("reader", [PAIRING, WRITE]),
      writeAsk,
      undefined,
      "device pairing approval denied",
    ],
    ["one's own request", confined("new", [PAIRING, WRITE]), writeAsk, undefined, undefined],
  ])("%s", (_name, actor, pending, device, problem) => {
    expect(approvalProblem(actor, pending, heldScopes(device))?.message).toBe(problem);
  });

  test("a missing scope says so in its details", () => {
    expect(approvalProblem(shared([PAIRING]), writeAsk, [])?.shape).toEqual({
      code: "FORBIDDEN",
      message: "missing scope: operator.write",
      details: wireDetails({
        code: "MISSING_SCOPE",
        missingScope: WRITE,
        requiredScopes: [WRITE],
        next: onGateway(openclaw`devices approve ${writeAsk.requestId}`),
      }),
    });
  });

  test("what was taken away by rotation does not count as held", () => {
    const wide = { ...reader, scopes: [ADMIN, READ] } as Device;
    expect(heldScopes(wide)).toEqual([READ]);
    // So whoever approves a small request needs no more than that, and gives no more.
    expect(approvalProblem(shared([PAIRING, READ]), pairingAsk, heldScopes(wide))).toBeUndefined();
  });

  test("what was revoked does not count as held", () => {
    const token = { ...reader.tokens.operator, revokedAtMs: 5 };
    const revoked = { ...reader, tokens: { operator: token } } as Device;
    expect(heldScopes(reader)).toEqual([READ]);
    expect(heldScopes(revoked)).toEqual([]);
    expect(heldScopes(undefined)).toEqual([]);
    expect(approvalProblem(shared([PAIRING]), pairingAsk, heldScopes(revoked))).toBeUndefined();
  });
});

describe("what an approver's key may let in", () => {
  const bench = new LedgerBench();
  bench.pair("admin", [ADMIN]);
  const ask = (id: string, scopes: readonly string[], role: "operator" | "node" = "operator") =>
    bench.request(id, scopes, { role });
  function askBoth(id: string) {
    ask(id, [READ]);
    return ask(id, [], "node");
  }
  const asks = {
    "a browser": ask("browser", [READ, WRITE, PAIRING]),
    "full control": ask("control", [ADMIN]),
    "a plugin's scope": ask("plugin", ["plugin.weather"]),
    "a node": ask("node", [], "node"),
    "a node that would be an operator too": askBoth("both"),
    "more for one that has full control": ask("admin", [READ, "operator.talk"]),
  };
  const yes = { operator: ["a browser"], node: ["a node"], admin: Object.keys(asks) };

  test.each(
    (["operator", "node", "admin"] as const).flatMap((right) => {
      return Object.entries(asks).map(([what, pending]) => [right, what, pending] as const);
    }),
  )("%s: %s", (right, what, pending) => {
    const device = bench.state.devices.get(pending.deviceId);
    const problem = approvalProblem(key(right), pending, heldScopes(device));
    expect(problem === undefined).toBe(yes[right].includes(what));
  });

  test("two rights are both, and no more", () => {
    const both = key("operator", "node");
    expect(approvalProblem(both, asks["a node"], [])).toBeUndefined();
    const mixed = asks["a node that would be an operator too"];
    expect(approvalProblem(both, mixed, [])).toBeUndefined();
    expect(approvalProblem(both, asks["full control"], [])?.message).toContain(ADMIN);
  });
});

test("a key without full control revokes none that has it", () => {
  const device = new LedgerBench().pair("admin", [ADMIN]);
  expect(mayChangeToken(key("operator"), device, "operator")).toBe(false);
  expect(mayChangeToken(key("admin"), device, "operator")).toBe(true);
});

describe("who may rotate and revoke", () => {
  const bench = new LedgerBench();
  bench.pair("d1", [READ, WRITE]);
  const device = bench.pair("d1", [], { role: "node" });

  test.each([
    ["the owner", owner, "operator", true],
    ["the owner, the node token", owner, "node", true],
    ["the shared secret with the token's scopes", shared([PAIRING, WRITE]), "operator", true],
    ["the shared secret without them", shared([PAIRING, READ]), "operator", false],
    ["the shared secret, the node token", shared([PAIRING, WRITE]), "node", false],
    ["the device itself", confined("d1", [PAIRING, WRITE]), "operator", true],
    ["the device itself, its node token", confined("d1", [PAIRING, WRITE]), "node", false],
    ["another device", confined("d2", [PAIRING, WRITE]), "operator", false],
    ["another device that is admin", confined("d2", [ADMIN]), "operator", true],
    ["a key for operators", key("operator"), "operator", true],
    ["a key for operators, the node token", key("operator"), "node", false],
    ["a key for nodes", key("node"), "operator", false],
    ["a key for nodes, the node token", key("node"), "node", true],
    ["a key for everybody", key("admin"), "node", true],
  ] as const)("%s", (_name, actor, role, expected) => {
    expect(mayChangeToken(actor, device, role)).toBe(expected);
  });
});
