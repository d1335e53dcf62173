import { expect } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import type { Machine } from "../machine.ts";
import { asks, comesIn, gatewayOf, secretIn, serves } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const ADMIN = "operator.admin";

/** What a list of devices says now. */
const list = async (m: Machine) => (await m.says("devices list")).text;

const requests: readonly Situation[] = [
  situation("no code was typed, or one that is none", async (m) => {
    await m.start();
    await m.types(await m.says("devices approve"), "openclaw devices invite");
    const { code } = await asks(m);
    const told = await m.says("devices approve");
    await m.types(told, `openclaw devices approve ${code}`);
    expect(await list(m)).not.toContain(code);
    for (const words of [
      "devices show",
      "devices reject",
      "devices approve 0000-0000",
      "devices show 0000-0000",
      "devices remove",
      "devices remove nothing",
    ]) {
      expect((await m.types(await m.says(words), "openclaw devices list")).text).toContain(
        "Paired",
      );
    }
  }),
  situation("the card of a request", async (m) => {
    await m.start();
    const scopes = ["operator.read", "operator.write"];
    for (const words of ["", " --without nodes"]) {
      const { code, deviceId } = await asks(m, { scopes });
      const card = await m.says(`devices show ${code}`);
      const done = await m.types(card, `openclaw devices approve ${code}${words}`);
      expect(await list(m)).toContain(deviceId.slice(0, 12));
      await m.types(done, `openclaw devices remove ${deviceId.slice(0, 12)}`);
      expect(await list(m)).not.toContain(deviceId.slice(0, 12));
    }
    const { code } = await asks(m);
    await m.types(await m.says(`devices show ${code}`), `openclaw devices reject ${code}`);
    expect(await list(m)).not.toContain(code);
  }),
  situation("a device that asks is refused with the command that lets it in", async (m) => {
    const gateway = await m.start();
    const device = makeDevice();
    const told = await m.tells(() => asks(m, { device }));
    await m.types(told, /^openclaw devices approve ....-....$/);
    const client = await RawClient.open(gateway.url);
    const hello = await client.connect({
      device,
      auth: { token: TEST_TOKEN },
      scopes: ["operator.read"],
    });
    expect(hello.ok).toBe(true);
  }),
  situation("more devices than one list shows", async (m) => {
    await m.start();
    for (const _ of [1, 2, 3]) await comesIn(m, ["operator.read"]);
    const first = await m.says("devices list --limit 2");
    const { text } = await m.types(first, /^openclaw devices list --limit 2 --cursor/);
    expect(text).toContain("phone");
    expect(text).not.toContain("others");
  }),
  situation("no device at all", async (m) => {
    await m.start();
    await m.types(await m.says("devices list"), "openclaw devices invite");
    expect((await m.says("devices invite list")).text).toContain("link");
  }),
];

const links: readonly Situation[] = [
  situation("links: none, one, one that fits nothing, one that was used", async (m) => {
    await m.start();
    await m.types(await m.says("devices invite list"), "openclaw devices invite");
    for (const words of ["devices invite revoke", "devices invite revoke 00000000"]) {
      const { text } = await m.types(await m.says(words), "openclaw devices invite list");
      expect(text).toContain("of 1");
    }
    await m.types(await m.says("devices invite list"), /^openclaw devices invite revoke/);
    expect((await m.says("devices invite list")).text).toContain("No open links");
  }),
  situation("a link that leads to this machine alone", async (m) => {
    await m.start();
    const told = await m.says("devices invite");
    await m.types(told, "openclaw config set gateway.publicUrl https://gateway.example.com");
    expect((await m.says("devices invite")).text).toContain("https://gateway.example.com/#invite=");
  }),
  situation("a setup code: no address is known, and one without TLS", async (m) => {
    await m.start();
    const unknown = await m.says("devices invite --setup-code");
    await m.types(unknown, "openclaw config set gateway.publicUrl https://gateway.example.com");
    expect((await m.says("devices invite --setup-code")).exit).toBe(0);
    const told = await m.says("devices invite --setup-code --public-url ws://192.168.7.7:18789");
    const fill = { "…": "https://gw.example.com" };
    await m.types(told, "openclaw config set gateway.publicUrl …", { fill });
    expect((await m.says("devices invite --setup-code")).errors).toContain("wss://gw.example.com");
  }),
];

const tokens: readonly Situation[] = [
  situation("a device is revoked, and revoked again", async (m) => {
    await m.start();
    const { device } = await comesIn(m, ["operator.read"]);
    const id = device.deviceId.slice(0, 12);
    await m.says(`devices revoke ${id}`);
    const again = await m.says(`devices revoke ${id}`);
    const rotated = await m.says(`devices rotate ${id}`);
    const link = await m.types(rotated, "openclaw devices invite");
    await opened(m, device, link.text);
    await m.types(again, `openclaw devices remove ${id}`);
    expect(await list(m)).not.toContain(id);
  }),
  situation("a device is rotated, and gets in again", async (m) => {
    await m.start();
    const { device } = await comesIn(m, ["operator.read"]);
    const told = await m.says(`devices rotate ${device.deviceId}`);
    await opened(m, device, (await m.types(told, "openclaw devices invite")).text);
  }),
  situation("a node is rotated or revoked, and gets in again", async (m) => {
    await m.start();
    const node = await serves(m, ["system.which"]);
    for (const verb of ["rotate", "revoke"]) {
      const done = await m.says(`devices ${verb} ${node.nodeId} --role node`);
      const told =
        verb === "rotate" ? done : await m.says(`devices rotate ${node.nodeId} --role node`);
      const link = await m.types(told, "openclaw devices invite --role node");
      await opened(m, node.device, link.text, "node");
    }
  }),
  situation("a rotation to more than was approved", async (m) => {
    await m.start();
    const { device } = await comesIn(m, ["operator.read"]);
    const told = await m.says(`devices rotate ${device.deviceId} --scope ${ADMIN}`);
    const link = await m.types(told, `openclaw devices invite --scopes ${ADMIN}`);
    expect(await opened(m, device, link.text)).toContain(ADMIN);
    const node = await serves(m, ["system.which"]);
    const asNode = await m.says(`devices rotate ${node.nodeId} --role node --scope ${ADMIN}`);
    await m.types(asNode, `openclaw devices rotate ${node.nodeId} --role node`);
  }),
  situation("the last device with full control", async (m) => {
    await m.start();
    const { device } = await comesIn(m, [ADMIN]);
    const id = device.deviceId;
    for (const [words, forced] of [
      [
        `devices rotate ${id} --scope operator.read`,
        `devices rotate ${id} --role operator --scope operator.read --force`,
      ],
      [`devices revoke ${id}`, `devices revoke ${id} --role operator --force`],
      [`devices remove ${id}`, `devices remove ${id} --force`],
    ] as const) {
      await comesIn(m, [ADMIN], device);
      const told = await m.says(words);
      expect(told.errors).toContain("last way in");
      // The safe step first: then nothing needs to be forced.
      const link = await m.types(told, "openclaw devices invite --scopes owner");
      const other = makeDevice();
      await opened(m, other, link.text);
      expect((await m.says(words)).exit).toBe(0);
      await comesIn(m, [ADMIN], device);
      await m.says(`devices remove ${other.deviceId}`);
      await m.types(await m.says(words), `openclaw ${forced}`);
    }
  }),
  situation("all are cleared, and the bad day", async (m) => {
    await m.start({ password: "a-good-password" });
    const { device } = await comesIn(m, [ADMIN]);
    await comesIn(m, ["operator.read"]);
    const told = await m.says("devices clear --yes");
    const fill = { DEVICE: device.deviceId };
    const cure = "openclaw devices revoke-all --except DEVICE";
    const done = await m.types(told, cure, { fill, answers: ["y"] });
    expect(await list(m)).toContain(device.deviceId.slice(0, 12));
    await m.types(done, "openclaw token new --revoke-derived");
    await m.types(done, "openclaw audit --since 30d");
    const all = await m.says("devices revoke-all --yes --force");
    await opened(m, device, (await m.types(all, "openclaw devices invite --scopes owner")).text);
    await m.types(all, "openclaw config set gateway.auth.devicelessCli never");
    expect((await m.says("devices revoke-all --yes --force")).text).not.toContain("devicelessCli");
  }),
  situation("what can't be left out", async (m) => {
    await m.start();
    const scopes = ["operator.nodes", "operator.read"];
    const { device } = await comesIn(m, scopes);
    const { code } = await asks(m, { device, scopes: [...scopes, "operator.write"] });
    const told = await m.says(`devices approve ${code} --without nodes`);
    const cure = `openclaw devices rotate ${device.deviceId} --scope SCOPES`;
    await m.types(told, cure, { fill: { SCOPES: "operator.read" } });
    expect((await m.says(`devices approve ${code} --without nodes`)).exit).toBe(0);
    const admin = await asks(m, { scopes: [ADMIN] });
    const whole = await m.says(`devices approve ${admin.code} --without nodes`);
    await m.types(whole, "openclaw devices invite --scopes read,write");
  }),
  situation("names of several words", async (m) => {
    await m.start();
    const { device } = await comesIn(m, ["operator.read"]);
    await m.says(["devices", "rename", device.deviceId, "Anna phone"]);
    const bare = await m.says("devices rename phone");
    const fill = { DEVICE: device.deviceId };
    await m.types(bare, "openclaw devices rename DEVICE 'Kitchen tablet'", { fill });
    expect(await list(m)).toContain("Kitchen tablet");
    await m.says(["devices", "rename", device.deviceId, "Anna phone"]);
    const unquoted = await m.says("devices rename Anna phone Kitchen");
    await m.types(unquoted, "openclaw devices rename 'Anna phone' Kitchen", { answers: ["y"] });
    expect(await list(m)).toContain("Kitchen");
  }),
];

/** Opens a link on a device; resolves with the scopes that it has then. */
async function opened(
  m: Machine,
  device: ReturnType<typeof makeDevice>,
  printed: string,
  role = "operator",
): Promise<readonly string[]> {
  const bootstrapToken = secretIn(printed);
  const client = await RawClient.open(gatewayOf(m).url);
  const scopes = role === "node" ? [] : [ADMIN];
  const hello = await client.connect({ device, auth: { bootstrapToken }, role, scopes });
  client.close();
  expect([hello.ok, hello.error]).toEqual([true, undefined]);
  return hello.payload.auth.scopes;
}

export const deviceSituations = [...requests, ...links, ...tokens];
