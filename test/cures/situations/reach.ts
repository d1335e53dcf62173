import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { withBlock } from "../../../src/cli/commands/ssh/block.ts";
import { commandText } from "../../../src/protocol/command.ts";
import { type Frame, makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { Receiver } from "../../kit/receiver.ts";
import { sshKey } from "../../kit/ssh-key.ts";
import { TlsFront } from "../../kit/tls.ts";
import { until } from "../../kit/until.ts";
import type { Machine, Told } from "../machine.ts";
import { asks, comesIn, gatewayOf, linkIn, secretIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

/** A client that asks for these scopes. */
async function asking(m: Machine, device: ReturnType<typeof makeDevice>, scopes: string[]) {
  const client = await RawClient.open(gatewayOf(m).url);
  const answer = await client.connect({ auth: { token: TEST_TOKEN }, scopes, device });
  return { client, answer };
}

const clients: readonly Situation[] = [
  situation("a client calls a method that it may not", async (m) => {
    await m.start();
    const device = makeDevice();
    const { client } = await comesIn(m, ["operator.read"], device);
    let refused: Frame = {};
    const told = await m.tells(async () => {
      refused = await client.request("device.pair.list");
    });
    const { missingScope } = refused.error.details;
    expect(missingScope).toBe("operator.pairing");
    const wants = ["operator.read", missingScope];
    const { answer } = await asking(m, device, wants);
    const code = String(answer.error.details.requestId);
    await m.types(told, "openclaw devices approve CODE", { fill: { CODE: code } });
    const now = await asking(m, device, wants);
    expect((await now.client.request("device.pair.list")).ok).toBe(true);
  }),
  situation("by URL: another certificate than the one that was named", async (m) => {
    await m.start();
    const front = await TlsFront.open(gatewayOf(m).port);
    const file = join(m.folder, "cert.pem");
    writeFileSync(file, front.certificate);
    const reach = (pin: string) => m.says(`health --url ${front.url} --tls-fingerprint ${pin}`);
    const told = await reach("AB".repeat(32));
    expect(told.exit).toBe(3);
    const print = "openssl x509 -noout -sha256 -fingerprint -in <its certificate>";
    const { text } = await m.types(told, print, { fill: { "<its certificate>": file } });
    const pin = /Fingerprint=([0-9A-F:]+)/.exec(text)?.[1] ?? "";
    // It goes through to the gateway, which asks who comes.
    expect((await reach(pin)).exit).toBe(4);
    await front.close();
  }),
  situation("webhook: a request that is too long to be told whole", async (m) => {
    const receiver = await Receiver.open();
    const webhook = { url: `${receiver.origin}/x` };
    m.config({ gateway: { egress: ["127.0.0.1"] }, notify: { webhook } });
    await m.start({ limits: { notifyRequestBytes: 200 } });
    let code = "";
    const told = await m.tells(async () => {
      ({ code } = await asks(m));
      await until(() => receiver.received.length > 0, "the message");
    });
    const show = `openclaw devices show ${code}`;
    expect(receiver.received[0]?.body).toContain(show);
    expect((await m.types(told, show)).text).toContain(code);
    await receiver.close();
  }),
];

const keys: readonly Situation[] = [
  situation("ssh: what stands in the file of keys", async (m) => {
    await m.start();
    expect(withBlock("# mine\n", ["restrict,command=x"])).toContain("kept by “openclaw ssh”");
    const kept = m.everShown("openclaw ssh");
    const ours = kept.said.filter(({ origin }) => origin?.startsWith("cli/commands/ssh/block"));
    const { errors } = await m.types({ ...kept, said: ours }, "openclaw ssh", { exit: 2 });
    expect(errors).toContain("remove");
    expect((await m.says("ssh list")).exit).toBe(0);
  }),
  situation("ssh: turning it off where a key is the last way in", async (m) => {
    await m.start({ flags: { "gateway.ssh.account": "openclaw" } });
    const add = await m.says(["ssh", "add", sshKey(1), "--name", "phone", "--may", "admin"]);
    expect(add.exit).toBe(0);
    const told = await m.says("ssh disable --yes");
    expect(told.errors).toContain("last way in");
    const { text } = await m.types(told, "openclaw devices invite --scopes owner");
    const bootstrapToken = secretIn(text);
    const client = await RawClient.open(gatewayOf(m).url);
    const owner = { device: makeDevice(), auth: { bootstrapToken }, scopes: ["operator.admin"] };
    expect((await client.connect(owner)).ok).toBe(true);
    // Asked, and answered: what it would do here is this machine's own.
    const again = await m.says("ssh disable", { answers: ["n"] });
    expect(again.errors).toContain("nothing was changed");
    expect(again.errors).not.toContain("last way in");
    expect((await m.says("ssh list")).text).toContain("phone");
  }),
];

/** A node on this machine whose reports come at once instead of every minute. */
async function joinsQuickly(m: Machine, argv: readonly string[]): Promise<Told> {
  const real = globalThis.setInterval;
  const hastened = vi
    .spyOn(globalThis, "setInterval")
    .mockImplementation(((run: () => void, ms?: number) =>
      real(run, ms === 60_000 ? 100 : ms)) as typeof setInterval);
  try {
    return await m.joins(argv);
  } finally {
    hastened.mockRestore();
  }
}

const nodes: readonly Situation[] = [
  situation("a node that offers more than it did", async (m) => {
    await m.start();
    const allow = join(m.folder, "allow");
    const { text } = await m.says("devices invite --role node");
    const link = linkIn(text);
    const told = await joinsQuickly(m, ["connect", link, "--allow", allow]);
    await until(() => told.text.includes("Connected"), "the node");
    writeFileSync(allow, "df -h\n");
    const named = () => told.said.map((one) => commandText(one)).includes("openclaw nodes pending");
    await until(named, "what it offers now");
    const waits = async () => (await gatewayOf(m).host<Frame>("node.pair.list")).pending.length > 0;
    await until(waits, "the gateway to have heard of it");
    // The gateway is in this process too, and may name the same meanwhile.
    const said = told.said.filter(({ origin }) => origin?.startsWith("cli/node-host/"));
    const { text: listed } = await m.types({ ...told, said }, "openclaw nodes pending");
    expect(listed).toContain("system.run");
    const code = /[A-Z0-9]{4}-[A-Z0-9]{4}/.exec(listed)?.[0] ?? "";
    expect((await m.says(`nodes approve ${code}`)).exit).toBe(0);
    expect((await m.says("nodes list")).text).toContain("system.run");
  }),
];

const states: readonly Situation[] = [
  situation(
    "the state of a stopped gateway can't be reached: its links lead in a circle",
    async (m) => {
      await m.start();
      const { code } = await asks(m);
      await m.stop();
      const kept = `${m.stateDir}.kept`;
      renameSync(m.stateDir, kept);
      symlinkSync("state", m.stateDir);
      // As of an installed gateway, whose sockets lie elsewhere than its state.
      m.env["OPENCLAW_ADMIN_SOCKET"] = join(m.folder, "admin.sock");
      const told = await m.says("devices list");
      expect([told.exit, told.errors]).toEqual([6, expect.stringContaining("lead in a circle")]);
      const { text } = await m.types(told, `namei -l ${m.stateDir}`, { exit: 1 });
      expect(text).toContain("state -> state");
      rmSync(m.stateDir);
      renameSync(kept, m.stateDir);
      expect((await m.says("devices list")).text).toContain(code);
    },
  ),
];

export const reachSituations = [...clients, ...keys, ...nodes, ...states];
