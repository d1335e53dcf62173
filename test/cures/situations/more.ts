import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { examine } from "../../../src/cli/commands/doctor/checks.ts";
import type { DoctorFacts } from "../../../src/cli/commands/doctor/facts.ts";
import { failureOf } from "../../../src/notify/failure.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { running, stopped } from "../../cli/support/doctor/facts.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { Receiver } from "../../kit/receiver.ts";
import { sshKey } from "../../kit/ssh-key.ts";
import type { Machine, Told } from "../machine.ts";
import { asks, comesIn, gatewayOf, secretIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const found = (m: Machine, id: string, facts: DoctorFacts): Promise<Told> =>
  m.tells(() => {
    for (const one of examine(facts)) if (one.id === id && one.level !== "ok") plainText(one.next);
  });

export const moreSituations: readonly Situation[] = [
  situation("a list names a command that no node has", async (m) => {
    m.config({ gateway: { nodes: { commands: { deny: ["system.rnu", "sms.send"] } } } });
    const deny = "gateway.nodes.commands.deny";
    await m.types(
      await m.says("doctor"),
      `openclaw config set ${deny} '["system.run","sms.send"]'`,
    );
    expect((await m.says("config validate")).errors).toBe("");
    m.config({ gateway: { nodes: { commands: { deny: ["acme.launch-rocket"] } } } });
    await m.start();
    await m.types(await m.says("config validate"), "openclaw nodes list");
  }),
  situation("a token that is a reference, and one given twice", async (m) => {
    const reference = { OPENCLAW_GATEWAY_TOKEN: "$OPENCLAW_TOKEN" };
    const twice = {
      OPENCLAW_GATEWAY_TOKEN: "my-own-token-0123456789",
      OPENCLAW_GATEWAY_TOKEN_FILE: m.configFile,
    };
    for (const env of [reference, twice]) {
      const told = await m.runs(["gateway", "run"], env);
      expect(told.exit).toBe(78);
      await m.types(told, "unset OPENCLAW_GATEWAY_TOKEN");
    }
    // What the shell forgot its programs are not given.
    expect((await m.runs(["gateway", "run"])).exit).toBe(0);
    const set = await m.says("config set gateway.token -", { input: "$OPENCLAW_TOKEN" });
    expect(set.exit).toBe(1);
    const input = "my-own-token-0123456789";
    await m.types(set, "openclaw config set gateway.token -", { input });
  }),
  situation("a key of the file that a flag overrides", async (m) => {
    m.config({ gateway: { bind: "lan", name: "Haus" } });
    await m.start({ flags: { "gateway.bind": "127.0.0.1" } });
    await m.types(await m.says("gateway status"), "openclaw config unset gateway.bind");
    expect((await m.says("gateway status")).text).not.toContain("does not count");
    expect(m.config()).toContain("Haus");
  }),
  situation("what the help on the configuration mentions", async (m) => {
    m.config({ gateway: { name: "Haus", auth: { token: "my-own-token-0123456789" } } });
    const help = await m.says("config --help");
    await m.types(help, "openclaw config migrate-secrets", { answers: ["y"] });
    expect(m.config()).not.toContain("my-own-token");
    expect((await m.types(help, "openclaw ssh", { exit: 2 })).errors).toContain("enable");
    await m.start();
    const set = { path: "gateway.auth.token", value: "my-own-token-0123456789" };
    await m.tells(() =>
      gatewayOf(m)
        .host("host.config.set", set)
        .catch(() => {}),
    );
    expect(m.config()).not.toContain("my-own-token");
  }),
  situation("a first start at a terminal", async (m) => {
    const first = await m.runs(["gateway", "run"], {}, "terminal");
    await m.types(first, "openclaw devices invite");
    await m.types(first, "openclaw token new");
    const { text } = await m.says("devices invite --scopes owner");
    const secret = secretIn(text);
    const url = /ws:\S+|http:\/\/[^/]+/.exec((await m.says("gateway status")).text)?.[0] ?? "";
    const client = await RawClient.open(url.replace("http", "ws"));
    const device = makeDevice();
    await client.connect({ device, auth: { bootstrapToken: secret }, scopes: ["operator.admin"] });
    client.close();
    await m.stop();
    const again = await m.runs(["gateway", "run"], {}, "terminal");
    expect((await m.types(again, "openclaw devices list")).text).toContain(
      device.deviceId.slice(0, 12),
    );
  }),
  situation("a password that let in the last way in", async (m) => {
    await m.start({ flags: { "gateway.auth.mode": "password" }, password: "before-0123456789" });
    const device = makeDevice();
    const ask = { device, auth: { password: "before-0123456789" }, scopes: ["operator.admin"] };
    const { code } = await asks(m, ask);
    await m.says(`devices approve ${code}`);
    const client = await RawClient.open(gatewayOf(m).url);
    await client.connect(ask);
    const input = "a-good-password-0123";
    const told = await m.says("config set gateway.password - --revoke-derived", { input });
    expect(told.errors).toContain("last way in");
    const cure = "openclaw config set gateway.password - --revoke-derived --force";
    await m.types(told, cure, { input });
  }),
  situation("a client ends what has ended, and a link that paired one is revoked", async (m) => {
    await m.start();
    const { client } = await comesIn(m, ["operator.admin"]);
    const made = await m.says("devices invite --uses 2 --scopes read");
    const bootstrapToken = secretIn(made.text);
    const device = makeDevice();
    const other = await RawClient.open(gatewayOf(m).url);
    await other.connect({ device, auth: { bootstrapToken }, scopes: ["operator.read"] });
    const { said } = await m.says("devices invite list");
    const revoke = said
      .map(({ words }) => words.join(" "))
      .find((one) => /invite revoke/.test(one));
    const { text } = await m.types(await m.says(revoke ?? ""), "openclaw devices list");
    expect(text).toContain(device.deviceId.slice(0, 12));
    const params = { deviceId: device.deviceId, role: "operator" };
    await client.request("device.token.revoke", params);
    const told = await m.tells(() => client.request("device.token.rotate", params));
    await m.types(told, "openclaw devices list");
  }),
  situation("what the log names is typed as it stands in the log", async (m) => {
    await m.start();
    const { code } = await asks(m);
    const told = await m.says("logs");
    await m.types(told, `openclaw devices approve ${code}`);
    expect((await m.says("devices list")).text).not.toContain(code);
  }),
  situation("a name that fits no request", async (m) => {
    await m.start();
    const { code } = await asks(m);
    const told = await m.says("devices show someone");
    expect((await m.types(told, "openclaw devices list")).text).toContain(code);
  }),
  situation("webhook: no answer in time", async (m) => {
    const receiver = await Receiver.open();
    const error = Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
    const url = new URL(`${receiver.origin}/x`);
    const told = await m.tells(() => plainText(failureOf(error, { url, allowed: [] }).next));
    await m.types(told, `curl -m 10 -sSo /dev/null ${receiver.origin}`);
    expect(receiver.received).toHaveLength(1);
    await receiver.close();
  }),
  situation("doctor: the installed gateway has its state elsewhere", async (m) => {
    const facts = stopped();
    const state = { folder: m.folder, installed: m.stateDir };
    await m.says("token new");
    const told = await found(m, "state.folder", { ...facts, state });
    const { text } = await m.types(told, `env OPENCLAW_STATE_DIR=${m.stateDir} openclaw doctor`);
    expect(text).not.toContain("[state.folder]");
  }),
  situation("doctor: a write was cut short, and whether it runs can't be told", async (m) => {
    const facts = stopped();
    const gateway = { how: "unreachable", message: "x", denied: true } as const;
    const state = { ...facts.state, inspection: { problems: [], torn: 17 } };
    await m.types(
      await found(m, "state.store", { ...facts, gateway, state }),
      "openclaw gateway run",
    );
    expect((await m.says("health")).exit).toBe(0);
  }),
  situation("doctor: approval over SSH is on, and no key may approve", async (m) => {
    await m.start();
    const file = join(m.folder, "key.pub");
    writeFileSync(file, `${sshKey(3)}\n`);
    const facts = running();
    const told = await found(m, "ssh.keys", { ...facts, ssh: { ...facts.ssh, keys: [] } });
    await m.types(told, "openclaw ssh add key.pub", { fill: { "key.pub": file } });
    expect((await m.says("ssh list")).text).toContain("key");
  }),
];
