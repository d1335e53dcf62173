import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { nodesPart } from "../../src/nodes/document.ts";
import { WorkQueue } from "../../src/nodes/work.ts";
import { openDocument } from "../../src/store/document.ts";
import { partOf, sharedShape } from "../../src/store/parts.ts";
import { HandWorld } from "../kit/world.ts";

const folders: string[] = [];
const open: { close(): Promise<void> }[] = [];
const shape = sharedShape({ name: "nodes", version: 1 }, { nodes: nodesPart });

afterEach(async () => {
  for (const document of open.splice(0)) await document.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function bench(limits: Partial<Limits> = {}, folder?: string) {
  const world = new HandWorld();
  const at = folder ?? (await mkdtemp(join(tmpdir(), "node-work-")));
  if (folder === undefined) folders.push(at);
  const state = await openDocument(shape, { folder: at, world });
  open.push(state);
  const document = partOf(state, "nodes");
  const refused: string[] = [];
  const work = new WorkQueue({
    world,
    document,
    limits: limitValues(limits),
    refused: (metric) => refused.push(metric),
  });
  return { world, state, document, work, refused, folder: at };
}

const types = ({ items }: { items: readonly { type: string }[] }) => items.map(({ type }) => type);

test("work is durable before it is acknowledged, and outlives the gateway", async () => {
  const { work, state, document, folder } = await bench();
  const { queued, revision } = await work.enqueue({ nodeId: "n", type: "location.request" });
  expect(document.durable.work.get("n")?.items).toEqual([queued]);
  expect(revision).toBe(1);
  open.splice(0);
  await state.close();
  const again = await bench({}, folder);
  expect(types(again.work.drain("n"))).toEqual(["location.request", "status.request"]);
});

test("of each type one waits, and whoever asks again is told of it", async () => {
  const { work } = await bench();
  const [first, second] = await Promise.all([
    work.enqueue({ nodeId: "n", type: "status.request", priority: "high" }),
    work.enqueue({ nodeId: "n", type: "status.request" }),
  ]);
  expect(second.queued).toEqual(first.queued);
  const drained = work.drain("n");
  expect(drained).toEqual({ revision: 2, items: [first.queued], hasMore: false });
});

test("the most urgent comes first, and a node is always asked for its status", async () => {
  const { work } = await bench();
  expect(work.drain("n")).toMatchObject({
    revision: 0,
    items: [{ id: "baseline-status", type: "status.request", expiresAtMs: null }],
    hasMore: false,
  });
  await work.enqueue({ nodeId: "n", type: "status.request" });
  await work.enqueue({ nodeId: "n", type: "location.request", priority: "high" });
  const first = work.drain("n", 1);
  expect([types(first), first.hasMore]).toEqual([["location.request"], true]);
  const rest = work.drain("n", 1);
  expect([types(rest), rest.hasMore]).toEqual([["status.request"], false]);
});

test("work that expired is not given out, and makes room for the like", async () => {
  const { work, world, document } = await bench();
  await work.enqueue({ nodeId: "n", type: "location.request", expiresInMs: 1000 });
  world.advance(1000);
  const { queued } = await work.enqueue({ nodeId: "n", type: "location.request" });
  expect(document.durable.work.get("n")?.items).toEqual([queued]);
  world.advance(24 * 60 * 60 * 1000);
  expect(types(work.drain("n"))).toEqual(["status.request"]);
});

test("nodeWork: work for one more node is refused by name, until some expired", async () => {
  const { work, world, refused } = await bench({ nodeWork: 2 });
  await work.enqueue({ nodeId: "n1", type: "status.request", expiresInMs: 1000 });
  await work.enqueue({ nodeId: "n2", type: "status.request" });
  await expect(work.enqueue({ nodeId: "n3", type: "status.request" })).rejects.toThrow(
    "too much pending work",
  );
  expect(refused).toEqual(["node-work-refused"]);
  // Those that have some may get more.
  await work.enqueue({ nodeId: "n2", type: "location.request" });
  world.advance(1001);
  await work.enqueue({ nodeId: "n3", type: "status.request" });
});

test("nodeActions: the oldest is dropped; the others stay until acknowledged", async () => {
  const { work } = await bench({ nodeActions: 2 });
  const queued: string[] = [];
  for (const command of ["camera.a", "camera.b", "camera.c"]) {
    queued.push((await work.queueAction("n", { command, paramsJSON: null })).id);
  }
  expect(work.actions("n").map(({ command }) => command)).toEqual(["camera.b", "camera.c"]);
  expect(work.actions("n")).toHaveLength(2);
  expect(await work.acknowledge("n", [queued[1] ?? "", "unknown"])).toBe(1);
  expect(await work.acknowledge("n", [queued[2] ?? ""])).toBe(0);
});

test("a node's work ends with the node", async () => {
  const { work, document } = await bench();
  await work.enqueue({ nodeId: "n", type: "status.request" });
  await document.commit([{ op: "node-gone", nodeId: "n" }]);
  expect(document.durable.work.size).toBe(0);
});
