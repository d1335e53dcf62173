import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import * as surfaces from "../../src/nodes/capabilities.ts";
import { applyChange } from "../../src/nodes/changes.ts";
import { coversCapabilities, intersect } from "../../src/nodes/claims.ts";
import { nodesPart } from "../../src/nodes/document.ts";
import {
  type Capabilities,
  emptyNodes,
  type NodesState,
  type NodeText,
} from "../../src/nodes/records.ts";

const ASK_CHARS = limitTable.askChars.value;
const text = { clientId: "node-host", clientMode: "node" };

/** The pure surface ledger over one state. */
class Bench {
  readonly state: NodesState = emptyNodes();
  #nonces = 0;
  now = 1000;
  text: NodeText = text;
  taken = new Set<string>();

  constructor(readonly nodeRequests = 1000) {}

  ask(nodeId: string, commands: readonly string[], pairing = "p1"): surfaces.AskOutcome {
    const surface: Capabilities = { caps: [], commands, permissions: {} };
    const outcome = surfaces.ask(
      this.state,
      { nodeId, pairing, surface, text: this.text },
      {
        now: this.now,
        gatewayId: "gateway",
        limits: { nodeRequests: this.nodeRequests, askChars: ASK_CHARS },
        taken: (code) => this.taken.has(code),
        nonce: () => {
          this.#nonces += 1;
          return createHash("sha256").update(String(this.#nonces)).digest("hex").slice(0, 32);
        },
      },
    );
    for (const change of outcome.changes) applyChange(this.state, change);
    this.now += 1;
    return outcome;
  }

  approve(code: string): void {
    const request = surfaces.findRequest(this.state, code);
    const { nodeId, pairing, requestId } = request;
    const surface = surfaces.surfaceOf(request);
    const asked = { nodeId, pairing, requestId, surface, text: surfaces.textOf(request) };
    const { changes } = surfaces.approve(this.state, asked, { now: this.now, via: "owner" });
    for (const change of changes) applyChange(this.state, change);
  }
}

const codeOf = ({ request }: surfaces.AskOutcome) => request?.requestId ?? "";

describe("a code", () => {
  test("stays for the same capabilities, also when another connection asks again", () => {
    const bench = new Bench();
    const first = bench.ask("n", ["a", "b"]);
    const again = bench.ask("n", ["a", "b"]);
    expect([first.kind, again.kind]).toEqual(["new", "refreshed"]);
    expect(codeOf(again)).toBe(codeOf(first));
    expect(bench.state.requests.size).toBe(1);
  });

  test("is written again only for what is new: a node that is refused may ask without end", () => {
    const bench = new Bench();
    bench.ask("n", ["a"]);
    expect(bench.ask("n", ["a"]).changes).toEqual([]);
    bench.text = { ...text, displayName: "attic" };
    expect(bench.ask("n", ["a"]).changes).toMatchObject([
      { op: "request", request: { displayName: "attic" } },
    ]);
    expect(bench.ask("n", ["a"]).changes).toEqual([]);
  });

  test("is another for other capabilities, and the old one approves nothing", () => {
    const bench = new Bench();
    const first = bench.ask("n", ["a"]);
    const wider = bench.ask("n", ["a", "b"]);
    expect(wider.gone).toMatchObject([{ why: "superseded", request: { commands: ["a"] } }]);
    expect(() => bench.approve(codeOf(first))).toThrow(
      `unknown requestId: replaced by ${codeOf(wider)}, which asks for commands a, b`,
    );
    // Nor for a narrower one: the code says what it says.
    const narrower = bench.ask("n", ["b"]);
    expect(codeOf(narrower)).not.toBe(codeOf(wider));
  });

  test("is never one that stands for a device", () => {
    const probe = new Bench();
    const bench = new Bench();
    bench.taken.add(codeOf(probe.ask("n", ["a"])));
    expect(bench.taken.has(codeOf(bench.ask("n", ["a"])))).toBe(false);
  });

  test("belongs to one pairing of the device", () => {
    const bench = new Bench();
    const first = bench.ask("n", ["a"], "p1");
    bench.approve(codeOf(first));
    expect(bench.ask("n", ["a"], "p1").kind).toBe("covered");
    expect(bench.ask("n", ["a"], "p2").kind).toBe("new");
    expect(surfaces.recordOf(bench.state, { nodeId: "n", pairing: "p2" })).toBeUndefined();
    expect(surfaces.recordOf(bench.state, { nodeId: "n", pairing: undefined })).toBeUndefined();
  });
});

test("nodeRequests: the oldest is dropped", () => {
  const bench = new Bench(2);
  const first = bench.ask("n1", ["a"]);
  bench.ask("n2", ["a"]);
  const third = bench.ask("n3", ["a"]);
  expect(third.gone).toEqual([{ request: first.request, why: "evicted" }]);
  expect([...bench.state.requestOf.keys()]).toEqual(["n2", "n3"]);
});

test("superseded codes are remembered up to the limit", () => {
  const bench = new Bench();
  const most = limitTable.replacedRequestsKept.value;
  for (let i = 0; i < most + 5; i += 1) bench.ask("n", [`c${i}`]);
  expect(bench.state.replaced.size).toBe(most);
});

test("what a superseded code answers is bounded, what takes full control first", () => {
  const bench = new Bench();
  const first = bench.ask("n", ["a"]);
  bench.ask("n", [
    ...Array.from({ length: 200 }, (_, i) => `a${i}.${"x".repeat(60)}`),
    "system.run",
  ]);
  const { asks } = bench.state.replaced.get(codeOf(first)) ?? { asks: "" };
  expect([...asks].length).toBe(ASK_CHARS);
  expect(asks).toMatch(/^commands system\.run, a0\..*…$/);
});

test.each([
  [[], ["operator.pairing"]],
  [["system.notify"], ["operator.pairing", "operator.write"]],
  [
    ["system.notify", "system.run"],
    ["operator.pairing", "operator.admin"],
  ],
  [["system.run.prepare"], ["operator.pairing", "operator.admin"]],
  [["system.runner"], ["operator.pairing", "operator.write"]],
  [["browser.proxy.upload.v1"], ["operator.pairing", "operator.admin"]],
])("approving %j takes %j", (commands, scopes) => {
  expect(surfaces.approvalScopes(commands)).toEqual(scopes);
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
        const { state } = bench;
        if (one.do === "ask") bench.ask(one.node, one.commands);
        const request = surfaces.requestOf(state, one.node);
        if (one.do === "approve" && request) {
          granted.set(one.node, surfaces.surfaceOf(request));
          bench.approve(request.requestId);
        }
        if (one.do === "restore") {
          const back = nodesPart.restore(nodesPart.records(state));
          expect(back).toEqual(state);
          expect(nodesPart.copy?.(state)).toEqual(state);
        }
        const surface = state.nodes.get(one.node)?.surface;
        expect(surface).toEqual(granted.get(one.node));
        const claims = { caps: [], commands: one.commands, permissions: {} };
        const may = intersect(surface, claims).commands;
        expect(may.every((name) => granted.get(one.node)?.commands.includes(name))).toBe(true);
        // Only what is not covered waits.
        const waits = surfaces.requestOf(state, one.node);
        if (waits && surface) expect(coversCapabilities(surface, waits)).toBe(false);
      }
    }),
  );
});
