import { expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { Published } from "../../src/nodes/published.ts";
import { NodeSession } from "../../src/nodes/sessions.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { approvedNode, reconnect } from "./support.ts";

const text = { clientId: "node-host", clientMode: "node" };
const claims = { caps: [], commands: [], permissions: {} };

function session(nodeId: string): NodeSession {
  const socket = { id: nodeId, send() {}, isSlow: () => false };
  const place = { source: "127.0.0.1", name: undefined, instanceId: undefined };
  return new NodeSession(socket, { nodeId, pairing: "p", claims, text, place, invited: false }, 0);
}

function bench(nodePublishedTotalBytes: number = limitTable.nodePublishedTotalBytes.value) {
  const refused: string[] = [];
  const limits = { nodePublishedBytes: 100, nodePublishedTotalBytes };
  const published = new Published({
    limits,
    refused: (metric) => refused.push(metric),
    standsBy: () => false,
  });
  return { published, refused };
}

test("nodePublishedTotalBytes: nodes together publish no more, and room comes back", () => {
  const { published, refused } = bench(100);
  const [one, two] = [session("one"), session("two")];
  published.replace(one, "skills", ["x".repeat(60)]);
  expect(() => published.replace(two, "tools", ["x".repeat(60)])).toThrow("too much together");
  expect(refused).toEqual(["node-published-refused"]);
  expect(two.tools).toEqual([]);
  // Replacing counts what is new in place of what was.
  published.replace(one, "skills", ["x".repeat(90)]);
  published.replace(one, "skills", []);
  published.replace(two, "tools", ["x".repeat(60)]);
  published.forget(two);
  published.forget(two);
  published.forget(one);
  expect(published.total).toBe(0);
});

test("one node publishes no more than its own share, in bytes", () => {
  const { published } = bench();
  const one = session("one");
  expect(() => published.replace(one, "tools", ["€".repeat(40)])).toThrow("tools too large");
  expect(published.total).toBe(0);
});

test("a node that connects again while its old connection stays takes its share once", async () => {
  const gateway = await startTestGateway();
  try {
    const { published } = gateway.core.nodes;
    const node = await approvedNode(gateway, ["system.which"]);
    const skills = [{ name: "tea", description: "Makes tea", content: "# Tea" }];
    await node.client.request("node.skills.update", { skills });
    const once = published.total;
    expect(once).toBeGreaterThan(0);
    const again = await reconnect(gateway, node, ["system.which"]);
    expect(published.total).toBe(0);
    await again.client.request("node.skills.update", { skills });
    expect(published.total).toBe(once);
    expect((await node.client.request("health", {})).ok).toBe(true);
  } finally {
    await gateway.close();
  }
});
