import { afterEach, beforeEach, expect, test } from "vitest";
import { type InvokeRequest, Invokes, patienceOf } from "../../../src/cli/node-host/invokes.ts";
import { nodeHostLimitTable } from "../../../src/limits/node-host.ts";
import { nodeLimitTable } from "../../../src/limits/nodes.ts";
import { until } from "../../kit/until.ts";
import { Machine } from "./support.ts";

let machine: Machine;
let invokes: Invokes;
const sent: { method: string; params: Record<string, unknown> }[] = [];
beforeEach(() => {
  machine = new Machine().allow("sleep 300", "echo ...");
  invokes = new Invokes(machine.facts);
  sent.length = 0;
});
afterEach(() => {
  invokes.cancelAll();
  machine.close();
});

const send = async (method: string, params: Record<string, unknown>) => {
  sent.push({ method, params });
  return { ok: true };
};

function request(id: string, command: string, params?: unknown): InvokeRequest {
  const paramsJSON = typeof params === "string" ? params : JSON.stringify(params ?? {});
  return { id, nodeId: "node-1", command, paramsJSON, timeoutMs: 20_000 };
}

test("an invoke is answered once with its id", async () => {
  await invokes.run(request("a", "system.which", { bins: ["sh"] }), send);
  expect(sent).toEqual([
    {
      method: "node.invoke.result",
      params: { id: "a", nodeId: "node-1", ok: true, payloadJSON: expect.stringContaining("/sh") },
    },
  ]);
});

test.each(["{", "[1]", "1"])("params %s are refused as what they are", async (params) => {
  await invokes.run(request("a", "system.which", params), send);
  expect(sent[0]?.params).toMatchObject({ ok: false, error: { code: "INVALID_REQUEST" } });
});

test("a cancelled invoke ends, and the same id twice runs once", async () => {
  const sleep = request("a", "system.run", { command: ["sleep", "300"] });
  const running = invokes.run(sleep, send);
  await invokes.run(sleep, send);
  expect(sent).toEqual([]);
  invokes.cancel("b");
  expect(invokes.size).toBe(1);
  invokes.cancel("a");
  await running;
  expect(invokes.size).toBe(0);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.params).toMatchObject({ ok: false, error: { code: "CANCELLED" } });
});

test("over hostInvokes at once the next is told so", async () => {
  const few = new Invokes(machine.facts, 2);
  expect(nodeHostLimitTable.hostInvokes.value).toBeGreaterThan(2);
  const sleep = { command: ["sleep", "300"] };
  const running = ["a", "b"].map((id) => few.run(request(id, "system.run", sleep), send));
  await few.run(request("c", "system.which", { bins: [] }), send);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.params).toMatchObject({ id: "c", ok: false, error: { code: "UNAVAILABLE" } });
  few.cancelAll();
  await Promise.all(running);
});

test("over hostPrograms at once no other is started; what starts none goes on", async () => {
  const most = nodeHostLimitTable.hostPrograms.value;
  const running = Array.from({ length: most }, (_, i) =>
    invokes.run(request(`${i}`, "system.run", { command: ["sleep", "300"] }), send),
  );
  await until(() => (invokes.size === most ? true : undefined), "all under way");
  await invokes.run(request("one more", "system.run", { command: ["echo", "x"] }), send);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.params).toMatchObject({ ok: false, error: { code: "UNAVAILABLE" } });
  await invokes.run(request("other", "system.which", { bins: [] }), send);
  expect(sent[1]?.params).toMatchObject({ ok: true });
  invokes.cancelAll();
  await Promise.all(running);
  expect(sent).toHaveLength(most + 2);
  await invokes.run(request("later", "system.run", { command: ["echo", "x"] }), send);
  expect(sent.at(-1)?.params).toMatchObject({ ok: true });
});

test("progress is numbered without gaps and holds the output in order", async () => {
  const params = { command: ["echo", "one"], stream: true };
  await invokes.run(request("a", "system.run", params), send);
  const pieces = sent.filter(({ method }) => method === "node.invoke.progress");
  expect(pieces.map(({ params: { seq } }) => seq)).toEqual(pieces.map((_, i) => i));
  expect(pieces.map(({ params: { chunk } }) => chunk).join("")).toBe("one\n");
});

test("a connection that is gone takes no answer, and nothing fails by it", async () => {
  const gone = () => Promise.reject(new Error("gateway closed"));
  await expect(
    invokes.run(request("a", "system.which", { bins: [] }), gone),
  ).resolves.toBeUndefined();
});

const { nodeInvokeMs, nodeInvokeMaxMs } = nodeLimitTable;

test.each([
  [undefined, nodeInvokeMs.value],
  [0, nodeInvokeMaxMs.value],
  [-1, nodeInvokeMs.value],
  [5, 5],
])("a caller that gives it %s ms waits %s", (timeoutMs, patience) => {
  expect(patienceOf(timeoutMs === undefined ? {} : { timeoutMs })).toBe(patience);
});
