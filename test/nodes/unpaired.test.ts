import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { statePartsOf } from "../../src/main/state.ts";
import { Nodes } from "../../src/nodes/nodes.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { nodePairing } from "../../src/pairing/records.ts";
import type { Resolution } from "../../src/requests/records.ts";
import { pairingOn, settle } from "../pairing/held-store.ts";

const text = { clientId: "node-host", clientMode: "node", platform: "linux" };

/** A node that is paired and here, on a disk that the test drives. */
async function bench() {
  const made = await pairingOn();
  await made.pair("phone", ["operator.admin"]);
  await made.pair("attic", [], "node");
  const { pairing, state, world, document, requests, decisions, files } = made;
  const limits = limitValues();
  let allow: string[] = [];
  const nodes = new Nodes({
    document: statePartsOf(state).nodes,
    requests,
    decisions,
    world,
    limits,
    gatewayId: "gateway",
    policy: () => ({ allow, deny: [] }),
    pairingOf: (nodeId) => pairing.nodePairing(nodeId),
    decidedPairingOf: (nodeId) => nodePairing(document.working.devices.get(nodeId)),
    linkOf: () => undefined,
  });
  const facts = {
    nodeId: "attic",
    pairing: pairing.nodePairing("attic") ?? "",
    claims: { caps: ["system"], commands: ["a.one", "a.two"], permissions: {} },
    text,
    place: { source: "127.0.0.1", name: undefined, instanceId: undefined },
    invited: false,
  };
  const join = (invited = false) =>
    nodes.join({ id: "1", send() {}, isSlow: () => false }, { ...facts, invited });
  const allowing = (...commands: string[]) => {
    allow = commands;
    nodes.policyChanged();
  };
  const told: Resolution[] = [];
  requests.listen((event) => {
    if (event.name === "resolved" && event.request.kind === "node") told.push(event.why);
  });
  const kept = () => ({
    nodes: [...state.durable.nodes.nodes.keys()],
    requests: [...requests.durable.requests.keys()],
  });
  return { ...made, nodes, join, allowing, kept, told, files };
}

const nothing = { nodes: [], requests: [] };

describe("of a node whose removal is being written", () => {
  test("what it asks for meanwhile does not stay", async () => {
    const { pairing, join, allowing, kept, files } = await bench();
    join();
    await settle();
    expect(kept().requests).toHaveLength(1);
    files.held = true;
    const removing = pairing.remove("attic", hostOwner);
    allowing("a.one");
    files.letGo();
    await removing;
    await settle();
    expect(kept()).toEqual(nothing);
  });

  test.each([false, true])("its coming leaves no record, invited: %s", async (invited) => {
    const { pairing, join, kept, files } = await bench();
    files.held = true;
    const removing = pairing.remove("attic", hostOwner);
    join(invited);
    files.letGo();
    await removing;
    await settle();
    expect(kept()).toEqual(nothing);
  });
});

test("an approval that fails brings no request back whose device was removed behind it", async () => {
  const made = await bench();
  const { pairing, nodes, join, kept, files, told } = made;
  join();
  await settle();
  const [code = ""] = kept().requests;
  files.plan = ({ what }) => (what === "write" ? { error: "EIO" } : undefined);
  const [approved, removed] = await Promise.allSettled([
    nodes.approve(code, hostOwner),
    pairing.remove("attic", hostOwner),
  ]);
  expect([approved.status, removed.status]).toEqual(["rejected", "fulfilled"]);
  expect(kept()).toEqual(nothing);
  expect(told).toEqual(["rejected"]);
  files.plan = () => undefined;
  for (let turn = 0; turn < 20 && made.state.unsaved; turn += 1) {
    made.world.advance(60_000);
    await settle();
  }
  const again = await pairingOn(files.afterPowerCut(() => 0) as typeof files);
  expect([...again.requests.durable.requests.keys()]).toEqual([]);
  expect(again.document.durable.devices.has("attic")).toBe(false);
});

test("however often nodes ask for something else, how a device's request ended stays known", async () => {
  const { pairing, join, allowing, ask } = await bench();
  join();
  const code = await ask("stranger");
  await pairing.requests.reject(code, hostOwner);
  const most = limitValues().replacedRequestsKept;
  for (let index = 0; index <= most; index += 1) {
    allowing(index % 2 === 0 ? "a.one" : "a.two");
    await settle();
  }
  expect(pairing.requests.resolution(code, "stranger")).toBe("rejected");
});

test("replacedRequestsKept: how so many requests of devices ended stays known, and no more", async () => {
  const { pairing, ask } = await pairingOn(undefined, { limits: { replacedRequestsKept: 2 } });
  const codes: string[] = [];
  for (const device of ["first", "second", "third"]) {
    const code = await ask(device);
    codes.push(code);
    await pairing.requests.reject(code, hostOwner);
  }
  const [first = "", second = ""] = codes;
  expect(pairing.requests.resolution(first, "first")).toBeUndefined();
  expect(pairing.requests.resolution(second, "second")).toBe("rejected");
});
