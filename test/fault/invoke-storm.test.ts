import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { GatewayProcess } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { doomedNode, StormNode } from "./support/invoke-nodes.ts";
import { auth, host } from "./support/owner.ts";

const OPERATORS = 50;
const INVOKES = 10_000;
const WARM_UP = 3000;
const AT_ONCE = 4;
/** Every so many invokes the same kinds come again. */
const KINDS = 50;
const LEAVERS = 10;
const LEFT_BEHIND = 20;
/** More than what the heap of a quiet gateway differs by; an invoke that is kept takes over 500 bytes. */
const GROWTH_BYTES = 2 * 1024 * 1024;

const probe = fileURLToPath(new URL("./support/memory-probe.mjs", import.meta.url));
let gateway: GatewayProcess;
const nodes: StormNode[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start({ nodeArgs: ["--expose-gc", "--import", probe] });
  for (const name of ["attic", "cellar", "garden"]) nodes.push(new StormNode(gateway.url, name));
  await Promise.all(nodes.map((node) => node.join(gateway)));
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await gateway?.close();
});

let probes = 0;
async function heapUsed(): Promise<number> {
  probes += 1;
  gateway.run.signal("SIGUSR2");
  return Number((await gateway.run.logged("memory", probes))["heapUsed"]);
}

async function operator(): Promise<RawClient> {
  const ground = { url: gateway.url, host: (m: string, p?: unknown) => host(gateway, m, p) };
  const scopes = ["operator.write"];
  return (await pairAndConnect(ground, { device: makeDevice(), auth, scopes })).client;
}

/** Bytes of answers that the gateway keeps for callers that repeat their invokes, as it counts them. */
async function keptBytes(): Promise<number> {
  const { gateway: figures } = await host<Frame>(gateway, "status");
  return figures.nodes.answersBytes;
}

let serial = 0;

/** What the `nth` invoke is. */
function plan(nth: number, doomed: string) {
  const steady = nodes[nth % nodes.length]?.nodeId ?? "";
  const kind = nth % KINDS;
  serial += 1;
  const base = { nodeId: steady, command: "system.notify", idempotencyKey: `k${serial}` };
  if (kind < 4) return { ...base, nodeId: doomed, params: { do: "echo", nth } };
  if (kind === 4) return { ...base, params: { do: "hang" }, timeoutMs: 30 };
  if (kind === 5) return { ...base, params: { do: "fail" } };
  if (kind === 6) return { ...base, params: { do: "twice", nth } };
  if (kind === 7) return { ...base, command: "system.run", params: {} };
  return { ...base, params: { do: "echo", nth } };
}

/** How an answer counts; throws when it is not the one to this invoke. */
function outcomeOf({ ok, payload, error }: Frame, asked: ReturnType<typeof plan>): string {
  if (!ok) return error.message.replace(/".*"/, "…");
  expect(payload.payload).toEqual(asked.params);
  expect(payload.nodeId).toBe(asked.nodeId);
  return "answered";
}

/** Runs `count` invokes from all `operators`; `killed` runs when half of them are done. */
async function storm(
  operators: readonly RawClient[],
  ask: { count: number; doomed: string; halfway?: () => void },
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  let next = 0;
  let done = 0;
  const worker = async (client: RawClient) => {
    while (next < ask.count) {
      const asked = plan(next, ask.doomed);
      next += 1;
      const outcome = outcomeOf(await client.request("node.invoke", asked), asked);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      done += 1;
      if (done === ask.count / 2) ask.halfway?.();
    }
  };
  const workers = operators.flatMap((client) => Array.from({ length: AT_ONCE }, () => client));
  await Promise.all(workers.map(worker));
  return outcomes;
}

test("10,000 invokes from 50 operators are each answered once, whoever dies, and leave nothing", async () => {
  const doomed = await doomedNode(gateway);
  const operators: RawClient[] = [];
  for (let i = 0; i < OPERATORS; i += 1) operators.push(await operator());
  await storm(operators, { count: WARM_UP, doomed: doomed.nodeId });
  for (const client of operators) client.frames.length = 0;
  const before = await heapUsed();
  const keptBefore = await keptBytes();
  const startedAt = performance.now();
  const outcomes = await storm(operators, {
    count: INVOKES,
    doomed: doomed.nodeId,
    halfway: () => doomed.process.kill("SIGKILL"),
  });
  const seconds = (performance.now() - startedAt) / 1000;

  const responses = operators.flatMap(({ frames }) => frames.filter((f) => f.type === "res"));
  const ids = operators.map(({ frames }) => {
    const own = frames.filter((f) => f.type === "res").map((f) => f.id);
    return own.length - new Set(own).size;
  });
  expect(responses).toHaveLength(INVOKES);
  expect(ids.every((repeats) => repeats === 0)).toBe(true);
  // Each second result of the same invoke was for nobody.
  const ignored = () => nodes.reduce((sum, node) => sum + node.ignored, 0);
  await until(() => ignored() === (WARM_UP + INVOKES) / KINDS, "the second results");
  const kinds = [...outcomes.keys()].sort();
  expect(kinds).toEqual(
    expect.arrayContaining([
      "answered",
      "TIMEOUT: node invoke timed out",
      "UNAVAILABLE: boom",
      "node command not allowed: the node does not offer …",
      "node not connected",
    ]),
  );
  for (const client of operators) client.frames.length = 0;
  const kept = (await keptBytes()) - keptBefore;
  // What is kept on purpose is bounded, and takes no more than it is counted.
  const growth = (await heapUsed()) - before - kept;
  console.log(
    `${INVOKES} invokes from ${OPERATORS} operators in ${seconds.toFixed(1)} s ` +
      `(${Math.round(INVOKES / seconds)} a second), ${JSON.stringify(Object.fromEntries(outcomes))}, ` +
      `heap ${(before / 1024 / 1024).toFixed(1)} MiB, grown by ${Math.round(growth / 1024)} KiB beside ${Math.round(kept / 1024)} KiB of answers`,
  );
  expect(growth).toBeLessThan(GROWTH_BYTES);
  for (const client of operators) client.close();
});

test("callers that go in the middle take their invokes along, and every node is told", async () => {
  const told = () => nodes.reduce((sum, { cancelled }) => sum + cancelled.size, 0);
  const asked = () => nodes.reduce((sum, node) => sum + node.asked, 0);
  const [toldBefore, askedBefore] = [told(), asked()];
  for (let i = 0; i < LEAVERS; i += 1) {
    const leaver = await operator();
    const { nodeId = "" } = nodes[i % nodes.length] ?? {};
    const params = { nodeId, command: "system.which", params: { do: "hang" } };
    const want = asked() + LEFT_BEHIND;
    for (let n = 0; n < LEFT_BEHIND; n += 1) {
      const own = { ...params, idempotencyKey: `k${n}` };
      leaver.send({ type: "req", id: `l${n}`, method: "node.invoke", params: own });
    }
    await until(() => asked() >= want, "the node to be asked");
    // With a goodbye: a caller that is lost is waited for (nodes/repeated-invoke.test.ts).
    leaver.close();
  }
  await until(() => told() - toldBefore === LEAVERS * LEFT_BEHIND, "every node to be told");
  expect(asked() - askedBefore).toBe(LEAVERS * LEFT_BEHIND);
});
