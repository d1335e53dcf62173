import { readFile, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { AuditLine } from "../../src/audit/chain.ts";
import { auditEvents } from "../../src/audit/events.ts";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { agentMethods } from "../../src/methods/agent.ts";
import { allMethods } from "../../src/methods/index.ts";
import { logMethods } from "../../src/methods/logs.ts";
import { statusMethods } from "../../src/methods/status.ts";
import { systemMethods } from "../../src/methods/system.ts";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { sshKey } from "../kit/ssh-key.ts";
import { until } from "../kit/until.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { approvedNode, capabilitiesCode, pairNode } from "../nodes/support.ts";

/**
 * Every method there is decides something, and then leaves exactly one line that says who, what and
 * from where; or it decides nothing, and then neither the state nor the audit is another afterwards.
 */

const auth = { token: TEST_TOKEN };
const READ = "operator.read";

let gateway: TestGateway;
/** An admin's device, the owner on the host with what the command line says of them, and a node. */
let admin: { id: string; client: RawClient };
let host: AdminLink;
let node: Awaited<ReturnType<typeof approvedNode>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  const device = makeDevice();
  const scopes = ["operator.admin"];
  const by = await pairAndConnect(gateway, { device, auth, scopes });
  by.client.close();
  const own = { device, auth: { deviceToken: by.deviceToken }, scopes };
  admin = { id: device.deviceId, client: (await admittedConnect(gateway, own)).client };
  host = await AdminLink.open(gateway.core.adminSocket);
  node = await approvedNode(gateway, ["system.which"]);
});
afterAll(async () => {
  await host.close();
  await gateway.close();
});

// Some of them change the token, which others ask with.
afterEach(() => gateway.core.secretStore.setSecret("token", TEST_TOKEN, "cli"));

type Caller = "device" | "host";
const callers: readonly Caller[] = ["device", "host"];

function call(caller: Caller, method: string, params: object): Promise<Frame> {
  if (caller === "device") return admin.client.request(method, params);
  const answer = host.request(method, params) as Promise<unknown>;
  return answer.then(
    (payload) => ({ ok: true, payload }),
    (error) => ({ ok: false, error }),
  );
}

const lines = () => gateway.core.audit.read({ limit: 10_000 });

/** What decisions are about: who may do what, links, secrets, what nodes may do, the configuration. */
async function decided(): Promise<string> {
  const { pairing, secrets: secretStore, nodes } = gateway.core.documents;
  const rights = [...pairing.durable.devices.values()].map(
    ({ lastSeenAtMs: _, lastSeenReason: __, ...device }) => ({
      ...device,
      tokens: Object.entries(device.tokens).map(([role, { claimable: ___, ...token }]) => [
        role,
        token,
      ]),
    }),
  );
  const granted = [...nodes.durable.nodes.values()].map(({ nodeId, surface }) => [nodeId, surface]);
  const file = await readFile(gateway.core.config.path, "utf8").catch(() => "");
  const { invites, sshKeys } = pairing.durable;
  const links = [...invites.values()];
  const keys = [...sshKeys.values()];
  return JSON.stringify([rights, links, keys, secretStore.durable.secrets, granted, file]);
}

const asks = async (scopes = [READ]) =>
  (await refusedConnect(gateway, { device: makeDevice(), auth, scopes })).error.details.requestId;
const reader = async () => {
  const device = makeDevice();
  await pairAndConnect(gateway, { device, auth, scopes: [READ] });
  return device.deviceId;
};
const link = async () => {
  const made = await gateway.host<Frame>("device.pair.invite", { role: "node" });
  return made.inviteId;
};
const offer = async () =>
  capabilitiesCode(gateway, (await pairNode(gateway, ["system.which"])).nodeId);
let names = 0;
const name = () => {
  names += 1;
  return `name ${names}`;
};
const named = async () => {
  const { payload } = await admin.client.request("config.get", {});
  return { raw: JSON.stringify({ gateway: { name: name() } }), baseHash: payload.hash };
};
const role = "operator";

interface Decision {
  readonly method: string;
  /** What is called, on things that are made for it. */
  readonly params: () => Promise<object> | object;
  readonly event: keyof typeof auditEvents;
  /** What the line says, given what was asked. */
  // biome-ignore lint/suspicious/noExplicitAny: params are as loose as on the wire
  readonly what: (params: any) => object;
  readonly hostOnly?: true;
}

const decisions: readonly Decision[] = [
  {
    method: "device.pair.approve",
    params: async () => ({ requestId: await asks() }),
    event: "device.approved",
    what: ({ requestId }) => ({ request: requestId, scopes: [READ] }),
  },
  {
    method: "device.pair.approve",
    params: async () => ({ requestId: await offer() }),
    event: "node.approved",
    what: ({ requestId }) => ({ request: requestId, commands: ["system.which"] }),
  },
  {
    method: "device.pair.reject",
    params: async () => ({ requestId: await asks() }),
    event: "device.rejected",
    what: ({ requestId }) => ({ request: requestId }),
  },
  {
    method: "device.pair.reject",
    params: async () => ({ requestId: await offer() }),
    event: "node.rejected",
    what: ({ requestId }) => ({ request: requestId }),
  },
  {
    method: "device.pair.remove",
    params: async () => ({ deviceId: await reader() }),
    event: "device.removed",
    what: ({ deviceId }) => ({ device: deviceId }),
  },
  {
    method: "device.pair.rename",
    params: async () => ({ deviceId: await reader(), label: name() }),
    event: "device.renamed",
    what: ({ deviceId, label }) => ({ device: deviceId, label }),
  },
  {
    method: "device.token.rotate",
    params: async () => ({ deviceId: await reader(), role }),
    event: "token.rotated",
    what: ({ deviceId }) => ({ device: deviceId, role, scopes: [READ] }),
  },
  {
    method: "device.token.revoke",
    params: async () => ({ deviceId: await reader(), role }),
    event: "token.revoked",
    what: ({ deviceId }) => ({ device: deviceId, role }),
  },
  {
    method: "device.pair.invite",
    params: () => ({ role: "node", name: name(), uses: 2 }),
    event: "link.made",
    what: (params) => params,
  },
  {
    method: "device.pair.setupCode",
    params: () => ({ publicUrl: "wss://gateway.example.com" }),
    event: "link.made",
    what: () => ({ access: "full", roles: ["node", "operator"] }),
  },
  {
    method: "device.pair.inviteRevoke",
    params: async () => ({ inviteId: await link() }),
    event: "link.revoked",
    what: ({ inviteId }) => ({ link: inviteId }),
  },
  {
    method: "node.rename",
    params: () => ({ nodeId: node.nodeId, displayName: name() }),
    event: "device.renamed",
    what: ({ nodeId, displayName }) => ({ device: nodeId, label: displayName }),
  },
  {
    method: "node.pair.approve",
    params: async () => ({ requestId: await offer() }),
    event: "node.approved",
    what: ({ requestId }) => ({ request: requestId }),
  },
  {
    method: "node.pair.reject",
    params: async () => ({ requestId: await offer() }),
    event: "node.rejected",
    what: ({ requestId }) => ({ request: requestId }),
  },
  {
    method: "node.pair.remove",
    params: async () => ({ nodeId: (await pairNode(gateway, ["system.which"])).nodeId }),
    event: "device.removed",
    what: ({ nodeId }) => ({ device: nodeId }),
  },
  ...(["config.set", "config.patch", "config.apply"] as const).map(
    (method): Decision => ({
      method,
      params: named,
      event: "config.changed",
      what: () => ({ keys: ["gateway.name"] }),
    }),
  ),
  {
    method: "host.config.set",
    params: () => ({ path: "gateway.name", value: name() }),
    event: "config.changed",
    what: () => ({ keys: ["gateway.name"] }),
    hostOnly: true,
  },
  {
    method: "host.secret.set",
    params: () => ({ kind: "token", secret: TEST_TOKEN }),
    event: "secret.set",
    what: () => ({ kind: "token", revokeDerived: false }),
    hostOnly: true,
  },
  {
    method: "host.token.new",
    params: () => ({}),
    event: "secret.set",
    what: () => ({ kind: "token" }),
    hostOnly: true,
  },
  {
    method: "host.ssh.add",
    params: () => ({ publicKey: sshKey(1), name: "phone", may: ["node"] }),
    event: "ssh.key.added",
    what: () => ({ name: "phone", may: ["node"] }),
    hostOnly: true,
  },
  {
    method: "host.ssh.remove",
    params: async () => {
      await gateway.host("host.ssh.add", { publicKey: sshKey(2), name: "laptop" });
      return { key: "laptop" };
    },
    event: "ssh.key.removed",
    what: () => ({ name: "laptop", may: ["operator"] }),
    hostOnly: true,
  },
  {
    method: "host.config.migrate",
    params: async () => {
      const clear = '{ "gateway": { "auth": { "password": "a password in clear" } } }\n';
      await writeFile(gateway.core.config.path, clear);
      await gateway.core.config.reload();
      // What somebody does to the file by hand has a line too, as soon as it is noticed.
      await until(
        async () => (await lines()).at(-1)?.by.kind === "gateway",
        "a line about the file",
      );
      return { apply: true };
    },
    event: "secret.migrated",
    what: () => ({ kinds: ["password"] }),
    hostOnly: true,
  },
  // Last: only the admin's device and the node are there afterwards.
  {
    method: "device.pair.revokeAll",
    params: async () => {
      await pairing().many.revokeAll({
        except: [admin.id, node.nodeId],
        actor: hostActor,
        force: true,
      });
      return { exceptDeviceIds: [admin.id, node.nodeId], force: true };
    },
    event: "devices.revoked",
    what: () => ({ except: [admin.id, node.nodeId] }),
  },
];

const pairing = () => gateway.core.pairing;
const hostActor = { role: "operator", scopes: [], method: "host" } as const;

const cases = decisions.flatMap((one) =>
  callers
    .filter((caller) => caller === "host" || !one.hostOnly)
    .map((caller) => [one.method, one.event, caller, one] as const),
);

/** Lines that are not of this decision: what was prepared for it, which is awaited first. */
async function newLines(before: number): Promise<AuditLine[]> {
  return (await lines()).filter(({ seq }) => seq > before);
}

describe("a decision leaves one line", () => {
  test.each(cases)("%s: %s, by the %s", async (method, event, caller, decision) => {
    const params = await decision.params();
    const before = (await lines()).at(-1)?.seq ?? 0;
    const { ok, error } = await call(caller, method, params);
    expect(error).toBeUndefined();
    expect(ok).toBe(true);
    const by =
      caller === "device"
        ? { by: { kind: "device", id: admin.id }, from: "127.0.0.1" }
        : { by: { kind: "host", claims: expect.stringMatching(/^uid \d+/) } };
    const added = await newLines(before);
    expect(added).toMatchObject([{ event, what: decision.what(params), ...by }]);
    if (caller === "host") expect(added[0]?.from).toBeUndefined();
    expect(Object.keys(auditEvents)).toContain(event);
  });

  test("a device that a link lets in, and what it lets a node do", async () => {
    const { secret } = await gateway.host<Frame>("device.pair.invite", { role: "node" });
    const before = (await lines()).at(-1)?.seq ?? 0;
    const joined = await pairAndInvite(secret);
    for (;;) {
      const added = await newLines(before);
      if (added.length < 2) continue;
      expect(added).toMatchObject([
        {
          event: "device.linked",
          by: { kind: "link" },
          what: { device: joined },
        },
        { event: "node.approved", by: { kind: "link" }, what: { device: joined } },
      ]);
      return;
    }
  });

  test("the end of many names them, behind the line of the act", async () => {
    const ids = [await reader(), await reader()];
    const before = (await lines()).at(-1)?.seq ?? 0;
    await call("host", "device.pair.revokeAll", {
      exceptDeviceIds: [admin.id, node.nodeId],
      force: true,
    });
    const added = await newLines(before);
    expect(added.map(({ event }) => event)).toEqual(["devices.revoked", "tokens.revoked"]);
    expect(added[1]?.what?.["devices"]).toEqual(expect.arrayContaining(ids));
  });
});

async function pairAndInvite(bootstrapToken: string): Promise<string> {
  const device = makeDevice();
  const client = { id: "node-host", mode: "node", platform: "linux" };
  const params = { commands: ["system.which"] };
  await admittedConnect(gateway, {
    role: "node",
    client,
    device,
    auth: { bootstrapToken },
    params,
  });
  return device.deviceId;
}

/** Methods that change something and decide nothing about anybody, with why they leave no line. */
const noDecisions: Readonly<Record<string, string>> = {
  "device.scopes.requestUpgrade": "it only asks; strangers could fill the audit otherwise",
  "node.event": "what a node reports of itself",
  "node.invoke": "a command, not a right; its node has a log of its own",
  "node.invoke.result": "an answer",
  "node.invoke.progress": "an answer",
  "node.skills.update": "what a node says of itself",
  "node.pluginTools.update": "what a node says of itself",
  "node.runnerInventory.update": "what a node says of itself",
  "node.pending.enqueue": "work that is left for a node, which may do it already",
  "node.pending.drain": "fetches work",
  "node.pending.pull": "fetches work",
  "node.pending.ack": "ends work",
  "host.notify.test": "a message that says it is a test",
  "host.ssh.publish": "writes anew for sshd what was decided",
  "host.restart": "the log has it",
  "host.restart.expect": "the log has it",
  "host.stop": "the log has it",
};

/** Methods that only answer. */
const reads = new Set([
  ...[...agentMethods, ...logMethods, ...statusMethods, ...systemMethods].map(({ name }) => name),
  ...[
    "device.pair.list",
    "device.pair.show",
    "device.pair.inviteList",
    "device.pair.setupStatus",
    "device.scopes.waitUpgrade",
  ],
  ...["node.list", "node.describe", "node.pair.list", "skills.bins"],
  ...["config.get", "config.schema", "config.schema.lookup"],
  ...["host.info", "host.audit.list", "host.audit.verify", "host.ssh.list", "host.events"],
]);

describe("every method", () => {
  test("is known as a decision, as none, or as a question", () => {
    const known = [
      new Set(decisions.map(({ method }) => method)),
      new Set(Object.keys(noDecisions)),
      reads,
    ];
    const places = allMethods.map(
      ({ name }) => [name, known.filter((names) => names.has(name)).length] as const,
    );
    expect(places.filter(([, count]) => count !== 1)).toEqual([]);
  });

  const params: Readonly<Record<string, object>> = {
    "node.describe": { nodeId: "x" },
    "config.schema.lookup": { path: "gateway.name" },
    "device.pair.list": { limit: 10 },
  };
  const asked = allMethods.filter(({ name }) => reads.has(name)).map(({ name }) => name);
  test.each(asked)("%s changes nothing and leaves no line", async (method) => {
    const [state, before] = [await decided(), await lines()];
    for (const caller of callers) await call(caller, method, params[method] ?? {});
    expect(await decided()).toBe(state);
    expect(await lines()).toEqual(before);
  });

  test("that decides nothing changes no right and leaves no line", async () => {
    const device = makeDevice();
    const { client } = await pairAndConnect(gateway, { device, auth, scopes: [READ] });
    const [state, before] = [await decided(), await lines()];
    const upgrade = await client.request("device.scopes.requestUpgrade", {
      scopes: ["operator.write"],
    });
    expect(upgrade.ok).toBe(true);
    const work = { nodeId: node.nodeId, type: "status.request" };
    expect((await admin.client.request("node.pending.enqueue", work)).ok).toBe(true);
    const payload = { event: "node.presence.alive", payload: { trigger: "manual" } };
    expect((await node.client.request("node.event", payload)).ok).toBe(true);
    expect((await node.client.request("node.skills.update", { skills: [] })).ok).toBe(true);
    expect(await decided()).toBe(state);
    expect(await lines()).toEqual(before);
    // The refusal of a decision is none either.
    await call("device", "device.pair.remove", { deviceId: "nobody" });
    await call("device", "config.set", { raw: "{", baseHash: "x" });
    expect(await lines()).toEqual(before);
  });
});

test("after all of it the chain is whole", async () => {
  expect(await gateway.core.audit.verify()).toMatchObject({ faults: [], from: 1 });
});
