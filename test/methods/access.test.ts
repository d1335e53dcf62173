import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Dispatcher } from "../../src/gateway/dispatch.ts";
import { allMethods } from "../../src/methods/index.ts";
import type { Method } from "../../src/methods/method.ts";
import type { Services } from "../../src/methods/services.ts";
import { type Actor, ADMIN, roles, WRITE } from "../../src/protocol/access.ts";
import { scopeWords } from "../../src/words/scopes.ts";
import type { Frame } from "../kit/client.ts";

const page = new URL("../../docs/access.md", import.meta.url);
const scopes = Object.keys(scopeWords);

/** Who is asked for below: every role, an operator with each scope alone, and the owner on the host. */
const callers: readonly (readonly [title: string, actor: Actor])[] = [
  ["node", { role: "node", scopes: [], method: "device-token" }],
  ["operator, no scope", { role: "operator", scopes: [], method: "token" }],
  ...scopes.map(
    (scope) =>
      [
        scope.replace("operator.", ""),
        { role: "operator", scopes: [scope], method: "token" },
      ] as const,
  ),
  ["host", { role: "operator", scopes: [ADMIN], method: "host" }],
];

const PASSED = { code: "PASSED", message: "access was granted" };

/** What the dispatcher answers `actor`, with methods that do nothing but say that they were reached. */
function answer(method: Method, actor: Actor): Frame {
  const { validate: _, ...rest } = method;
  const methods = [{ ...rest, run: () => PASSED }];
  const dispatcher = new Dispatcher({
    methods,
    services: {} as Services,
    maxInFlight: 1,
    monotonic: () => 0,
    defect: () => {},
  });
  const answers: Frame[] = [];
  const send = (text: string) => answers.push(JSON.parse(text));
  const from = { id: "c", inFlight: 0, onEnd: () => () => {}, send };
  dispatcher.dispatch(from, actor, { type: "req", id: "1", method: method.name });
  return answers[0];
}

function mayCall(method: Method, actor: Actor): boolean {
  return answer(method, actor).payload?.code === PASSED.code;
}

function table(): string {
  const head = ["Method", ...callers.map(([title]) => title)];
  const rows = [...allMethods]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((method) => [
      `\`${method.name}\``,
      ...callers.map(([, actor]) => (mayCall(method, actor) ? "yes" : "·")),
    ]);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    "# Who may call what",
    "",
    "Every method, by the role of the caller and by one scope alone; `host` is the owner on the",
    "gateway's machine. Beyond this table a caller approves no more than it holds, and a caller on a",
    "device token without `operator.admin` manages its own device alone.",
    "",
    "Written by `test/methods/access.test.ts` from the dispatcher's own answers; after a change:",
    "`UPDATE=1 npx vitest run --config test/vitest.config.ts test/methods/access.test.ts`.",
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
  ].join("\n");
}

test("docs/access.md says what the dispatcher does", () => {
  if (process.env["UPDATE"] === "1") writeFileSync(page, table());
  expect(readFileSync(page, "utf8")).toBe(table());
});

const cases = allMethods.map((method) => [method.name, method] as const);

describe("every method", () => {
  test.each(cases)("%s is for declared roles alone", (_name, method) => {
    for (const role of roles) {
      const actor: Actor = { role, scopes: [ADMIN], method: "host" };
      const given = answer(method, actor);
      if (method.access.roles.includes(role)) expect(given.ok).toBe(true);
      else expect(given.error.message).toBe(`unauthorized role: ${role}`);
    }
  });

  test.each(cases)("%s refuses an operator who lacks its scope, and names it", (_name, method) => {
    const { scope, hostOnly, roles: allowed } = method.access;
    if (!allowed.includes("operator")) return;
    const without = scopes.filter(
      (held) => held !== scope && held !== ADMIN && !(held === WRITE && scope !== ADMIN),
    );
    const actor: Actor = { role: "operator", scopes: without, method: "token" };
    const { ok, error } = answer(method, actor);
    if (hostOnly) expect(error.details.code).toBe("HOST_ONLY");
    else if (scope === undefined) expect(ok).toBe(true);
    else expect(error).toMatchObject({ code: "FORBIDDEN", message: `missing scope: ${scope}` });
  });

  test.each(cases)("%s is declared in full", (_name, method) => {
    expect(method.summary).toMatch(/^[A-Z].*\.$/);
    expect(method.access.roles.length).toBeGreaterThan(0);
    expect(method.name.startsWith("host.")).toBe(method.access.hostOnly === true);
    if (method.access.scope !== undefined) expect(scopes).toContain(method.access.scope);
  });

  test("has a name of its own", () => {
    expect(new Set(allMethods.map(({ name }) => name)).size).toBe(allMethods.length);
  });
});

test("what anybody may call without a scope is health alone", () => {
  const open = allMethods.filter(
    ({ access }) => access.roles.includes("operator") && access.scope === undefined,
  );
  expect(open.map(({ name }) => name)).toEqual(["health"]);
});
