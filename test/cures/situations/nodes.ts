import { expect } from "vitest";
import { capabilitiesCode, nodeOptions, pairNode } from "../../nodes/support.ts";
import { asks, gatewayOf, serves } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const WHICH = `openclaw nodes invoke NODE system.which --params '{"bins":["df"]}'`;

export const nodeSituations: readonly Situation[] = [
  situation("no node, and then one in its two steps", async (m) => {
    await m.start();
    await m.types(await m.says("nodes list"), "openclaw devices invite --role node");
    await m.types(await m.says("nodes approve"), "openclaw nodes list");
    const node = await asks(
      m,
      nodeOptions(["system.which"], { auth: { token: "test-token-0123456789abcdef" } }),
    );
    const early = await m.says(`nodes approve ${node.code}`);
    const paired = await m.types(early, `openclaw devices approve ${node.code}`);
    expect((await m.types(paired, "openclaw nodes pending")).text).toContain("No node waits");
  }),
  situation("a node's commands wait for approval", async (m) => {
    const gateway = await m.start();
    const { nodeId } = await pairNode(gateway, ["system.which"]);
    const code = await capabilitiesCode(gateway, nodeId);
    const cure = `openclaw nodes approve ${code}`;
    for (const words of ["", "nodes list", "nodes approve", `nodes describe ${nodeId}`]) {
      expect((await m.says(words)).said.map(({ words: [, , last] }) => last)).toContain(code);
    }
    const done = await m.types(await m.says("nodes list"), cure);
    expect((await m.says("nodes pending")).text).toContain("No node waits");
    await m.types(done, `openclaw nodes remove ${nodeId.slice(0, 12)}`);
    expect((await m.says("nodes list")).text).toContain("There is no node");
  }),
  situation("each place that names the approval", async (m) => {
    const gateway = await m.start();
    for (const words of [
      "",
      "nodes approve",
      "nodes describe NODE",
      "nodes invoke NODE system.which",
    ]) {
      const { nodeId } = await pairNode(gateway, ["system.which"]);
      const code = await capabilitiesCode(gateway, nodeId);
      const told = await m.says(words.replace("NODE", nodeId).replace("CODE", code));
      await m.types(told, `openclaw nodes approve ${code}`);
      await gateway.host("device.pair.remove", { deviceId: nodeId });
    }
  }),
  situation("a node that answers: tried, called by its name, renamed", async (m) => {
    await m.start();
    const node = await serves(m, ["system.which"]);
    const fill = { NODE: node.nodeId };
    await m.types(await m.says("nodes invoke"), WHICH, { fill });
    await m.says(["nodes", "rename", node.nodeId, "attic"]);
    const help = await m.says("nodes --help");
    await m.types(help, WHICH.replace("NODE", "attic"));
    await m.types(help, "openclaw devices invite --role node");
    expect((await m.types(help, "openclaw nodes list")).text).toContain("attic");
    await m.types(await m.says("nodes describe cellar"), "openclaw nodes list");
    const bare = await m.says("nodes rename attic");
    await m.types(bare, "openclaw nodes rename NODE 'Attic server'", { fill });
    const unquoted = await m.says("nodes rename Attic server Cellar");
    await m.types(unquoted, "openclaw nodes rename 'Attic server' 'Cellar server'", {
      answers: ["y"],
    });
    expect((await m.says("nodes list")).text).toContain("Cellar server");
  }),
  situation("a command that is not approved, and a node that is away", async (m) => {
    await m.start();
    const node = await serves(m, ["system.which"]);
    const told = await m.says(`nodes invoke ${node.nodeId} system.run`);
    const look = await m.types(told, `openclaw nodes describe ${node.nodeId}`);
    expect(look.text).toContain("system.which");
  }),
  situation("an approved node is tried at once", async (m) => {
    const gateway = await m.start();
    const node = await pairNode(gateway, ["system.which"]);
    node.client.ws.on("message", (data) => {
      const { event, payload } = JSON.parse(String(data));
      if (event !== "node.invoke.request") return;
      const { id, nodeId } = payload;
      void node.client.request("node.invoke.result", { id, nodeId, ok: true, payload: {} });
    });
    const told = await m.says(`nodes approve ${await capabilitiesCode(gateway, node.nodeId)}`);
    await m.types(told, /^openclaw nodes invoke \w{12} system.which/);
  }),
  situation("a node's method is called with an id that is none", async (m) => {
    await m.start();
    const told = await m.says(["gateway", "call", "node.describe", "--params", '{"nodeId":"x"}']);
    await m.types(told, "openclaw nodes list");
    expect(gatewayOf(m).asked).toEqual([]);
  }),
];
