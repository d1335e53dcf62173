import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HelloOkSchema } from "@openclaw/gateway-protocol/schema";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { READ, WRITE } from "../../src/protocol/access.ts";
import { openSchema } from "../../src/protocol/json-schema.ts";
import { validator } from "../../src/protocol/schemas.ts";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { readDataUrlQr } from "../kit/png-qr.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";
import { ADMIN, asNode, asOperator, FULL, fits, LIMITED, makeSetup, publicUrl } from "./phone.ts";

let world: HandWorld;
let gateway: TestGateway;
beforeEach(async () => {
  world = new HandWorld();
  gateway = await startTestGateway({ world });
});
afterEach(() => gateway.close());

/** A connection with `operator.pairing`, which sees what happens. */
async function watcher(): Promise<RawClient> {
  const device = makeDevice();
  const scopes = [ADMIN, "operator.pairing"];
  const auth = { bootstrapToken: await gateway.invite({ scopes }) };
  return (await admittedConnect(gateway, { device, auth, scopes })).client;
}

const setup = (params?: Record<string, unknown>) => makeSetup(gateway, params);
const status = (setupId: string) => gateway.host<Frame>("device.pair.setupStatus", { setupId });

describe("device.pair.setupCode", () => {
  test("answers as the protocol says: address, secret and end in the code, and the code as a QR", async () => {
    const made = await gateway.host<Frame>("device.pair.setupCode", { publicUrl });
    fits("DevicePairSetupCodeResult", made);
    const url = "wss://gateway.example.com";
    expect(made).toMatchObject({
      gatewayUrl: url,
      urlSource: "request.publicUrl",
      auth: "token",
      access: "full",
      expiresAtMs: world.now() + 600_000,
    });
    const payload = JSON.parse(Buffer.from(made.setupCode, "base64url").toString());
    expect(payload).toEqual({
      url,
      bootstrapToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresAtMs: made.expiresAtMs,
    });
    expect(made.qrDataUrl.length).toBeLessThanOrEqual(16_384);
    expect(readDataUrlQr(made.qrDataUrl)).toBe(made.setupCode);
  });

  test("the longest address still makes a picture that the protocol takes", async () => {
    const long = `${publicUrl}/`.padEnd(512, "x");
    const made = await gateway.host<Frame>("device.pair.setupCode", { publicUrl: long });
    fits("DevicePairSetupCodeResult", made);
    expect(readDataUrlQr(made.qrDataUrl)).toBe(made.setupCode);
  });

  test("leaves the picture out where nobody wants it, and lives setupDefaultMs or as long as is asked", async () => {
    const made = await setup({ includeQr: false, expiresInMs: 5_000 });
    expect(made).not.toHaveProperty("qrDataUrl");
    expect(made.expiresAtMs).toBe(world.now() + 5_000);
  });

  test.each([
    ["limited", {}, "limited", undefined],
    ["node", {}, "node", undefined],
    [undefined, { publicUrl: "http://192.168.1.5:18789" }, "limited", true],
    ["limited", { publicUrl: "http://192.168.1.5:18789" }, "limited", undefined],
    ["node", { publicUrl: "http://nas.local" }, "node", undefined],
    [undefined, { publicUrl: "http://127.0.0.1:18789" }, "full", undefined],
  ])("profile %s with %j gives %s access", async (bootstrapProfile, more, access, downgraded) => {
    const profile = bootstrapProfile === undefined ? {} : { bootstrapProfile };
    const made = await gateway.host<Frame>("device.pair.setupCode", {
      ...{ publicUrl, ...more },
      ...profile,
    });
    fits("DevicePairSetupCodeResult", made);
    expect([made.access, made.accessDowngraded]).toEqual([access, downgraded]);
  });

  test("goes by gateway.publicUrl, and is refused with the command while only this machine is known", async () => {
    const bare = gateway.host("device.pair.setupCode", {});
    await expect(bare).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      details: {
        code: "SETUP_ADDRESS_UNKNOWN",
        cure: "on the gateway host: openclaw config set gateway.publicUrl https://gateway.example.com",
      },
    });
    await gateway.host("host.config.set", { path: "gateway.publicUrl", value: `${publicUrl}/` });
    const made = await gateway.host<Frame>("device.pair.setupCode", {});
    expect(made.gatewayUrl).toBe("wss://gateway.example.com");
    expect(made.urlSource).toBe("gateway.publicUrl");
  });

  test.each([
    [{ publicUrl: "http://gateway.example.com" }, "SETUP_ADDRESS_IN_CLEAR"],
    [{ publicUrl: "gateway" }, "SETUP_ADDRESS_INVALID"],
    [{ joinUrl: true, bootstrapProfile: "limited" }, "JOIN_FOR_NODES"],
    [{ joinUrl: true, publicUrl: "http://192.168.1.5" }, "JOIN_IN_CLEAR"],
  ])("%j is refused: %s, and makes no link", async (params, code) => {
    const refused = gateway.host("device.pair.setupCode", { publicUrl, ...params });
    await expect(refused).rejects.toMatchObject({ details: { code, cure: expect.any(String) } });
    expect(gateway.core.pairing.links.open()).toEqual([]);
  });

  test("is for admins", async () => {
    const device = makeDevice();
    const scopes = ["operator.pairing", WRITE];
    const auth = { bootstrapToken: await gateway.invite({ scopes }) };
    const { client } = await admittedConnect(gateway, { device, auth, scopes });
    for (const method of ["device.pair.setupCode", "device.pair.setupStatus"]) {
      const { error } = await client.request(method, { setupId: "x", publicUrl });
      expect(error).toMatchObject({ code: "FORBIDDEN", details: { missingScope: ADMIN } });
    }
  });

  test("a name given with it becomes the owner's name of the device", async () => {
    const { auth, setupId } = await setup({ name: "Kitchen\u202e tablet" });
    const device = makeDevice();
    await admittedConnect(gateway, asNode({ device, auth }));
    expect(gateway.core.pairing.device(device.deviceId)?.label).toBe("Kitchen tablet");
    expect((await status(setupId)).completion.deviceName).toBe("Kitchen tablet");
  });
});

describe("a phone with a code", () => {
  test.each([
    [undefined, FULL],
    ["limited", LIMITED],
  ])(
    "of the profile %s is a node, and gets the token of an operator too",
    async (profile, scopes) => {
      const { auth } = await setup(profile === undefined ? {} : { bootstrapProfile: profile });
      const device = makeDevice();
      const { hello } = await admittedConnect(gateway, asNode({ device, auth }));
      expect(validator(openSchema(HelloOkSchema))(hello)).toBeUndefined();
      expect(hello.auth).toMatchObject({ method: "bootstrap-token", role: "node", scopes: [] });
      expect(hello.auth.deviceTokens).toEqual([
        { deviceToken: expect.any(String), role: "operator", scopes, issuedAtMs: world.now() },
      ]);
      const [{ deviceToken }] = hello.auth.deviceTokens;
      const operator = await admittedConnect(
        gateway,
        asOperator({ device, auth: { deviceToken }, scopes }),
      );
      expect(operator.hello.auth).toMatchObject({
        method: "device-token",
        role: "operator",
        scopes,
      });
      expect(operator.hello.auth).not.toHaveProperty("deviceTokens");
      const node = { deviceToken: hello.auth.deviceToken };
      const again = await admittedConnect(gateway, asNode({ device, auth: node }));
      expect(again.hello.auth.method).toBe("device-token");
      // Neither token stands for the other role.
      const { error } = await refusedConnect(gateway, asOperator({ device, auth: node, scopes }));
      expect(error.details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    },
  );

  test("for a node alone gets one token and no other role", async () => {
    const { auth } = await setup({ bootstrapProfile: "node" });
    const device = makeDevice();
    const { hello } = await admittedConnect(gateway, asNode({ device, auth }));
    expect(hello.auth).not.toHaveProperty("deviceTokens");
    const { error } = await refusedConnect(gateway, asOperator({ device, auth }));
    expect(error.message).toBe("invalid role");
  });

  test("may connect as an operator first, and gets no more than the code holds", async () => {
    const { auth } = await setup({ bootstrapProfile: "limited" });
    const device = makeDevice();
    const { hello } = await admittedConnect(gateway, asOperator({ device, auth }));
    expect(hello.auth).toMatchObject({ role: "operator", scopes: LIMITED });
    expect(hello.auth.deviceTokens).toMatchObject([{ role: "node", scopes: [] }]);
  });

  test("is not let in by a code that another phone used, that is over, or that was taken back", async () => {
    const reasonFor = async (auth: Record<string, string>) => {
      const { error } = await refusedConnect(gateway, asNode({ device: makeDevice(), auth }));
      expect(error.details.code).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
      return error.details.reason;
    };
    const used = await setup();
    await admittedConnect(gateway, asNode({ device: makeDevice(), auth: used.auth }));
    expect(await reasonFor(used.auth)).toBe("used-by-another-device");
    const back = await setup();
    await gateway.host("device.pair.inviteRevoke", { inviteId: back.setupId });
    expect(await reasonFor(back.auth)).toBe("revoked");
    const late = await setup();
    world.advance(600_000);
    expect(await reasonFor(late.auth)).toBe("expired");
  });

  test("gets no operator's token back that the owner took away, while its node goes on", async () => {
    const { auth } = await setup();
    const device = makeDevice();
    const { client, hello } = await admittedConnect(gateway, asNode({ device, auth }));
    const { deviceId } = device;
    await gateway.host("device.token.revoke", { deviceId, role: "operator", force: true });
    const { error } = await refusedConnect(gateway, asNode({ device, auth }));
    expect(error.details.reason).toBe("revoked");
    const node = { deviceToken: hello.auth.deviceToken };
    const again = await admittedConnect(gateway, asNode({ device, auth: node }));
    expect(again.hello.auth).not.toHaveProperty("deviceTokens");
    expect(client.closed).toBeUndefined();
  });
});

describe("what becomes of a code", () => {
  test("is told to those who may approve, and answered afterwards, also by the next process", async () => {
    const op = await watcher();
    const { setupId, auth } = await setup();
    expect(await status(setupId)).toEqual({});
    const device = makeDevice();
    await admittedConnect(gateway, asNode({ device, auth }));
    const event = await op.next((frame) => frame.event === "device.pair.setup.completed");
    fits("DevicePairSetupCompletedEvent", event.payload);
    const outcome = {
      setupId,
      deviceId: device.deviceId,
      deviceName: "Anna's phone",
      access: "full",
      ts: world.now(),
    };
    expect(event.payload).toEqual(outcome);
    const answer = await status(setupId);
    fits("DevicePairSetupStatusResult", answer);
    expect(answer).toEqual({ completion: outcome });
    // The same phone again is no news.
    const seen = op.frames.length;
    await admittedConnect(gateway, asNode({ device, auth }));
    await op.request("device.pair.list", {});
    expect(op.frames.slice(seen).some(({ event: name }) => name?.includes("setup"))).toBe(false);
  });

  test("is nothing for links, unknown ids, and codes that nobody used", async () => {
    const link = await gateway.host<Frame>("device.pair.invite", { role: "node" });
    const auth = { bootstrapToken: link.secret };
    await admittedConnect(gateway, asNode({ device: makeDevice(), auth }));
    const late = await setup();
    world.advance(600_000);
    for (const setupId of [link.inviteId, "unknown", late.setupId]) {
      expect(await status(setupId)).toEqual({});
    }
  });

  test("a phone that is gone before its tokens are is uncertain, and certain when it comes again", async () => {
    const op = await watcher();
    const { setupId, auth } = await setup();
    const device = makeDevice();
    const held = holdCommits();
    const client = await RawClient.open(gateway.url);
    client.connect(asNode({ device, auth })).catch(() => undefined);
    await held.reached;
    client.ws.terminate();
    await gone(client);
    held.letGo();
    const event = await op.next((one) => one.event === "device.pair.setup.deliveryUncertain");
    fits("DevicePairSetupDeliveryUncertainEvent", event.payload);
    expect(await status(setupId)).toEqual({ deliveryUncertain: event.payload });
    const other = await refusedConnect(gateway, asNode({ device: makeDevice(), auth }));
    expect(other.error.details.reason).toBe("used-by-another-device");

    const { hello } = await admittedConnect(gateway, asNode({ device, auth }));
    expect(hello.auth.deviceTokens).toHaveLength(1);
    await op.next((one) => one.event === "device.pair.setup.completed");
    expect(await status(setupId)).toEqual({ completion: event.payload });
  });

  /** Lets commits of pairing be done, but tells nobody so before `letGo`. */
  function holdCommits() {
    const { pairing } = gateway.core.documents;
    const { decide } = pairing;
    let letGo = () => {};
    const free = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      pairing.decide = (async (...args: Parameters<typeof decide>) => {
        pairing.decide = decide;
        const outcome = await decide.apply(pairing, args);
        resolve();
        await free;
        return outcome;
      }) as typeof decide;
    });
    return { reached, letGo };
  }

  async function gone(client: RawClient): Promise<void> {
    await client.end();
    const { admission } = gateway.server.gateway;
    while (admission.unauthenticated > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

describe("the owner's side", () => {
  test("lists codes beside links, and takes them back", async () => {
    await gateway.host("device.pair.invite", { role: "node", name: "attic" });
    world.advance(1);
    const { setupId } = await setup({ name: "phone" });
    const { invites } = await gateway.host<Frame>("device.pair.inviteList", {});
    expect(invites).toMatchObject([
      {
        inviteId: setupId,
        kind: "setup-code",
        access: "full",
        roles: ["node", "operator"],
        gatewayUrl: "wss://gateway.example.com",
        name: "phone",
      },
      { kind: "link", roles: ["node"], name: "attic" },
    ]);
    const gone = await gateway.host<Frame>("device.pair.inviteRevoke", { inviteId: setupId });
    expect(gone).toMatchObject({ kind: "setup-code", usedBy: [] });
  });

  test("a link for a node is a code for OpenClaw's node host too", async () => {
    const without = await gateway.host<Frame>("device.pair.invite", { role: "node" });
    expect(without).not.toHaveProperty("setupCode");
    await gateway.host("host.config.set", { path: "gateway.publicUrl", value: publicUrl });
    const made = await gateway.host<Frame>("device.pair.invite", { role: "node" });
    expect(decodeSetupCode(made.setupCode)).toEqual({
      url: "wss://gateway.example.com",
      bootstrapToken: made.secret,
      expiresAtMs: made.expiresAtMs,
    });
    const operator = await gateway.host<Frame>("device.pair.invite", { scopes: [READ] });
    expect(operator).not.toHaveProperty("setupCode");
  });

  test("the audit says what was made, for what, and who came by it", async () => {
    const { setupId, auth } = await setup();
    const device = makeDevice();
    await admittedConnect(gateway, asNode({ device, auth }));
    const { lines } = await gateway.host<Frame>("host.audit.list", {});
    const [made, linked] = lines.slice(-2);
    expect(made).toMatchObject({
      event: "link.made",
      by: { kind: "host" },
      what: { link: setupId, roles: ["node", "operator"], scopes: FULL, access: "full" },
    });
    expect(linked).toMatchObject({
      event: "device.linked",
      by: { kind: "link", id: setupId },
      what: { device: device.deviceId, roles: ["node", "operator"], scopes: FULL, access: "full" },
    });
  });

  test("no secret of a code is in the state or in the log", async () => {
    const { payload } = await setup();
    const made = await gateway.host<Frame>("device.pair.setupCode", { publicUrl, joinUrl: true });
    const secrets = [
      payload.bootstrapToken,
      decodeSetupCode(made.setupCode)?.bootstrapToken ?? "",
      new URL(made.joinUrl).pathname.slice(3),
    ];
    const files = await readdir(gateway.stateDir, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), "latin1")),
    );
    expect(texts.join("")).toContain(made.setupId);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{22,}$/);
      expect(texts.join("") + JSON.stringify(gateway.log)).not.toContain(secret);
    }
  });
});

test("codes, what became of them and join addresses outlive the process", async () => {
  const used = await setup();
  const device = makeDevice();
  await admittedConnect(gateway, asNode({ device, auth: used.auth }));
  const open = await setup({ joinUrl: true });
  const { pathname } = new URL(open.joinUrl);
  const kept = { stateDir: gateway.stateDir, world };
  await gateway.server.close("restart");
  await gateway.core.close();
  gateway = await startTestGateway(kept);
  expect((await status(used.setupId)).completion).toMatchObject({ deviceId: device.deviceId });
  const { hello } = await admittedConnect(gateway, asNode({ device, auth: used.auth }));
  expect(hello.auth.deviceTokens).toHaveLength(1);
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${pathname}`);
  expect(await answer.json()).toEqual(open.payload);
});
