import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { pairingLog } from "../../../src/methods/pairing-log.ts";
import { render } from "../../../src/notify/formats.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { Receiver } from "../../kit/receiver.ts";
import { until } from "../../kit/until.ts";
import { reconnect } from "../../nodes/support.ts";
import { asks, linkIn, serves } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const logs: readonly Situation[] = [
  situation("the state is an older copy than the audit's files", async (m) => {
    await m.start();
    await m.stop();
    const older = join(m.folder, "older");
    cpSync(m.stateDir, older, { recursive: true });
    for (const name of ["Haus", "Heim"]) await m.says(`config set gateway.name ${name}`);
    await m.start();
    await m.stop();
    // Of a backup that is put back the state alone.
    const isState = (name: string) => name.startsWith("gateway.");
    for (const name of readdirSync(m.stateDir).filter(isState)) rmSync(join(m.stateDir, name));
    for (const name of readdirSync(older).filter(isState)) {
      cpSync(join(older, name), join(m.stateDir, name));
    }
    // It is said by the first line: of this change, or of the start, which finds a configuration that changed.
    const told = await m.tells(async () => {
      const gateway = await m.start();
      await gateway.host("host.config.set", { path: "gateway.name", value: "Hof" });
      const said = () => gateway.log.some(({ message }) => message.includes("audit verify"));
      await until(said, "a line of the log");
    });
    const { text } = await m.types(told, "openclaw audit verify", { exit: 1 });
    expect(text).toContain("follows number");
    expect(m.config()).toContain("Hof");
  }),
  situation("the clock was set", async (m) => {
    const log = { info: () => {}, warn: () => {} };
    const { clockSet } = pairingLog({ log, telemetry: { count: () => {} } } as never);
    const told = await m.tells(() => clockSet?.(3_600_000));
    const { text } = await m.types(told, "date -u");
    expect(text).toContain(String(new Date().getUTCFullYear()));
  }),
  situation("webhook: a defect of the gateway itself is in its log", async (m) => {
    m.config({ notify: { webhook: { url: "https://x.example/secret-path" } } });
    await m.start();
    const defect = vi.spyOn(render, "json").mockImplementation(() => {
      throw new TypeError("at secret-path");
    });
    const told = await m.says("notify test");
    defect.mockRestore();
    const { text } = await m.types(told, "openclaw logs --level warn");
    expect(text).toMatch(/could not be sent.*TypeError.*rest\.ts/);
    expect(text).not.toContain("secret-path");
  }),
  situation("webhook: more ask than one message tells", async (m) => {
    const receiver = await Receiver.open();
    const { origin } = receiver;
    m.config({
      gateway: { egress: ["127.0.0.1"] },
      notify: { webhook: { url: `${origin}/x`, format: "text" } },
    });
    await m.start({ limits: { notifyShown: 1, notifySettleMs: 400, notifyGapMs: 100 } });
    const askers = await Promise.all([1, 2, 3].map(() => asks(m)));
    await until(() => receiver.received.some(({ body }) => body.includes("more:")), "a message");
    const { text } = await m.types(m.everShown("openclaw devices list"), "openclaw devices list");
    for (const { code } of askers) expect(text).toContain(code);
    await receiver.close();
  }),
];

const words: readonly Situation[] = [
  situation("who waits is watched, as other programs call it", async (m) => {
    const gateway = await m.start();
    const told = await m.says("watch");
    const watching = m.types(told, "openclaw devices watch");
    const { code: requestId } = await asks(m);
    await until(() => m.printed.includes(requestId), "a line for who asks");
    await gateway.host("device.pair.approve", { requestId });
    await until(() => m.printed.includes("approved"), "a line for the decision");
    process.emit("SIGTERM");
    await watching;
  }),
  situation("a node's code that is none", async (m) => {
    await m.start();
    await serves(m, ["system.which"]);
    const told = await m.says("nodes approve 0000-0000");
    expect((await m.types(told, "openclaw nodes pending")).text).toContain("No node waits");
  }),
  situation("a node is paired, and its commands ask next", async (m) => {
    await m.start();
    const node = await asks(m, { role: "node", scopes: [], auth: { token: TEST_TOKEN } });
    const told = await m.says(`devices approve ${node.code}`);
    await m.types(told, "openclaw nodes pending");
  }),
  situation("an approval without a right that an older request does not name", async (m) => {
    const gateway = await m.start();
    const device = makeDevice();
    const scopes = ["operator.read", "operator.write"];
    const { code } = await asks(m, { device, scopes });
    const { requests } = gateway.core.documents;
    const request = requests.durable.requests.get(code);
    if (request?.kind !== "device") throw new Error("nobody asks");
    const { offered: _, ...older } = request as typeof request & { offered?: unknown };
    await requests.commit([{ op: "request", request: { ...older, scopes } as never }]);
    await m.stop();
    await m.runs(["gateway", "run"]);
    const told = await m.says(`devices approve ${code} --without nodes`);
    await m.types(told, "openclaw gateway restart");
    expect((await m.says("devices list")).text).toContain(code);
  }),
  situation("doctor: clients of an old protocol", async (m) => {
    const gateway = await m.start();
    const device = makeDevice();
    const auth = { token: TEST_TOKEN };
    const old = { device, auth, params: { minProtocol: 3, maxProtocol: 3 } };
    const { code } = await asks(m, old as never);
    await m.says(`devices approve ${code}`);
    const client = await RawClient.open(gateway.url);
    await client.connect({ ...old, scopes: ["operator.read"] } as never);
    const told = await m.says("doctor");
    expect(told.text).toContain("[clients.protocol]");
    const { text } = await m.types(told, "openclaw devices list");
    expect(text).toContain(device.deviceId.slice(0, 12));
  }),
];

const nodes: readonly Situation[] = [
  situation("a node that is away, on whose machine it is started again", async (m) => {
    const gateway = await m.start();
    const { text } = await m.says("devices invite --role node");
    const link = linkIn(text);
    await m.joins(["connect", "-"], { input: link });
    await m.leaves();
    const [node] = (await gateway.host<{ nodes: { nodeId: string }[] }>("node.list")).nodes;
    const invoke = ["nodes", "invoke", node?.nodeId ?? "", "system.which"];
    const which = [...invoke, "--params", '{"bins":["sh"]}'];
    const told = await m.says(which);
    const fill = { "<wss://…>": gateway.url };
    await m.types(told, "openclaw connect <wss://…>", { fill });
    await until(async () => (await m.says(which)).exit === 0, "a node that answers");
  }),
  situation("two machines with the key of one node", async (m) => {
    const gateway = await m.start();
    const original = await serves(m, ["system.which"]);
    const named = (displayName: string) => ({
      client: { id: "node-host", mode: "node", platform: "linux", version: "1", displayName },
    });
    const copy = await reconnect(gateway, original, ["system.which"], named("copy"));
    const told = await m.says("doctor");
    expect(told.text).toContain("[nodes.shared-keys]");
    const link = await m.types(told, "openclaw devices invite --role node");
    copy.client.close();
    const input = linkIn(link.text);
    await m.types(told, "openclaw connect - --new-key", { input });
    await until(async () => !(await m.says("doctor")).text.includes("[nodes.shared-keys]"), "two");
    const { nodes: all } = await gateway.host<{ nodes: unknown[] }>("node.list");
    expect(all).toHaveLength(2);
  }),
];

const NOBODY = 65_534;

/** As another user than the machine's owner, while `work` runs. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

const owners: readonly Situation[] = [
  situation("who may not use the state is told to do the same as root", async (m) => {
    // What the command loads, root may read.
    await m.says("config set gateway.name Haus");
    for (const words of ["devices list", "config set gateway.name Heim"]) {
      await m.says(words);
      const told = await asNobody(() => m.says(words));
      expect(told.exit).not.toBe(0);
      // What is set may be a secret.
      const cure = `sudo openclaw ${words.replace("Heim", "…")}`;
      await m.types(told, cure, { fill: { "…": "Heim" } });
    }
    expect(m.config()).toContain("Heim");
  }),
];

export const restSituations = [
  ...logs,
  ...words,
  ...nodes,
  ...(process.getuid?.() === 0 ? owners : []),
];
