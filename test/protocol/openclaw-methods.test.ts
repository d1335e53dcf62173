import { expect, test } from "vitest";
import { Dispatcher } from "../../src/gateway/dispatch.ts";
import { allMethods } from "../../src/methods/index.ts";
import type { Method } from "../../src/methods/method.ts";
import type { Services } from "../../src/methods/services.ts";
import { type Actor, ADMIN, NODES, READ, WRITE } from "../../src/protocol/access.ts";
import { openclawMethods } from "../../src/protocol/openclaw-methods.ts";
import type { Frame } from "../kit/client.ts";

/** Served, and not for the same callers as there; each with its reason. */
const otherAccess: Readonly<Record<string, string | undefined>> = {
  // To have nodes run commands is a right of its own here (docs/nodes.md).
  "node.invoke": NODES,
  "node.pending.enqueue": NODES,
  // A client that may read nothing asks for more by connecting with more.
  "device.scopes.requestUpgrade": READ,
  "device.scopes.waitUpgrade": READ,
  // There the params decide: what a writer may change of a session needs no more than that.
  "sessions.patch": WRITE,
};

const served = new Map(allMethods.map((method: Method) => [method.name, method]));
const unserved = [...openclawMethods()].filter(([name]) => !served.has(name));

/** What the gateway answers `actor` to a method of that name. */
function answer(name: string, actor: Actor): Frame {
  const dispatcher = new Dispatcher({
    methods: allMethods as readonly Method[],
    services: {} as Services,
    maxInFlight: 1,
    monotonic: () => 0,
    defect: () => {},
  });
  const answers: Frame[] = [];
  const send = (text: string) => answers.push(JSON.parse(text));
  const from = { id: "c", inFlight: 0, onEnd: () => () => {}, send };
  const inRole = dispatcher.dispatch(from, actor, { type: "req", id: "1", method: name });
  return { ...answers[0], inRole };
}

test("the table has every method that was recorded, once", () => {
  expect(openclawMethods().size).toBe(466);
  for (const name of openclawMethods().keys()) expect(name).toMatch(/^[\w.-]+$/);
});

test("what is served of OpenClaw's is for the callers that may call it there", () => {
  for (const [name, there] of openclawMethods()) {
    const here = served.get(name)?.access;
    if (!here) continue;
    const scope = name in otherAccess ? otherAccess[name] : there.scope;
    expect({ name, roles: here.roles, scope: here.scope }).toEqual({
      name,
      roles: there.roles,
      scope,
    });
  }
});

test.each<{ readonly scopes: readonly string[] }>([
  { scopes: [] },
  { scopes: [READ] },
  { scopes: [WRITE] },
  { scopes: [ADMIN] },
])(
  "an operator with $scopes is told of each method that is not served that it is not",
  ({ scopes }) => {
    expect(unserved.length).toBeGreaterThan(200);
    for (const [name, { roles }] of unserved) {
      const { ok, error, inRole } = answer(name, { role: "operator", scopes, method: "token" });
      expect(ok).toBe(false);
      expect(inRole).toBe(roles.includes("operator"));
      if (!roles.includes("operator")) {
        expect(error.details.code).toBe("UNAUTHORIZED_ROLE");
        continue;
      }
      expect(error).toMatchObject({
        code: "INVALID_REQUEST",
        // OpenClaw's own clients look for these words.
        message: `unknown method: ${name}`,
        details: {
          code: "METHOD_NOT_SERVED",
          cure: expect.stringContaining("gateway call --list"),
        },
      });
    }
  },
);

test("a node is told so of methods for nodes, and of all others that they are not for it", () => {
  for (const [name, { roles }] of unserved) {
    const { error, inRole } = answer(name, { role: "node", scopes: [], method: "device-token" });
    const code = roles.includes("node") ? "METHOD_NOT_SERVED" : "UNAUTHORIZED_ROLE";
    expect({ name, code: error.details.code }).toEqual({ name, code });
    expect(inRole).toBe(roles.includes("node"));
  }
});

test("what nobody knows is unknown to an operator, whatever it may do", () => {
  for (const scopes of [[], [READ], [ADMIN]]) {
    const { error } = answer("no.such", { role: "operator", scopes, method: "token" });
    expect(error).toMatchObject({
      message: "unknown method: no.such",
      details: { code: "UNKNOWN_METHOD" },
    });
  }
});
