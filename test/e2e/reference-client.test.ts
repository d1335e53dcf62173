import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import type { Frame } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { until } from "../kit/until.ts";

const READ_WRITE = ["operator.read", "operator.write"];
/** What the owner grants who asks for these: the reference client does not know the first. */
const GRANTED = ["operator.nodes", ...READ_WRITE];

let gateway: GatewayProcess;
const clients: Reference[] = [];
/** Every secret that went over the wire: none of them may show up in what the gateway prints. */
const secrets = new Set([PROCESS_TOKEN]);

beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());
afterEach(async () => {
  const used = clients.splice(0);
  await Promise.all(used.map((client) => client.stop()));
  expect(used.flatMap(({ gaps }) => gaps)).toEqual([]);
  for (const { hellos } of used) for (const { auth } of hellos) secrets.add(auth.deviceToken);
});

type Options = Parameters<typeof Reference.start>[1];

function client(options: Options): Reference {
  const made = Reference.start(gateway.url, options);
  clients.push(made);
  return made;
}

/**
 * A client that asked with the shared token, was approved with one command, and is connected. It is
 * started anew for that, which saves the second that a running one waits before it tries again.
 */
async function paired(options: Options = {}) {
  const device = new ReferenceDevice();
  const all = { device, token: PROCESS_TOKEN, scopes: READ_WRITE, ...options };
  const first = client(all);
  const refusal = await first.refusal();
  await first.stop();
  await approve(refusal);
  const made = client(all);
  await made.hello();
  return { device, client: made };
}

/** Runs the approve command exactly as the refusal printed it. */
async function approve(refusal: { details: Frame }): Promise<void> {
  const [program, ...args] = refusal.details.approveCommand.split(" ");
  expect(program).toBe("openclaw");
  await gateway.ok(args);
}

const list = () => gateway.json<Frame>(["devices", "list"]);

describe("pairing", () => {
  test("a client that is not paired is refused with a code and keeps trying", async () => {
    const device = new ReferenceDevice();
    const waiting = client({ device, token: PROCESS_TOKEN, scopes: READ_WRITE });
    const refusal = await waiting.refusal();
    expect(refusal.gatewayCode).toBe("NOT_PAIRED");
    const { requestId } = refusal.details;
    expect(refusal.details).toMatchObject({
      code: "PAIRING_REQUIRED",
      reason: "not-paired",
      deviceId: device.deviceId,
      approveCommand: `openclaw devices approve ${requestId}`,
    });
    expect(await waiting.close()).toEqual({
      code: 1008,
      reason: `pairing required: device is not approved yet (requestId: ${requestId})`,
    });
    // Its own retry shows the same code.
    expect((await waiting.refusal(2)).details.requestId).toBe(requestId);
    expect(waiting.paused).toEqual([]);
    const row = (await list()).pending.find((p: Frame) => p.deviceId === device.deviceId);
    expect(row).toMatchObject({ requestId, displayName: "Reference client", scopes: GRANTED });
    const table = await gateway.ok(["devices", "list"]);
    expect(table).toContain(requestId);
    expect(table).toContain("Reference client");
  });

  test("the same running client connects by itself once its code is approved", async () => {
    const device = new ReferenceDevice();
    const waiting = client({ device, token: PROCESS_TOKEN, scopes: READ_WRITE });
    const { requestId } = (await waiting.refusal()).details;
    expect(await gateway.ok(["devices", "approve", requestId])).toContain("Reference client");
    const hello = await waiting.hello();
    expect(hello.auth).toMatchObject({ role: "operator", method: "token" });
    expect([...hello.auth.scopes].sort()).toEqual(GRANTED);
    expect(device.token()).toBe(hello.auth.deviceToken);
    expect(hello.policy.tickIntervalMs).toBe(30_000);
    const row = (await list()).paired.find((p: Frame) => p.deviceId === device.deviceId);
    expect(row).toMatchObject({ approvedVia: "owner", connected: true });
  });

  test("a rejected client asks again under another code", async () => {
    const device = new ReferenceDevice();
    const waiting = client({ device, token: PROCESS_TOKEN, scopes: READ_WRITE });
    const { requestId } = (await waiting.refusal()).details;
    await gateway.ok(["devices", "reject", requestId]);
    const tried = waiting.refusals.length;
    const next = (await waiting.refusal(tried + 1)).details.requestId;
    expect(next).not.toBe(requestId);
    const late = await gateway.cli(["devices", "approve", requestId]);
    expect(late.code).toBe(5);
    expect(late.stderr).toContain("unknown requestId");
  });
});

describe("a paired client", () => {
  test("is answered", async () => {
    const { client: operator, device } = await paired();
    expect(await operator.request("health")).toMatchObject({ ok: true, channels: {} });
    const status = await operator.request("status", {});
    expect(status.gateway).toMatchObject({ store: { ok: true }, warnings: [] });
    const presence = await operator.request("system-presence");
    expect(presence[0]).toMatchObject({ mode: "gateway", reason: "self" });
    expect(presence.some((entry: Frame) => entry.deviceId === device.deviceId)).toBe(true);
    const config = await operator.request("config.get", {});
    expect(config).toMatchObject({ valid: true, issues: [] });
    const identity = await operator.request("gateway.identity.get", {});
    expect(identity.fingerprint).toBe(status.gateway.fingerprint);
  });

  test("is refused by name what its scopes do not cover, and stays connected", async () => {
    const { client: operator } = await paired();
    await expect(operator.request("device.pair.list", {})).rejects.toMatchObject({
      gatewayCode: "FORBIDDEN",
      message: "missing scope: operator.pairing",
      details: { code: "MISSING_SCOPE", missingScope: "operator.pairing" },
    });
    await expect(operator.request("no.such", {})).rejects.toMatchObject({
      gatewayCode: "INVALID_REQUEST",
      message: "unknown method: no.such",
      details: { code: "UNKNOWN_METHOD" },
    });
    await expect(operator.request("config.get", 7)).rejects.toMatchObject({
      gatewayCode: "INVALID_REQUEST",
    });
    expect(await operator.request("health")).toMatchObject({ ok: true });
    expect(operator.closes).toEqual([]);
  });

  test("sees others come and go, and a pairing client sees requests", async () => {
    const watcher = await paired({ scopes: [...READ_WRITE, "operator.pairing"] });
    const other = await paired({ clientDisplayName: "Another one" });
    const { deviceId } = other.device;
    const shows = (event: Frame) =>
      event.event === "presence" &&
      event.payload.presence.some((entry: Frame) => entry.deviceId === deviceId);
    const came = await watcher.client.event(shows);
    await watcher.client.event((e) => e.event === "device.pair.requested");
    await watcher.client.event(
      (e) => e.event === "device.pair.resolved" && e.payload.deviceId === deviceId,
    );
    await other.client.stop();
    const left = await watcher.client.event(
      (e) => e.event === "presence" && e.seq > came.seq && !shows(e),
    );
    expect(left.stateVersion.presence).toBeGreaterThan(came.stateVersion.presence);
  });

  test("comes back with its device token alone after the gateway was restarted", async () => {
    const { client: first, device } = await paired();
    await first.stop();
    const byToken = client({ device, scopes: READ_WRITE });
    expect((await byToken.hello()).auth.method).toBe("device-token");
    expect(await gateway.stop()).toBe(0);
    await gateway.start();
    const hello = await byToken.hello(2);
    expect(hello.auth.method).toBe("device-token");
    expect(byToken.closes[0]).toEqual({ code: 1012, reason: "service stopped" });
    expect(byToken.refusals.filter((r) => r.gatewayCode === "NOT_PAIRED")).toEqual([]);
    expect(await byToken.request("health")).toMatchObject({ ok: true });
  });
});

describe("tokens", () => {
  test("a rotated token ends the connection; with the shared token the client heals", async () => {
    const { client: operator, device } = await paired();
    const before = device.token();
    await gateway.ok(["devices", "rotate", device.deviceId]);
    expect(await operator.close()).toEqual({ code: 4001, reason: "device removed" });
    await operator.hello(2);
    expect(device.token()).not.toBe(before);
    const old = client({ device: keyOnly(device), deviceToken: before ?? "", scopes: READ_WRITE });
    expect((await old.refusal()).details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    const fresh = client({ device, scopes: READ_WRITE });
    expect((await fresh.hello()).auth.method).toBe("device-token");
  });

  test("a client that had its token alone drops a rotated one, and the printed cure helps", async () => {
    const { client: first, device } = await paired();
    await first.stop();
    const byToken = client({ device, scopes: READ_WRITE });
    await byToken.hello();
    await gateway.ok(["devices", "rotate", device.deviceId]);
    const paused = await byToken.pause();
    expect(paused.detailCode).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    expect(device.token()).toBeUndefined();
    const { cure } = (await byToken.refusal()).details;
    expect(cure).toBe("on the gateway host: openclaw devices invite");
    const invite = await gateway.json<Frame>(["devices", "invite"]);
    secrets.add(invite.secret);
    const again = client({ device, bootstrapToken: invite.secret, scopes: READ_WRITE });
    expect((await again.hello()).auth.method).toBe("bootstrap-token");
    await again.stop();
    const healed = client({ device, scopes: READ_WRITE });
    expect((await healed.hello()).auth.method).toBe("device-token");
  });

  test("a revoked token closes the connection at once, and the role must be approved anew", async () => {
    const { client: operator, device } = await paired();
    const revoked = device.token() ?? "";
    await gateway.ok(["devices", "revoke", device.deviceId]);
    expect(await operator.close()).toEqual({ code: 4001, reason: "device removed" });
    const refusal = await operator.refusal();
    expect(refusal.details).toMatchObject({ code: "PAIRING_REQUIRED", reason: "role-upgrade" });
    await approve(refusal);
    await operator.hello(2);
    expect(device.token()).not.toBe(revoked);
    const old = client({ device: keyOnly(device), deviceToken: revoked, scopes: READ_WRITE });
    expect((await old.refusal()).details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
  });

  test("a removed device is closed at once and starts over", async () => {
    const { client: operator, device } = await paired();
    await gateway.ok(["devices", "remove", device.deviceId]);
    expect(await operator.close()).toEqual({ code: 4001, reason: "device removed" });
    const refusal = await operator.refusal();
    expect(refusal.details).toMatchObject({ code: "PAIRING_REQUIRED", reason: "not-paired" });
  });
});

describe("setup codes", () => {
  const NODE: Options = { clientName: "node-host", mode: "node", role: "node", scopes: [] };

  /** What an app does with the tokens of its other roles: the client leaves that to it. */
  function keepHandoff(device: ReferenceDevice, hello: Frame): void {
    for (const { role, deviceToken, scopes } of hello.auth.deviceTokens ?? []) {
      device.tokens.set(role, { token: deviceToken, scopes });
      secrets.add(deviceToken);
    }
  }

  async function code(access: string) {
    const address = ["--public-url", gateway.url.replace("ws", "http")];
    const args = ["devices", "invite", "--setup-code", "--access", access, ...address];
    const { setupCode, setupId } = await gateway.json<Frame>(args);
    const { bootstrapToken = "" } = decodeSetupCode(setupCode) ?? {};
    secrets.add(bootstrapToken);
    return { bootstrapToken, setupId };
  }

  test("the client comes in as a node by one, keeps its token, and acts as an operator by the other", async () => {
    const device = new ReferenceDevice();
    const { bootstrapToken } = await code("limited");
    const node = client({ device, bootstrapToken, ...NODE });
    const hello = await node.hello();
    expect(hello.auth).toMatchObject({ method: "bootstrap-token", role: "node", scopes: [] });
    expect(device.token("node")).toBe(hello.auth.deviceToken);
    expect(device.token("operator")).toBeUndefined();
    keepHandoff(device, hello);

    const operator = client({ device, scopes: READ_WRITE });
    const second = await operator.hello();
    expect(second.auth).toMatchObject({ method: "device-token", scopes: READ_WRITE });
    expect(second.auth.deviceToken).toBe(device.token("operator"));
    expect(await operator.request("health")).toMatchObject({ ok: true });
    await expect(operator.request("device.pair.list", {})).rejects.toMatchObject({
      details: { missingScope: "operator.pairing" },
    });
    await node.stop();
    const again = client({ device, ...NODE });
    expect((await again.hello()).auth.method).toBe("device-token");
    const row = (await list()).paired.find((p: Frame) => p.deviceId === device.deviceId);
    expect(row).toMatchObject({ approvedVia: "bootstrap", roles: ["node", "operator"] });
  });

  test("one that tries again before it kept its token is let in by the same code", async () => {
    const device = new ReferenceDevice();
    const { bootstrapToken } = await code("full");
    const first = client({ device, bootstrapToken, ...NODE });
    const { auth } = await first.hello();
    await first.stop();
    device.tokens.clear();
    const again = client({ device, bootstrapToken, ...NODE });
    const hello = await again.hello();
    expect(hello.auth.deviceToken).toBe(auth.deviceToken);
    expect(hello.auth.deviceTokens).toMatchObject([{ role: "operator" }]);
  });

  test("a code that was used or taken back stops the client, with where to get another", async () => {
    const used = await code("node");
    const { bootstrapToken: usedToken } = used;
    await client({ device: new ReferenceDevice(), bootstrapToken: usedToken, ...NODE }).hello();
    const back = await code("node");
    await gateway.ok(["devices", "invite", "revoke", back.setupId]);
    for (const { bootstrapToken } of [used, back]) {
      const late = client({ device: new ReferenceDevice(), bootstrapToken, ...NODE });
      expect((await late.pause()).detailCode).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
      expect((await late.refusal()).details.cure).toContain("openclaw devices invite");
    }
  });
});

describe("scope upgrades", () => {
  test("asked on the live connection: granted while it waits, in force after the reconnect", async () => {
    const { client: first, device } = await paired();
    await first.stop();
    const byToken = client({ device });
    await byToken.hello();
    const scopes = [...READ_WRITE, "operator.pairing"];
    const asked = await byToken.request("device.scopes.requestUpgrade", { scopes });
    const waiting = byToken.client.request<Frame>(
      "device.scopes.waitUpgrade",
      { requestId: asked.requestId },
      { timeoutMs: null },
    );
    expect((await list()).pending).toContainEqual(
      expect.objectContaining({ requestId: asked.requestId, isRepair: true }),
    );
    // What it has stays untouched meanwhile.
    expect(await byToken.request("system-presence")).toBeInstanceOf(Array);
    await gateway.ok(["devices", "approve", asked.requestId]);
    const granted = await waiting;
    expect(granted).toMatchObject({ status: "approved", requestId: asked.requestId });
    expect([...granted.scopes].sort()).toEqual(["operator.nodes", ...scopes].sort());
    device.tokens.set("operator", { token: granted.deviceToken, scopes: granted.scopes });
    await expect(byToken.request("device.pair.list", {})).rejects.toThrow("missing scope");
    await byToken.stop();
    const wider = client({ device });
    expect((await wider.hello()).auth.method).toBe("device-token");
    expect((await wider.request("device.pair.list", {})).paired).toHaveLength(1);
  });

  test("a rejected upgrade is told, and changes nothing", async () => {
    const { client: operator, device } = await paired();
    const scopes = ["operator.admin"];
    const { requestId } = await operator.request("device.scopes.requestUpgrade", { scopes });
    const waiting = operator.request("device.scopes.waitUpgrade", { requestId });
    await gateway.ok(["devices", "reject", requestId]);
    expect(await waiting).toEqual({ status: "rejected", requestId });
    const row = (await list()).paired.find((p: Frame) => p.deviceId === device.deviceId);
    expect(row.scopes).toEqual(GRANTED);
  });

  test("asked by connecting with more: the old connection keeps its own until approval", async () => {
    const { client: narrow, device } = await paired();
    const scopes = [...READ_WRITE, "operator.pairing"];
    const wide = client({ device, token: PROCESS_TOKEN, scopes });
    const refusal = await wide.refusal();
    expect(refusal.details).toMatchObject({
      code: "PAIRING_REQUIRED",
      reason: "scope-upgrade",
      approvedScopes: GRANTED,
    });
    expect(await narrow.request("system-presence")).toBeInstanceOf(Array);
    await approve(refusal);
    expect((await wide.hello()).auth.scopes).toEqual([...scopes, "operator.nodes"]);
    expect((await wide.request("device.pair.list", {})).pending).toBeInstanceOf(Array);
    expect(narrow.closes).toEqual([]);
  });

  test("a device token is no way to more scopes, and the refusal says what is", async () => {
    const { client: first, device } = await paired();
    await first.stop();
    const greedy = client({ device, scopes: ["operator.admin"] });
    const refusal = await greedy.refusal();
    expect(refusal.details.code).toBe("AUTH_SCOPE_MISMATCH");
    expect(refusal.details.cure).toContain("device.scopes.requestUpgrade");
    await greedy.pause();
    expect(device.token()).toBeDefined();
  });
});

describe("other kinds of clients", () => {
  const node = { role: "node", mode: "node", clientName: "node-host", scopes: [] } as const;

  test("a node host is paired in its role and may call node methods only", async () => {
    const { client: host, device } = await paired({ ...node, scopes: [...node.scopes] });
    expect(host.hellos[0].auth).toMatchObject({ role: "node", scopes: [] });
    expect(host.hellos[0].snapshot.presence).toEqual([]);
    expect(device.token("node")).toBeDefined();
    expect(await host.request("health")).toMatchObject({ ok: true });
    await expect(host.request("status", {})).rejects.toThrow("unauthorized role: node");
  });

  test("a node host that speaks protocol 3 only is answered in it", async () => {
    const legacy = { ...node, scopes: [], minProtocol: 3, maxProtocol: 3 };
    const { client: host } = await paired(legacy);
    expect(host.hellos[0].protocol).toBe(3);
    expect(await host.request("health")).toMatchObject({ ok: true });
  });

  test("so is an operator", async () => {
    const { client: old } = await paired({ minProtocol: 3, maxProtocol: 3 });
    expect(old.hellos[0].protocol).toBe(3);
    expect(await old.request("health")).toMatchObject({ ok: true });
  });

  test("an operator that speaks protocol 2 only is refused and told what is expected", async () => {
    const old = client({ device: new ReferenceDevice(), minProtocol: 2, maxProtocol: 2 });
    const refusal = await old.refusal();
    expect(refusal.details).toMatchObject({ code: "PROTOCOL_MISMATCH", expectedProtocol: 4 });
    expect(await old.close()).toEqual({ code: 1002, reason: "protocol mismatch" });
  });

  test("a probe connects with protocols 3 to 4 and is on nobody's list", async () => {
    const watcher = await paired();
    const { client: probe } = await paired({ mode: "probe", clientName: "openclaw-probe" });
    expect(probe.hellos[0].protocol).toBe(4);
    const presence = await watcher.client.request("system-presence");
    expect(presence.map((entry: Frame) => entry.mode)).not.toContain("probe");
  });
});

test("ticks arrive in their rhythm with numbers that never jump", async () => {
  const quick = await startTestGateway({ limits: { tickMs: 50 } });
  try {
    const device = new ReferenceDevice();
    const all = { device, token: TEST_TOKEN, scopes: READ_WRITE };
    const first = Reference.start(quick.url, all);
    const { requestId } = (await first.refusal()).details;
    await first.stop();
    await quick.host("device.pair.approve", { requestId });
    const ticking = Reference.start(quick.url, all);
    clients.push(ticking);
    expect((await ticking.hello()).policy.tickIntervalMs).toBe(50);
    const ticks = () => ticking.events.filter(({ event }) => event === "tick");
    await until(() => ticks().length >= 10, "ten ticks");
    const seqs = ticking.events.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const { ts } = ticks()[9].payload;
    expect(ts - ticks()[0].payload.ts).toBeGreaterThanOrEqual(400);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    await quick.close();
  }
});

test("nothing that the gateway printed holds a secret", () => {
  expect(secrets.size).toBeGreaterThan(10);
  expect(gateway.output.length).toBeGreaterThan(1_000);
  const { output } = gateway;
  expect([...secrets].filter((secret) => secret && output.includes(secret))).toEqual([]);
});

/** The device without its stored tokens. */
function keyOnly(device: ReferenceDevice): ReferenceDevice {
  return Object.assign(new ReferenceDevice(), { identity: device.identity });
}
