import fc from "fast-check";
import { expect, test } from "vitest";
import * as capabilities from "../../src/nodes/capabilities.ts";
import { applyChange } from "../../src/nodes/changes.ts";
import { coversCapabilities, intersect } from "../../src/nodes/claims.ts";
import { nodesPart } from "../../src/nodes/document.ts";
import { emptyNodes, type NodesState } from "../../src/nodes/records.ts";
import { requestOf } from "../../src/requests/book.ts";
import { capabilitiesOf } from "../../src/requests/node-rules.ts";
import { requestsPart } from "../../src/requests/part.ts";
import type { Capabilities, NodeRequest } from "../../src/requests/records.ts";
import { BookBench } from "../requests/support.ts";

/** What nodes may do and what they ask for, over one state. */
class Bench extends BookBench {
  readonly nodes: NodesState = emptyNodes();

  ask(nodeId: string, commands: readonly string[], pairing = "p1") {
    const wanted: Capabilities = { caps: [], commands, permissions: {} };
    const approved = capabilities.recordOf(this.nodes, { nodeId, pairing })?.surface;
    const covered = approved !== undefined && coversCapabilities(approved, wanted);
    return this.node(nodeId, commands, { pairing, covered });
  }

  approve(code: string): void {
    const request = this.findNode(code);
    const facts = { now: this.now, via: "owner" as const };
    const { changes } = capabilities.approve(this.nodes, capabilities.declaredIn(request), facts);
    this.end(request, "approved");
    for (const change of changes) applyChange(this.nodes, change);
  }

  requestOf(nodeId: string): NodeRequest | undefined {
    return requestOf(this.state, "node", { deviceId: nodeId, now: this.now });
  }
}

test("an approved code belongs to one pairing of the device", () => {
  const bench = new Bench();
  const first = bench.ask("n", ["a"], "p1");
  bench.approve(first.request.requestId);
  expect(bench.ask("n", ["a"], "p1").verdict).toBe("covered");
  expect(bench.ask("n", ["a"], "p2").verdict).toBe("new");
  expect(capabilities.recordOf(bench.nodes, { nodeId: "n", pairing: "p2" })).toBeUndefined();
  expect(capabilities.recordOf(bench.nodes, { nodeId: "n", pairing: undefined })).toBeUndefined();
});

test("a code approves once, and a superseded one nothing", () => {
  const bench = new Bench();
  const first = bench.ask("n", ["a"]).request.requestId;
  const wider = bench.ask("n", ["a", "b"]).request.requestId;
  expect(() => bench.approve(first)).toThrow(
    `unknown requestId: replaced by ${wider}, which asks for commands a, b`,
  );
  bench.approve(wider);
  expect(() => bench.approve(wider)).toThrow("unknown requestId");
});

test("whatever nodes ask and owners do, a node may do only what an approved code said", () => {
  const commands = fc.subarray(["a", "b", "c", "d"]);
  const node = fc.constantFrom("n1", "n2");
  const step = fc.oneof(
    fc.record({ do: fc.constant("ask" as const), node, commands }),
    fc.record({ do: fc.constant("approve" as const), node, commands }),
    fc.record({ do: fc.constant("restore" as const), node, commands }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const bench = new Bench();
      const granted = new Map<string, Capabilities>();
      for (const one of steps) {
        const { nodes: state } = bench;
        if (one.do === "ask") bench.ask(one.node, one.commands);
        const request = bench.requestOf(one.node);
        if (one.do === "approve" && request) {
          granted.set(one.node, capabilitiesOf(request));
          bench.approve(request.requestId);
        }
        if (one.do === "restore") {
          const back = nodesPart.restore(nodesPart.records(state));
          expect(back).toEqual(state);
          expect(nodesPart.copy?.(state)).toEqual(state);
          const { state: requests } = bench;
          expect(requestsPart.restore(requestsPart.records(requests))).toEqual(requests);
          expect(requestsPart.copy(requests)).toEqual(requests);
        }
        const surface = state.nodes.get(one.node)?.surface;
        expect(surface).toEqual(granted.get(one.node));
        const claims = { caps: [], commands: one.commands, permissions: {} };
        const may = intersect(surface, claims).commands;
        expect(may.every((name) => granted.get(one.node)?.commands.includes(name))).toBe(true);
        // Only what is not covered waits.
        const waits = bench.requestOf(one.node);
        if (waits && surface) expect(coversCapabilities(surface, waits)).toBe(false);
      }
    }),
  );
});
