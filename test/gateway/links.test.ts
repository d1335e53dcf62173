import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";

test("a link for a fleet pairs its devices at once, is listed, and ends when it is taken back", async () => {
  const gateway = await startTestGateway();
  const ask = { role: "node", uses: 3, name: "kiosk" };
  const made = await gateway.host<{ inviteId: string; secret: string }>("device.pair.invite", ask);
  const join = async () => {
    const client = await RawClient.open(gateway.url);
    const auth = { bootstrapToken: made.secret };
    const node = { role: "node", client: { id: "node-host", mode: "node" } };
    return client.connect({ ...node, device: makeDevice(), auth });
  };
  // All at once: places are counted when they are taken.
  const answers = await Promise.all([join(), join()]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, true]);

  const listed = await gateway.host<{ invites: unknown[] }>("device.pair.inviteList", {});
  expect(listed.invites).toMatchObject([
    { inviteId: made.inviteId, name: "kiosk", uses: 3, usedBy: [{}, {}] },
  ]);
  expect(JSON.stringify(listed)).not.toContain(made.secret);

  const { inviteId } = made;
  expect(await gateway.host("device.pair.inviteRevoke", { inviteId })).toMatchObject({ inviteId });
  const late = await join();
  expect(late.error.details.code).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  const again = gateway.host("device.pair.inviteRevoke", { inviteId });
  await expect(again).rejects.toThrow("unknown inviteId");
  await gateway.close();
});

test("inviteMinMs and inviteDefaultMs: a link lives as long as is asked, an hour, or is refused, and so is a setup code", async () => {
  const gateway = await startTestGateway();
  const { inviteMinMs, inviteDefaultMs } = limitTable;
  const livesFor = async (ask: object) => {
    const made = await gateway.host<{ expiresAtMs: number; inviteId: string }>(
      "device.pair.invite",
      { role: "node", ...ask },
    );
    const { invites } = gateway.core.documents.pairing.durable;
    return made.expiresAtMs - (invites.get(made.inviteId)?.createdAtMs ?? 0);
  };
  expect(await livesFor({})).toBe(inviteDefaultMs.value);
  expect(await livesFor({ expiresInMs: inviteMinMs.value })).toBe(inviteMinMs.value);
  const tooShort = { expiresInMs: inviteMinMs.value - 1 };
  await expect(livesFor(tooShort)).rejects.toThrow("/expiresInMs");
  const code = gateway.host("device.pair.setupCode", tooShort);
  await expect(code).rejects.toThrow("/expiresInMs");
  await gateway.close();
});

test("scopesPerRequest and scopeChars hold for links, rotations and upgrades too", async () => {
  const gateway = await startTestGateway();
  const { scopesPerRequest, scopeChars } = limitTable;
  const device = makeDevice();
  const scopes = ["operator.admin"];
  const { client } = await pairAndConnect(gateway, { device, auth: { token: TEST_TOKEN }, scopes });
  const { deviceId } = device;
  // Full control covers every scope that begins so, however many and long.
  const name = (at: number) => `operator.${at}`;
  const many = Array.from({ length: scopesPerRequest.value + 1 }, (_, at) => name(at));
  const longest = "operator.".padEnd(scopeChars.value, "x");
  const long = `${longest}x`;
  for (const [problem, wanted] of [
    [`more than ${scopesPerRequest.value} items`, many],
    [`more than ${scopeChars.value} characters`, [long]],
  ] as const) {
    for (const [method, rest] of [
      ["device.token.rotate", { deviceId, role: "operator" }],
      ["device.pair.invite", {}],
    ] as const) {
      const { error } = await client.request(method, { ...rest, scopes: wanted });
      expect(error).toMatchObject({ code: "INVALID_REQUEST" });
      expect(error.message).toContain(problem);
    }
  }
  const upgrade = (wanted: readonly string[]) =>
    client.request("device.scopes.requestUpgrade", { scopes: wanted });
  expect((await upgrade([long])).error?.message).toContain("characters");
  expect((await upgrade(many)).error?.message).toContain("items");
  const fits = [longest, ...many.slice(2)];
  const link = await client.request("device.pair.invite", { scopes: fits });
  expect(link.payload?.scopes).toHaveLength(scopesPerRequest.value);
  const rotated = await client.request("device.token.rotate", {
    deviceId,
    role: "operator",
    scopes: [...fits.slice(1), "operator.admin"],
  });
  expect(rotated.payload?.scopes).toHaveLength(scopesPerRequest.value);
  const lines = await gateway.core.audit.read({ limit: 9 });
  for (const line of lines) {
    expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThan(limitTable.auditLineBytes.value);
  }
  await gateway.close();
});

describe("a link, while its device waits for approval", () => {
  const READ = "operator.read";
  const ADMIN = "operator.admin";
  let gateway: TestGateway;
  let watcher: RawClient;
  beforeEach(async () => {
    gateway = await startTestGateway();
    const scopes = [ADMIN, "operator.pairing"];
    const auth = { token: TEST_TOKEN };
    watcher = (await pairAndConnect(gateway, { device: makeDevice(), auth, scopes })).client;
  });
  afterEach(() => gateway.close());

  /** A device that waits for `asks` opens a link for reading, and what everybody hears of its request. */
  async function opened(asks: string) {
    const device = makeDevice();
    const waiting = await RawClient.open(gateway.url);
    const caps = ["pairing-wait"];
    const { error } = await waiting.connect({
      device,
      caps,
      scopes: [asks],
      client: { displayName: "Tablet" },
    });
    const { requestId } = error.details;
    const auth = { bootstrapToken: await gateway.invite({ scopes: [READ] }) };
    const seen = waiting.frames.length;
    const { hello } = await admittedConnect(gateway, { device, auth, scopes: [READ] });
    expect(hello.auth.scopes).toEqual([READ]);
    const { payload } = await watcher.next(
      (frame) => frame.event === "device.pair.resolved" && frame.payload.requestId === requestId,
    );
    const lines = await gateway.core.audit.read({ limit: 100 });
    const said = gateway.log.map((line) => line.message);
    return { waiting, seen, payload, line: lines.at(-1), said, requestId };
  }

  test("approves what it grants: whoever waits comes in", async () => {
    const { waiting, seen, payload, line, said, requestId } = await opened(READ);
    expect(payload).toMatchObject({ decision: "approved", why: "approved" });
    await waiting.challenge(seen);
    expect(line).toMatchObject({
      event: "device.linked",
      what: { request: requestId, requestWas: "approved" },
    });
    expect(said).toContain("the request of “Tablet” was approved");
  });

  test("approves nothing that it does not grant, and nobody is told so", async () => {
    const { waiting, payload, line, said, requestId } = await opened(ADMIN);
    expect(payload).toMatchObject({ decision: "rejected", why: "superseded" });
    expect(await waiting.end()).toEqual({
      code: 1008,
      reason: "pairing required: replaced by a newer request or by a link",
    });
    expect(line).toMatchObject({
      event: "device.linked",
      what: { request: requestId, requestWas: "superseded", scopes: [READ] },
    });
    expect(said).toContain("the request of “Tablet” was superseded");
    expect(said).not.toContain("the request of “Tablet” was approved");
    await expect(gateway.host("device.pair.approve", { requestId })).rejects.toThrow(
      "unknown requestId",
    );
  });
});
