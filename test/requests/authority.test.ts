import { describe, expect, test } from "vitest";
import type { Actor, AuthMethod } from "../../src/protocol/access.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { RequestError, UnknownCode } from "../../src/protocol/errors.ts";
import { onGateway, plainText } from "../../src/protocol/text.ts";
import {
  accessProblem,
  approvalProblem,
  approvalScopes,
  isConfined,
  mayDecide,
  mayManage,
} from "../../src/requests/authority.ts";
import { ADMIN, BookBench, confined, NODES, PAIRING, READ, WRITE } from "./support.ts";

const owner: Actor = { role: "operator", scopes: [ADMIN], method: "host" };
const shared = (scopes: readonly string[]): Actor => ({
  role: "operator",
  scopes,
  method: "token",
});
/** A key over SSH that lets in what `approves` names. */
const key = (approves: Actor["approves"], scopes: readonly string[]): Actor => ({
  role: "operator",
  scopes,
  method: "ssh",
  keyId: "SHA256:x",
  ...(approves && { approves }),
});

describe("who is confined to its own device", () => {
  test.each<[AuthMethod, readonly string[], boolean]>([
    ["device-token", [PAIRING], true],
    ["device-token", [ADMIN], false],
    ["bootstrap-token", [PAIRING], true],
    ["bootstrap-token", [ADMIN], false],
    ["token", [PAIRING], false],
    ["password", [PAIRING], false],
    ["host", [], false],
  ])("%s with %j: %s", (method, scopes, expected) => {
    const actor: Actor = { role: "operator", scopes, method, deviceId: "d1" };
    expect(isConfined(actor)).toBe(expected);
    expect(mayManage(actor, "d1")).toBe(true);
    expect(mayManage(actor, "d2")).toBe(!expected);
  });
});

const bench = new BookBench();
const readAsk = bench.device("d", [READ]).request;
const nodeAsk = bench.device("n", [], { role: "node" }).request;
const nothing = bench.node("n0", []).request;
const notify = bench.node("n1", ["system.notify"]).request;
const run = bench.node("n2", ["system.run"]).request;

describe("who may approve a device", () => {
  test.each([
    ["the owner, whatever the device holds", owner, readAsk, ["plugin.x"], undefined],
    ["who holds what is asked for", shared([PAIRING, READ]), readAsk, [], undefined],
    ["not who lacks it", shared([PAIRING]), readAsk, [], "missing scope: operator.read"],
    [
      "not who lacks what the device holds already",
      shared([PAIRING, READ]),
      readAsk,
      [WRITE],
      "missing scope: operator.write",
    ],
    [
      "a node not without full control",
      shared([WRITE]),
      nodeAsk,
      [],
      "device pairing approval denied",
    ],
    ["its own request", confined("d", [PAIRING, READ]), readAsk, [], undefined],
    [
      "not another device's",
      confined("x", [PAIRING, READ]),
      readAsk,
      [],
      "device pairing approval denied",
    ],
    ["a key for nodes, a node", key(["node"], [PAIRING]), nodeAsk, [], undefined],
    [
      "not a key for nodes, an operator",
      key(["node"], [PAIRING, READ]),
      readAsk,
      [],
      "device pairing approval denied",
    ],
  ])("%s", (_name, actor, request, held, problem) => {
    expect(approvalProblem(actor, request, held)?.message).toBe(problem);
  });
});

describe("who may approve what a node declares", () => {
  test.each([
    ["the owner", owner, run, undefined],
    ["pairing alone, where there are no commands", shared([PAIRING]), nothing, undefined],
    ["the right to run them, for commands", shared([PAIRING, NODES]), notify, undefined],
    ["not without it", shared([PAIRING, WRITE]), notify, "missing scope: operator.nodes"],
    [
      "not what runs programs without full control",
      shared([PAIRING, NODES]),
      run,
      "missing scope: operator.admin",
    ],
    // Its device is in already: the role takes no full control once more.
    ["no admin is needed for the role", shared([PAIRING, NODES]), notify, undefined],
    ["its own", confined("n1", [PAIRING, NODES]), notify, undefined],
    ["not another's", confined("x", [PAIRING, NODES]), notify, "node pairing approval denied"],
    ["a key for nodes", key(["node"], [PAIRING, NODES]), notify, undefined],
    [
      "a key for operators not",
      key(["operator"], [PAIRING, NODES]),
      notify,
      "node pairing approval denied",
    ],
  ])("%s", (_name, actor, request, problem) => {
    expect(approvalProblem(actor, request, [])?.message).toBe(problem);
  });

  test("what the device holds as an operator does not matter", () => {
    expect(approvalProblem(shared([PAIRING, NODES]), notify, ["plugin.x"])).toBeUndefined();
  });

  test("a missing scope says all that it takes", () => {
    const next = onGateway(openclaw`nodes approve ${run.requestId}`);
    expect(approvalProblem(shared([PAIRING]), run, [])?.shape.details).toEqual({
      code: "MISSING_SCOPE",
      missingScope: ADMIN,
      requiredScopes: [PAIRING, ADMIN],
      cure: plainText(next),
      next,
    });
  });

  test.each([
    [[], ["operator.pairing"]],
    [["system.notify"], ["operator.pairing", "operator.nodes"]],
    [
      ["system.notify", "system.run"],
      ["operator.pairing", "operator.admin"],
    ],
    [["system.run.prepare"], ["operator.pairing", "operator.admin"]],
    [["system.runner"], ["operator.pairing", "operator.nodes"]],
    [["browser.proxy.upload.v1"], ["operator.pairing", "operator.admin"]],
  ])("approving %j takes %j", (commands, scopes) => {
    expect(approvalScopes(commands)).toEqual(scopes);
  });
});

test.each([
  ["request", readAsk, "device pairing request denied"],
  ["rejection", readAsk, "device pairing rejection denied"],
  ["request", notify, "node pairing request denied"],
  ["rejection", notify, "node pairing rejection denied"],
] as const)(
  "%s of another device's request is refused as a code that is none",
  (act, request, words) => {
    const problem = accessProblem(confined("x", [PAIRING]), request, act);
    expect(problem?.message).toBe(words);
    expect(problem).toBeInstanceOf(UnknownCode);
    expect(accessProblem(owner, request, act)).toBeUndefined();
  },
);

test("a refusal for the role counts as a guess for devices, whose codes strangers have, not for nodes", () => {
  const operators = key(["operator"], [PAIRING, READ, WRITE]);
  expect(approvalProblem(operators, nodeAsk, [])).toBeInstanceOf(UnknownCode);
  const ofNode = approvalProblem(operators, notify, []);
  expect(ofNode).toBeInstanceOf(RequestError);
  expect(ofNode).not.toBeInstanceOf(UnknownCode);
  expect([readAsk, nodeAsk, notify].map((one) => mayDecide(operators, one))).toEqual([
    true,
    false,
    false,
  ]);
});
