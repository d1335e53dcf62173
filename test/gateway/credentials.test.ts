import { afterEach, expect, test } from "vitest";
import { type Limits, limitTable } from "../../src/limits/table.ts";
import { makeDevice, pairAndConnect, type TestDevice } from "../kit/client.ts";
import { instantHasher, startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const READ = "operator.read";
const WRITE = "operator.write";
const ADMIN = "operator.admin";

let gateway: TestGateway;
let hashed: string[] = [];
let meanwhile = async () => {};
afterEach(() => gateway.close());

async function start(limits: Partial<Limits> = {}): Promise<void> {
  hashed = [];
  meanwhile = async () => {};
  const verify = async (hash: string, secret: string) => {
    hashed.push(secret);
    await meanwhile();
    return instantHasher.verify(hash, secret);
  };
  gateway = await startTestGateway({ limits, hasher: { ...instantHasher, verify } });
}

/** A device that is paired for `scopes`, with its token. */
async function paired(scopes: readonly string[]) {
  const device = makeDevice();
  const { deviceToken } = await pairAndConnect(gateway, {
    device,
    auth: { token: TEST_TOKEN },
    scopes,
  });
  return { device, deviceToken };
}

async function linkUsers(): Promise<string[]> {
  type Listed = { invites: { usedBy: { deviceId: string }[] }[] };
  const { invites } = await gateway.host<Listed>("device.pair.inviteList", {});
  return invites.flatMap(({ usedBy }) => usedBy.map(({ deviceId }) => deviceId));
}

const rotate = (device: TestDevice) =>
  gateway.host("device.token.rotate", { deviceId: device.deviceId, role: "operator" });

test("a dead device token keeps no good link from working", async () => {
  await start();
  const { device, deviceToken } = await paired([READ]);
  await rotate(device);
  const bootstrapToken = await gateway.invite({ scopes: [READ, WRITE] });
  const auth = { deviceToken, bootstrapToken };
  const { hello } = await admittedConnect(gateway, { device, auth, scopes: [READ, WRITE] });
  expect(hello.auth).toMatchObject({ method: "bootstrap-token", scopes: [READ, WRITE] });
  const own = { deviceToken: hello.auth.deviceToken };
  const again = await admittedConnect(gateway, { device, auth: own, scopes: [READ, WRITE] });
  expect(again.hello.auth.method).toBe("device-token");
});

test("a token of another role keeps no good link from working", async () => {
  await start();
  const device = makeDevice();
  const node = { device, role: "node", client: { id: "node-host", mode: "node" } };
  const nodeLink = await gateway.invite({ role: "node", scopes: [] });
  const first = await admittedConnect(gateway, { ...node, auth: { bootstrapToken: nodeLink } });
  const { deviceToken } = first.hello.auth;
  const bootstrapToken = await gateway.invite({ scopes: [READ] });
  const auth = { deviceToken, bootstrapToken };
  const { hello } = await admittedConnect(gateway, { device, auth, scopes: [READ] });
  expect(hello.auth).toMatchObject({ method: "bootstrap-token", scopes: [READ] });
});

test("a link of another role names the one that is needed", async () => {
  await start();
  const device = makeDevice();
  const node = { device, role: "node", client: { id: "node-host", mode: "node" } };
  const auth = { deviceToken: "d".repeat(43), bootstrapToken: await gateway.invite() };
  const refused = await refusedConnect(gateway, { ...node, auth });
  expect(refused.error.details).toMatchObject({
    code: "INVALID_ROLE",
    cure: "on the gateway host: openclaw devices invite --role node",
  });
  const nodeLink = { bootstrapToken: await gateway.invite({ role: "node", scopes: [] }) };
  const page = await refusedConnect(gateway, { device, auth: nodeLink, scopes: [READ] });
  expect(page.error.details.cure).toBe("on the gateway host: openclaw devices invite");
  expect(await linkUsers()).toEqual([]);
});

test("a narrow token and a link give together what both hold, and the token covers it from then on", async () => {
  await start();
  const { device, deviceToken } = await paired([READ, "operator.questions"]);
  const bootstrapToken = await gateway.invite({ scopes: [WRITE] });
  const auth = { deviceToken, bootstrapToken };
  const scopes = [ADMIN, READ, WRITE, "operator.questions"];
  const { hello } = await admittedConnect(gateway, { device, auth, scopes });
  const given = [READ, WRITE, "operator.questions"];
  expect(hello.auth).toMatchObject({ method: "bootstrap-token", scopes: given, deviceToken });
  const again = await admittedConnect(gateway, { device, auth: { deviceToken }, scopes: given });
  expect(again.hello.auth.scopes).toEqual(given);
});

test("a link is not used up where the token suffices, nor where the link adds nothing", async () => {
  await start();
  const { device, deviceToken } = await paired([READ, WRITE]);
  const bootstrapToken = await gateway.invite({ scopes: [READ] });
  const auth = { deviceToken, bootstrapToken };
  const covered = await admittedConnect(gateway, { device, auth, scopes: [WRITE] });
  expect(covered.hello.auth.method).toBe("device-token");
  const wide = await admittedConnect(gateway, { device, auth, scopes: [ADMIN, READ, WRITE] });
  const held = [READ, WRITE, "operator.nodes"];
  expect(wide.hello.auth).toMatchObject({ method: "device-token", scopes: held });
  const secret = { token: TEST_TOKEN, bootstrapToken };
  const bySecret = await admittedConnect(gateway, { device, auth: secret, scopes: [ADMIN, READ] });
  expect(bySecret.hello.auth).toMatchObject({ method: "token", scopes: [READ] });
  expect(await linkUsers()).toEqual([]);
});

test("what fails together counts once each, and hashes the shared secret once", async () => {
  await start();
  const device = makeDevice();
  const auth = { deviceToken: "d".repeat(43), bootstrapToken: "b".repeat(43), token: "wrong" };
  const codes: string[] = [];
  for (let times = 0; times <= limitTable.authFailures.value; times += 1) {
    const { error } = await refusedConnect(gateway, { device, auth, scopes: [READ] });
    codes.push(error.details.code);
  }
  const told = Array(limitTable.authFailures.value).fill("AUTH_BOOTSTRAP_TOKEN_INVALID");
  expect(codes).toEqual([...told, "AUTH_RATE_LIMITED"]);
  expect(hashed).toEqual(["wrong"]);
  const good = { ...auth, bootstrapToken: await gateway.invite({ scopes: [READ] }) };
  const { hello } = await admittedConnect(gateway, { device, auth: good, scopes: [READ] });
  expect(hello.auth.method).toBe("bootstrap-token");
});

test("two fields for the shared secret are one guess, and any field may hold the device's token", async () => {
  await start({ authFailures: 2 });
  const { device, deviceToken } = await paired([READ]);
  const auth = { deviceToken: "d".repeat(43), token: "wrong", password: deviceToken };
  const { hello } = await admittedConnect(gateway, { device, auth, scopes: [READ] });
  expect(hello.auth.method).toBe("device-token");
  hashed = [];
  const codes: string[] = [];
  for (const times of ["first", "second", "third"]) {
    const guess = { device, auth: { token: `${times} guess`, password: `${times} other` } };
    codes.push((await refusedConnect(gateway, guess)).error.details.code);
  }
  expect(codes).toEqual(["AUTH_TOKEN_MISMATCH", "AUTH_TOKEN_MISMATCH", "AUTH_RATE_LIMITED"]);
  expect(hashed).toEqual(["first guess", "second guess"]);
});

test("a guess counts once, also where the secret changed while it was looked at", async () => {
  await start({ authFailures: 2 });
  const device = makeDevice();
  let isChanged = false;
  meanwhile = async () => {
    if (!isChanged) await gateway.core.secretStore.setSecret("token", "another", "cli");
    isChanged = true;
  };
  const codes: string[] = [];
  for (const token of ["guess1", "guess2", "guess3"]) {
    codes.push((await refusedConnect(gateway, { device, auth: { token } })).error.details.code);
  }
  expect(hashed).toEqual(["guess1", "guess1", "guess2"]);
  expect(codes).toEqual(["AUTH_TOKEN_MISMATCH", "AUTH_TOKEN_MISMATCH", "AUTH_RATE_LIMITED"]);
});
