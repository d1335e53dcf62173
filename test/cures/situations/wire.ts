import { expect } from "vitest";
import { type ConnectOptions, type Frame, makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { capabilitiesCode, pairNode } from "../../nodes/support.ts";
import type { Machine, Told } from "../machine.ts";
import { asks, comesIn, gatewayOf, secretIn, serves } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const scopes = ["operator.read"];
const password = { input: "a-good-password-0123" };

interface Way {
  readonly headers?: Record<string, string>;
}

/** Connects once; resolves with the answer. */
async function dials(m: Machine, options: ConnectOptions, way: Way = {}): Promise<Frame> {
  const client = await RawClient.open(gatewayOf(m).url, way);
  const answer = await client.connect({ scopes, ...options });
  client.close();
  return answer;
}

/** A connect that is refused, and what it names. */
async function refused(
  m: Machine,
  options: ConnectOptions,
  way?: Way,
): Promise<Told & { error: Frame }> {
  let error: Frame;
  const told = await m.tells(async () => {
    ({ error } = await dials(m, options, way));
  });
  expect(error).toBeDefined();
  return { ...told, error };
}

/** The token that `token new` printed. */
const printed = ({ text }: Told) => text.split("\n")[0] ?? "";

const credentials: readonly Situation[] = [
  situation(
    "a client without or with a wrong secret, and one with a link that ended",
    async (m) => {
      await m.start();
      const device = makeDevice();
      for (const auth of [{}, { bootstrapToken: "dead" }, { deviceToken: "dead" }] as const) {
        const told = await refused(m, { device, auth });
        const bootstrapToken = secretIn((await m.types(told, "openclaw devices invite")).text);
        expect((await dials(m, { device, auth: { bootstrapToken } })).ok).toBe(true);
        const node = makeDevice();
        const asNode = { role: "node", scopes: [] };
        const same = await refused(m, { device: node, auth, ...asNode });
        const link = secretIn((await m.types(same, "openclaw devices invite --role node")).text);
        const inside = await dials(m, { device: node, auth: { bootstrapToken: link }, ...asNode });
        expect(inside.ok).toBe(true);
      }
      const wrong = await refused(m, { device: makeDevice(), auth: { token: "wrong" } });
      const token = printed(await m.types(wrong, "openclaw token new"));
      const asked = await refused(m, { device: makeDevice(), auth: { token } });
      expect(asked.error.details.code).toBe("PAIRING_REQUIRED");
      // Who is paired stays paired.
      expect((await m.says("devices list")).text).toContain("operator");
    },
  ),
  situation("a password that is wrong", async (m) => {
    await m.start({ flags: { "gateway.auth.mode": "password" }, password: "before-0123456789" });
    const wrong = await refused(m, { device: makeDevice(), auth: { password: "wrong" } });
    await m.types(wrong, "openclaw config set gateway.password -", password);
    const asked = await refused(m, { device: makeDevice(), auth: { password: password.input } });
    expect(asked.error.details.code).toBe("PAIRING_REQUIRED");
  }),
  situation("a program without a key", async (m) => {
    await m.start({ flags: { "gateway.auth.devicelessCli": "never" } });
    const told = await refused(m, {});
    const device = makeDevice();
    const { code } = await asks(m, { device });
    await m.types(told, "openclaw devices approve <code>", { fill: { "<code>": code } });
    expect((await dials(m, { device, auth: { token: TEST_TOKEN } })).ok).toBe(true);
  }),
  situation("a page of another origin", async (m) => {
    await m.start();
    const page = { client: { id: "openclaw-control-ui", mode: "ui" }, device: makeDevice() };
    const from = (origin: string) => ({ headers: { origin } });
    const one = await refused(m, page, from("https://one.example"));
    await m.types(one, "openclaw config add gateway.controlUi.allowedOrigins https://one.example");
    await m.says("config add gateway.controlUi.allowedOrigins https://two.example");
    const three = await refused(m, page, from("https://three.example"));
    await m.types(
      three,
      "openclaw config add gateway.controlUi.allowedOrigins https://three.example",
    );
    for (const name of ["one", "two", "three"]) {
      const { error } = await refused(m, page, from(`https://${name}.example`));
      expect(error.details.code).not.toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
    }
  }),
  situation("the gateway's own page, at an address that it does not know", async (m) => {
    await m.start();
    const page = { client: { id: "openclaw-control-ui", mode: "ui" }, device: makeDevice() };
    const way = { headers: { origin: "https://gw.example", host: "gw.example" } };
    const told = await refused(m, page, way);
    await m.types(told, "openclaw config set gateway.publicUrl https://gw.example");
    const { error } = await refused(m, page, way);
    expect(error.details.code).not.toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
  }),
  situation("too many ask, too many guess codes, too many decide", async (m) => {
    await m.start({
      limits: {
        requestBurst: 1,
        requestBurstPerAddress: 1,
        requestBurstPerPrefix: 1,
        decisions: 1,
      },
    });
    const first = await asks(m);
    const reader = await comesIn(m, scopes);
    const busy = await m.tells(async () => {
      for (const scope of ["x.1", "x.2", "x.3"]) {
        await reader.client.request("device.scopes.requestUpgrade", { scopes: [scope] });
      }
    });
    const device = makeDevice();
    const bootstrapToken = secretIn((await m.types(busy, "openclaw devices invite")).text);
    expect((await dials(m, { device, auth: { bootstrapToken } })).ok).toBe(true);
    const { client } = await comesIn(m, ["operator.admin"]);
    const paused = await m.tells(async () => {
      for (const label of ["a", "b"]) {
        await client.request("device.pair.rename", { deviceId: device.deviceId, label });
      }
    });
    expect((await m.types(paused, "openclaw devices list")).text).toContain(first.code);
    const locked = await m.tells(async () => {
      for (let i = 0; i < 40; i += 1) {
        await client.request("device.pair.reject", { requestId: "0000-0000" });
      }
    });
    await m.types(locked, "openclaw devices list");
    await m.says(`devices approve ${first.code}`);
    expect((await m.says("devices list")).text).not.toContain(first.code);
  }),
];

const methods: readonly Situation[] = [
  situation("methods: of the host, unknown, of a command that nothing answers", async (m) => {
    await m.start();
    const { client } = await comesIn(m, ["operator.admin"]);
    const host = await m.tells(() => client.request("host.info"));
    expect((await m.types(host, "openclaw")).text).toContain("running");
    const unknown = await m.tells(() => client.request("no.such"));
    expect((await m.types(unknown, "openclaw gateway call --list")).text).toContain("health");
    expect(
      (await m.types(await m.says("gateway call"), "openclaw gateway call --list")).text,
    ).toContain("health");
    const agent = await m.tells(() =>
      client.request("chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "1" }),
    );
    await m.types(agent, "openclaw devices invite");
    const cursor = await m.says([
      "gateway",
      "call",
      "host.audit.list",
      "--params",
      '{"cursor":"x"}',
    ]);
    await m.types(cursor, "openclaw audit");
    for (const method of ["device.pair.remove", "device.token.revoke"]) {
      const params = { deviceId: "0".repeat(64), role: "operator" };
      const told = await m.tells(() => client.request(method, params));
      if (told.said.length > 0) await m.types(told, "openclaw devices list");
    }
  }),
  situation("a client changes the configuration", async (m) => {
    await m.start();
    m.config({ gateway: { name: "Haus", trustedProxies: ["10.0.0.0/8"] } });
    const { client } = await comesIn(m, ["operator.admin"]);
    await m.says("config set gateway.pairing.open true");
    const patch = async (value: unknown, raw = JSON.stringify(value)) => {
      const { payload } = await client.request("config.get");
      return m.tells(() => client.request("config.patch", { raw, baseHash: payload.hash }));
    };
    await m.types(
      await patch({ gateway: { port: 19000 } }),
      "openclaw config set gateway.port 19000",
    );
    await m.types(
      await patch({ gateway: { trustedProxies: null } }),
      "openclaw config unset gateway.trustedProxies",
    );
    await m.types(
      await patch({ gateway: { password: "x" } }),
      "openclaw config set gateway.auth.password -",
      password,
    );
    await m.types(
      await patch({ gateway: { sshTarget: "__OPENCLAW_REDACTED__" } }),
      "openclaw config get gateway.sshTarget",
      { exit: 5 },
    );
    await m.types(await patch({}, "["), "openclaw gateway call config.get");
    await m.types(await patch({}, "x".repeat(1_100_000)), "openclaw config --help");
    expect(m.config()).toContain("Haus");
  }),
  situation(
    "a node's command: not offered, not allowed, denied, and one that is not approved",
    async (m) => {
      await m.start();
      const node = await serves(m, ["system.which", "camera.snap"]);
      const invoke = (command: string) => m.says(`nodes invoke ${node.nodeId} ${command}`);
      const denied = "gateway.nodes.commands.deny";
      // In either spelling, and in both.
      for (const nodes of [
        { denyCommands: ["system.which", "sms.send"] },
        { commands: { deny: ["system.which", "sms.send"] } },
        { denyCommands: ["system.which"], commands: { deny: ["sms.send"] } },
      ]) {
        m.config({ gateway: { nodes } });
        await gatewayOf(m).core.config.reload();
        const cure = `openclaw config remove ${denied} system.which`;
        await m.types(await invoke("system.which"), cure);
        expect((await invoke("system.which")).exit).toBe(0);
        expect(JSON.parse((await m.says(`config get ${denied} --json`)).text)).toEqual([
          "sms.send",
        ]);
      }
      const allowed = "gateway.nodes.commands.allow";
      await m.says(`config add ${allowed} camera.clip`);
      await m.types(await invoke("camera.snap"), `openclaw config add ${allowed} camera.snap`);
      const all = JSON.parse((await m.says(`config get ${allowed} --json`)).text);
      expect(all).toEqual(["camera.clip", "camera.snap"]);
      const look = await m.types(await invoke("system.notify"), /^openclaw nodes describe/);
      expect(look.text).toContain("system.which");
    },
  ),
  situation("a node that is away", async (m) => {
    await m.start();
    const node = await serves(m, ["system.which"]);
    node.client.close();
    await node.client.end();
    const told = await m.says(`nodes invoke ${node.nodeId} system.which`);
    expect((await m.types(told, `openclaw nodes describe ${node.nodeId}`)).text).toContain("attic");
  }),
  situation(
    "a node whose request is gone, and one from which nothing can be left out",
    async (m) => {
      const gateway = await m.start();
      const { client, nodeId } = await pairNode(gateway, ["system.which"]);
      const code = await capabilitiesCode(gateway, nodeId);
      const { client: admin } = await comesIn(m, ["operator.admin"]);
      const whole = await m.tells(() =>
        admin.request("device.pair.approve", { requestId: code, without: ["operator.nodes"] }),
      );
      await m.types(whole, `openclaw nodes approve ${code}`);
      client.close();
    },
  ),
  situation("the log of a request", async (m) => {
    await m.start();
    const device = makeDevice();
    const told = await m.tells(() => asks(m, { device }));
    await m.types(told, /^openclaw devices approve/);
    const long = Array.from({ length: 60 }, (_, i) => `system.command${i}`);
    await m.says(["config", "set", "gateway.nodes.commands.allow", JSON.stringify(long)]);
    const node = await m.tells(async () => {
      const { nodeId } = await pairNode(gatewayOf(m), long);
      await capabilitiesCode(gatewayOf(m), nodeId);
    });
    const { text } = await m.types(node, /^openclaw devices show/);
    expect(text).toContain("system.command59");
  }),
];

export const wireSituations = [...credentials, ...methods];
