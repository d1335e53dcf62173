import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { lastWayCure } from "../kit/last-admin-cure.ts";
import { sshKey } from "../kit/ssh-key.ts";
import { until } from "../kit/until.ts";
import { admittedConnect } from "../kit/wire.ts";

/** The last device with full control can't be ended by a slip, by whatever method and whomever. */

const auth = { token: TEST_TOKEN };
const ADMIN = "operator.admin";
const READ = "operator.read";

let gateway: TestGateway;
let admin: Awaited<ReturnType<typeof paired>>;
beforeEach(async () => {
  gateway = await startTestGateway();
  admin = await paired([ADMIN]);
});
afterEach(() => gateway.close());

async function paired(scopes: readonly string[]) {
  const device = makeDevice();
  const by = await pairAndConnect(gateway, { device, auth, scopes });
  by.client.close();
  const own = { device, auth: { deviceToken: by.deviceToken }, scopes };
  return { own, id: device.deviceId, client: (await admittedConnect(gateway, own)).client };
}

const role = "operator";
const ends: readonly [name: string, params: () => object, command: () => string][] = [
  ["device.pair.remove", () => ({ deviceId: admin.id }), () => `devices remove ${admin.id}`],
  [
    "device.token.revoke",
    () => ({ deviceId: admin.id, role }),
    () => `devices revoke ${admin.id} --role operator`,
  ],
  [
    "device.token.rotate",
    () => ({ deviceId: admin.id, role, scopes: [READ] }),
    () => `devices rotate ${admin.id} --role operator --scope ${READ}`,
  ],
  ["device.pair.revokeAll", () => ({}), () => "devices revoke-all"],
];

describe.each(ends)("%s", (method, params, command) => {
  test("is refused on the host, with the command that does it all the same", async () => {
    const refused = await gateway.host(method, params()).catch((error: Frame) => error);
    expect(refused).toMatchObject({
      code: "INVALID_REQUEST",
      details: { code: "LAST_WAY_IN", cure: lastWayCure(`openclaw ${command()}`) },
    });
    expect((await admin.client.request("health")).ok).toBe(true);
    await gateway.host(method, { ...params(), force: true });
    expect((await admin.client.end()).code).toBe(4001);
    expect(gateway.core.pairing.remainingAdmins().devices).toBe(0);
  });

  test("is refused over the network, where the device itself asks for it", async () => {
    // Revoking all asks to be named first.
    const named = method === "device.pair.revokeAll" ? { exceptDeviceIds: [] } : {};
    const { error } = await admin.client.request(method, { ...params(), ...named });
    expect(["LAST_WAY_IN", "ENDS_CALLER"]).toContain(error.details.code);
    if (error.details.code === "LAST_WAY_IN") {
      expect(error.details.cure).toBe(lastWayCure(`openclaw ${command()}`, " on the gateway host"));
    }
    expect((await admin.client.request("health")).ok).toBe(true);
    // Whoever holds full control may do worse, and says so.
    const forced = await admin.client.request(method, { ...params(), force: true });
    expect(forced.ok).toBe(true);
  });

  test("passes while another one is there", async () => {
    const other = await paired([ADMIN]);
    const named = method === "device.pair.revokeAll" ? { exceptDeviceIds: [other.id] } : {};
    await gateway.host(method, { ...params(), ...named });
    expect((await admin.client.end()).code).toBe(4001);
  });
});

describe("a device that came in for less than its token holds", () => {
  test("can't end itself, nor force it", async () => {
    const own = { ...admin.own, scopes: ["operator.pairing"] };
    const { client } = await admittedConnect(gateway, own);
    for (const force of [false, true]) {
      const { error } = await client.request("device.pair.remove", { deviceId: admin.id, force });
      expect(error.details.code).toBe("LAST_WAY_IN");
    }
  });

  test("ends others that are no admins, as before", async () => {
    const reader = await paired([READ]);
    expect((await reader.client.request("health")).ok).toBe(true);
    await gateway.host("device.pair.remove", { deviceId: reader.id });
    expect((await reader.client.end()).code).toBe(4001);
  });
});

test("a page of the list says how many remaining admins there are, to callers that may see all devices", async () => {
  await paired([ADMIN]);
  const reader = await paired([READ, "operator.pairing"]);
  const list = "device.pair.list";
  const waysIn = { devices: 2, others: 0 };
  expect(await gateway.host(list, { limit: 1 })).toMatchObject({ waysIn });
  expect((await admin.client.request(list, { limit: 1 })).payload).toMatchObject({ waysIn });
  expect((await reader.client.request(list, { limit: 1 })).payload.waysIn).toBeUndefined();
  // Clients of the protocol get what the protocol says.
  expect(Object.keys(await gateway.host<object>(list))).toEqual(["pending", "paired"]);
});

test("two admins who remove each other at the same moment leave one", async () => {
  const other = await paired([ADMIN]);
  const answers = await Promise.all([
    admin.client.request("device.pair.remove", { deviceId: other.id }),
    other.client.request("device.pair.remove", { deviceId: admin.id }).catch(() => undefined),
  ]);
  const removed = answers.filter((answer: Frame) => answer?.ok);
  expect(removed).toHaveLength(1);
  expect(gateway.core.pairing.remainingAdmins()).toEqual({ devices: 1, others: 0 });
});

test("OpenClaw's command line on this machine needs no device: it is an admin that remains", async () => {
  const cli = await RawClient.open(gateway.url);
  await cli.connect({
    client: { id: "cli", mode: "cli" },
    auth,
    scopes: ["operator.pairing", ADMIN],
  });
  const answer = await cli.request("device.pair.remove", { deviceId: admin.id });
  expect(answer.payload).toEqual({ deviceId: admin.id });
});

describe("where a key that approves over SSH is the last remaining admin", () => {
  const set = (path: string, more: object = {}) =>
    gateway.host<Frame>("host.config.set", { path, ...more }).catch((error: Frame) => error);
  const ways = () => gateway.core.pairing.remainingAdmins();

  beforeEach(async () => {
    await set("gateway.ssh.account", { value: "openclaw" });
    await gateway.host("host.ssh.add", { publicKey: sshKey(1), name: "k", may: ["admin"] });
    await gateway.host("device.pair.remove", { deviceId: admin.id });
    expect(ways()).toEqual({ devices: 0, others: 1 });
  });

  test.each([
    ["gateway.ssh.account", undefined, "unset gateway.ssh.account"],
    ["gateway.ssh", undefined, "unset gateway.ssh"],
    [
      "gateway.ssh.authorizedKeys",
      "/home/ann/my keys",
      "set gateway.ssh.authorizedKeys '/home/ann/my keys'",
    ],
  ])(
    "%s is not changed without force, and nothing of it is in the file",
    async (path, value, words) => {
      const before = await readFile(gateway.core.config.path, "utf8");
      const params = value === undefined ? {} : { value };
      expect(await set(path, params)).toMatchObject({
        details: { code: "LAST_WAY_IN", cure: lastWayCure(`openclaw config ${words}`) },
      });
      expect(await readFile(gateway.core.config.path, "utf8")).toBe(before);
      expect(ways().others).toBe(1);
      expect(await set(path, { ...params, force: true })).toMatchObject({ path });
    },
  );

  test("other settings of it, and another account, may change", async () => {
    for (const [key, value] of [
      ["host", "h.example"],
      ["port", "2222"],
      ["account", "approvers"],
    ]) {
      expect(await set(`gateway.ssh.${key}`, { value })).toMatchObject({ restartNeeded: false });
    }
    expect(ways().others).toBe(1);
  });

  test("its end passes once a device with full control is there, and is then kept", async () => {
    const { id } = await paired([ADMIN]);
    const [unset, removed] = await Promise.all([
      set("gateway.ssh.account"),
      // At the same moment: each would leave the other.
      gateway.host<Frame>("device.pair.remove", { deviceId: id }).catch((error: Frame) => error),
    ]);
    const codes = [unset, removed].map((answer) => answer.details?.code);
    expect(codes.filter((code) => code === "LAST_WAY_IN")).toHaveLength(1);
    expect(ways().devices + ways().others).toBe(1);
  });

  test("an edit of the file by hand is whoever edits it's own", async () => {
    await writeFile(gateway.core.config.path, "{}");
    await until(() => ways().others === 0, "the file to be read");
  });
});

describe("a new shared token that ends the devices of the old one", () => {
  const renew = (more: object = {}) =>
    gateway.host<Frame>("host.token.new", { revokeDerived: true, ...more });

  test("is refused before anything is changed, where the last remaining admin is one of them", async () => {
    const refused = await renew().catch((error: Frame) => error);
    expect(refused).toMatchObject({
      details: { code: "LAST_WAY_IN", cure: lastWayCure("openclaw token new --revoke-derived") },
    });
    await paired([READ]);
    expect(gateway.core.secretStore.secrets.token?.epoch).toBe(1);
    const done = await renew({ force: true });
    expect(done.revoked).toContain(admin.id);
    expect((await admin.client.end()).code).toBe(4001);
  });

  test("passes where another admin was let in meanwhile", async () => {
    const bootstrapToken = await gateway.invite();
    const linked = { device: makeDevice(), auth: { bootstrapToken }, scopes: [ADMIN] };
    const { client } = await admittedConnect(gateway, linked);
    expect((await renew()).revoked).toEqual([admin.id]);
    expect((await client.request("health")).ok).toBe(true);
  });

  test("passes where the device is only a node under it", async () => {
    const bootstrapToken = await gateway.invite();
    const linked = { device: makeDevice(), auth: { bootstrapToken }, scopes: [ADMIN] };
    await admittedConnect(gateway, linked);
    // The same device is let in as a node by the secret.
    const node = { role: "node", client: { id: "node-host", mode: "node" }, device: linked.device };
    await pairAndConnect(gateway, { ...node, auth });
    expect((await renew()).revoked).toEqual([admin.id, linked.device.deviceId]);
    expect(gateway.core.pairing.remainingAdmins().devices).toBe(1);
    const { tokens } = gateway.core.pairing.device(linked.device.deviceId) ?? {};
    expect(tokens?.operator?.revokedAtMs).toBeUndefined();
    expect(tokens?.node?.revokedAtMs).toBeDefined();
  });

  test("is refused where the only other way in was removed a moment before", async () => {
    const bootstrapToken = await gateway.invite();
    const linked = { device: makeDevice(), auth: { bootstrapToken }, scopes: [ADMIN] };
    await admittedConnect(gateway, linked);
    const { deviceId } = linked.device;
    const renewing = renew().catch((error: Frame) => error);
    await gateway.host("device.pair.remove", { deviceId });
    expect(await renewing).toMatchObject({ details: { code: "LAST_WAY_IN" } });
    expect(gateway.core.pairing.remainingAdmins().devices).toBe(1);
  });

  test("of another kind says its own command", async () => {
    await gateway.host("host.secret.set", { kind: "password", secret: "one-password-of-many" });
    const params = { kind: "password", secret: "another-password", revokeDerived: true };
    const refused = await gateway.host("host.secret.set", params).catch((error: Frame) => error);
    expect(refused.details.cure).toBe(
      lastWayCure("openclaw config set gateway.password - --revoke-derived"),
    );
  });
});
