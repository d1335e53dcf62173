import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { approverMethods } from "../../src/methods/approver.ts";
import { answeredMethods } from "../kit/answers.ts";
import { askApprover } from "../kit/approve-socket.ts";
import { connectParams, type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { sshKey } from "../kit/ssh-key.ts";
import { until } from "../kit/until.ts";
import { approvedNode, capabilitiesCode, reconnect } from "../nodes/support.ts";

let gateway: TestGateway;
const clients: RawClient[] = [];
const ADMIN = "operator.admin";

beforeAll(async () => {
  gateway = await startTestGateway({ limits: { pendingPerAddress: 64 } });
});
afterAll(async () => {
  for (const { ws } of clients) ws.terminate();
  await gateway.close();
});

let keys = 0;
/** The fingerprint of a key that may approve. */
async function approver(...may: string[]): Promise<string> {
  keys += 1;
  const params = { publicKey: sshKey(keys), may: may.length > 0 ? may : ["operator"] };
  const { key } = await gateway.host<{ key: { fingerprint: string } }>("host.ssh.add", params);
  return key.fingerprint;
}

type Words = [verb: string, argument?: string];

async function says(key: string, ...[verb, argument]: Words): Promise<Frame> {
  const name = verb === "revoke" ? "deviceId" : "requestId";
  const params = argument === undefined ? {} : { [name]: argument };
  const address = "203.0.113.7";
  return askApprover(gateway, { method: `approver.${verb}`, params, key, address });
}

/** The lines of an answer that was no refusal. */
async function lines(key: string, ...words: Words): Promise<string[]> {
  const { payload, error } = await says(key, ...words);
  expect(error, words.join(" ")).toBeUndefined();
  return payload.lines;
}

async function refused(key: string, ...words: Words): Promise<string> {
  return (await says(key, ...words)).error.message;
}

interface Asks {
  readonly scopes?: readonly string[];
  readonly device?: ReturnType<typeof makeDevice>;
  readonly name?: string;
  readonly node?: boolean;
  readonly commands?: readonly string[];
}

/** A device that waits, and the code of its request. */
async function waits({ scopes = ["operator.read"], device = makeDevice(), ...asks }: Asks = {}) {
  const client = await RawClient.open(gateway.url);
  clients.push(client);
  const about = { displayName: asks.name ?? "Tablet" };
  const answer = await client.connect({
    device,
    caps: ["pairing-wait"],
    ...(asks.node ? { role: "node" } : { scopes }),
    client: asks.node ? { ...about, id: "node-host", mode: "node" } : about,
    ...(asks.commands && { params: { commands: asks.commands, caps: ["system", "pairing-wait"] } }),
  });
  return { client, device, code: String(answer.error?.details.requestId) };
}

/** Approves a device that waits; resolves with the challenge by which it then comes in. */
async function admitted(key: string, { client, code }: { client: RawClient; code: string }) {
  const seen = client.frames.length;
  await lines(key, "approve", code);
  return client.challenge(seen);
}

describe("the right to run commands on nodes", () => {
  const scopes = ["operator.read", "operator.write"];
  const held = (deviceId: string) => gateway.core.pairing.device(deviceId)?.scopes;

  test("is named, marked where it was not asked for, and left out by words", async () => {
    const key = await approver("operator");
    const { code, device } = await waits({ scopes });
    const card = (await lines(key, "show", code)).join("\n");
    expect(card).toContain("(may be left out)");
    expect(card).toContain(`  approve ${code} without nodes`);
    const answer = await lines(key, "approveWithout", code);
    expect(answer).toContain("  left out: run commands on nodes");
    expect(answer.join(" ")).not.toContain("may be left out");
    expect(held(device.deviceId)).toEqual(scopes);
  });

  test("is granted where it is not left out, and the answer names it", async () => {
    const key = await approver("operator");
    const { code: other } = await waits();
    expect((await lines(key, "show", other)).join("\n")).not.toContain("without");
    const { code, device } = await waits({ scopes });
    const answer = (await lines(key, "approve", code)).join(" ").replace(/ +/g, " ");
    expect(answer).toMatch(/run commands on nodes(?!.*left out)/);
    expect(held(device.deviceId)).toEqual(["operator.nodes", ...scopes]);
  });
});

describe("who may ask", () => {
  test("a key that is not there, or was removed, is told so and nothing else", async () => {
    const { code } = await waits();
    const key = await approver("admin");
    expect((await says("SHA256:none", "list")).error).toEqual({
      code: "FORBIDDEN",
      message: "This key may not approve any more.",
    });
    await gateway.host("host.ssh.remove", { key });
    expect(await refused(key, "approve", code)).toBe("This key may not approve any more.");
    expect((await askApprover(gateway, { method: "approver.list" })).error.code).toBe("FORBIDDEN");
    expect(gateway.core.pairing.requests.isPending(code)).toBe(true);
  });

  test("a key for another network is refused by the gateway too", async () => {
    keys += 1;
    const params = { publicKey: sshKey(keys), from: ["192.0.2.0/24"] };
    const { key } = await gateway.host<{ key: { fingerprint: string } }>("host.ssh.add", params);
    expect(await refused(key.fingerprint, "list")).toBe(
      "This key may not be used from where you are.",
    );
  });

  test("no method but the five is there, whatever a key may", async () => {
    const key = await approver("admin");
    const others = [
      "host.info",
      "device.pair.list",
      "host.ssh.add",
      "config.get",
      "health",
      "connect",
    ];
    for (const method of others) {
      expect((await askApprover(gateway, { method, key })).error).toMatchObject({
        code: "INVALID_REQUEST",
        message: `unknown method: ${method}`,
      });
    }
    // And over the network these five are not there.
    await expect(gateway.host("approver.list")).rejects.toThrow("unknown method: approver.list");
  });
});

describe("what is answered", () => {
  test("lines of at most 40 columns, whatever devices call themselves", async () => {
    const key = await approver();
    const name = `${"W".repeat(50)}\u001b[2J\u202e漢字`;
    const { code } = await waits({ name, scopes: ["operator.read", "operator.write"] });
    const all = [
      ...(await lines(key, "list")),
      ...(await lines(key, "show", code)),
      ...(await lines(key, "approve", code)),
    ];
    for (const line of all) {
      expect([...line].length, line).toBeLessThanOrEqual(40);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
  });

  test("sshListRows: the newest of many, and how many others there are", async () => {
    const key = await approver();
    const before = await gateway.host<{ pending: unknown[] }>("device.pair.list", {});
    const made = [];
    for (let i = 0; i < 12; i += 1) made.push(await waits({ name: `Device ${i}` }));
    const found = await lines(key, "list");
    expect(found[0]).toBe(`${before.pending.length + 12} wait for approval.`);
    expect(found.filter((line) => line.startsWith("  “Device "))).toHaveLength(10);
    expect(found.join("\n")).toContain("Device 11");
    expect(found.at(-1)).toBe(`and ${before.pending.length + 2} more`);
    for (const { code } of made) await lines(key, "reject", code);
  });

  test("a name is one quoted line, so that none of it looks like a line of the gateway's", async () => {
    const key = await approver("operator", "admin");
    const name = "Ann's iPhone 15 Pro (home, kitchen) 12 asks operator: see chats";
    const { code } = await waits({ name, scopes: [ADMIN] });
    const asks = (found: string[]) => found.filter((line) => line.trim().startsWith("asks "));
    const listed = await lines(key, "list");
    const at = listed.findIndex((line) => line.startsWith(code));
    expect(listed[at + 1]).toBe("  “Ann's iPhone 15 Pro (home, kitchen)…”");
    expect(asks(listed.slice(at, at + 4))).toEqual(["  asks operator: full control"]);
    const approved = await lines(key, "approve", code);
    expect(approved[0]).toBe("Approved: “Ann's iPhone 15 Pro (home, …”");
    expect(approved[2]).toBe("  may operator: full control");
  });

  test("a key is told what is not for it to approve", async () => {
    const keys = { node: await approver("node"), operator: await approver("operator") };
    const { code } = await waits();
    const shownTo = async (key: string) => {
      const listed = await lines(key, "list");
      const at = listed.findIndex((line) => line.startsWith(code));
      return listed.slice(at, at + 4).join("\n");
    };
    expect(await shownTo(keys.node)).toContain("(not for this key to approve)");
    expect(await shownTo(keys.operator)).not.toContain("(not for this key to approve)");
  });

  test("an upgrade says what the device has and what would be new", async () => {
    const key = await approver();
    const device = makeDevice();
    const first = await waits({ device });
    await lines(key, "approve", first.code);
    const more = await waits({ device, scopes: ["operator.read", "operator.write"] });
    const card = (await lines(key, "show", more.code)).join("\n");
    expect(card).toMatch(/Has now\s+operator: see chats/);
    expect(card).toMatch(/New\s+operator: send messages/);
    await lines(key, "approve", more.code);
  });

  test("what became of a code: replaced, decided, or never heard of", async () => {
    const key = await approver();
    const device = makeDevice();
    const first = await waits({ device });
    const second = await waits({ device, scopes: ["operator.write"] });
    const answer = await says(key, "approve", first.code);
    expect(answer.error.message).toBe(
      `The device asks for something else now, with the code ${second.code}.`,
    );
    expect(answer.error.details.cure).toBe(`show ${second.code}`);
    await lines(key, "reject", second.code);
    for (const code of [second.code, "0000-0000"]) {
      const { error } = await says(key, "show", code);
      expect(error.message).toContain("Nobody waits with that code.");
      expect(error.details.cure).toBe("list");
    }
  });
});

describe("nodes", () => {
  const offer = { node: true, commands: ["system.notify"] } as const;

  test("both steps, by a key for nodes; one for operators gets neither", async () => {
    const [nodes, operators] = [await approver("node"), await approver()];
    const waiting = await waits({ ...offer, name: "attic" });
    for (const verb of ["approve", "reject"]) {
      expect(await refused(operators, verb, waiting.code)).toContain("This key may not do that.");
    }
    const challenge = await admitted(nodes, waiting);
    const options = {
      device: waiting.device,
      caps: ["pairing-wait"],
      role: "node",
      client: { id: "node-host", mode: "node", displayName: "attic" },
      params: { commands: ["system.notify"], caps: ["system", "pairing-wait"] },
    };
    const hello = await waiting.client.request("connect", connectParams(challenge, options));
    expect(hello.ok).toBe(true);
    const request = await until(
      () => gateway.core.pairing.requests.all("node")[0],
      "what the node offers",
    );
    const listed = (await lines(nodes, "list")).join("\n");
    expect(listed).toContain(request.requestId);
    expect(listed).toContain("system.notify");
    expect(await refused(operators, "approve", request.requestId)).toContain("may not do that");
    expect(await refused(operators, "reject", request.requestId)).toContain("may not do that");
    const approved = (await lines(nodes, "approve", request.requestId)).join("\n");
    expect(approved).toContain("system.notify");
    expect(gateway.core.nodes.record(request.nodeId)?.surface?.commands).toEqual(["system.notify"]);
  });
});

describe("a node that asks for much", () => {
  test("askChars: is cut in the list, what runs programs first, and shown whole", async () => {
    const key = await approver("admin");
    const caps = Array.from({ length: 60 }, (_, at) => `ability-number-${at}`);
    const permissions = { "screen.record": true };
    const node = await approvedNode(gateway, ["system.notify"]);
    const commands = ["system.notify", "system.run"];
    const more = { caps, params: { permissions } };
    await reconnect(gateway, node, commands, more);
    const code = await capabilitiesCode(gateway, node.nodeId);
    const listed = [...(await lines(key, "list")), ""];
    const at = listed.findIndex((line) => line.startsWith(code));
    const row = listed.slice(at, listed.indexOf("", at)).join(" ").replace(/ +/g, " ");
    expect(row).toContain("asks for commands system.run, system.notify; permission screen.record;");
    expect(row).toMatch(new RegExp(`… all of it: show ${code}$`));
    const card = (await lines(key, "show", code)).join(" ").replace(/ +/g, " ");
    expect(card).toContain("ability-number-59");
    expect(card).toContain("New command system.run; permission screen.record; abilities");
    await lines(key, "approve", code);
    expect(gateway.core.nodes.record(node.nodeId)?.surface?.permissions).toEqual(permissions);
  });
});

describe("revoke", () => {
  test("ends every role of the device that fits, and closes its connection", async () => {
    const key = await approver();
    const { code, device, client } = await waits();
    const challenge = await admitted(key, { client, code });
    const options = {
      device,
      scopes: ["operator.read"],
      caps: ["pairing-wait"],
    };
    const hello = await client.request("connect", connectParams(challenge, options));
    expect(hello.ok).toBe(true);
    const typed = device.deviceId
      .slice(0, 12)
      .toUpperCase()
      .replace(/.{4}\B/g, "$&-");
    expect((await lines(key, "revoke", typed))[0]).toBe("Revoked: “Tablet”");
    await until(() => client.closed, "its connection to end");
    expect(client.closed?.code).toBe(4001);
    expect((await lines(key, "revoke", typed))[0]).toBe("Out already: “Tablet”");
  });

  test("a key that may not end all that a device is ends none of it", async () => {
    const keys = { operator: await approver("operator"), both: await approver("operator", "node") };
    const { code, device } = await waits();
    await lines(keys.operator, "approve", code);
    const second = await waits({ device, node: true });
    await lines(keys.both, "approve", second.code);
    const typed = device.deviceId.slice(0, 12);
    const roles = () =>
      Object.entries(gateway.core.pairing.device(device.deviceId)?.tokens ?? {})
        .filter(([, token]) => token.revokedAtMs === undefined)
        .map(([role]) => role)
        .sort();
    expect(await refused(keys.operator, "revoke", typed)).toContain("may not do that");
    expect(roles()).toEqual(["node", "operator"]);
    await lines(keys.both, "revoke", typed);
    expect(roles()).toEqual([]);
  });

  test("the last remaining admin is not for a key to end", async () => {
    await gateway.host("device.pair.revokeAll", { force: true });
    const key = await approver("admin");
    const { code, device } = await waits({ scopes: [ADMIN] });
    await lines(key, "approve", code);
    const typed = device.deviceId.slice(0, 12);
    const { error } = await says(key, "revoke", typed);
    expect(error.details.code).toBe("LAST_WAY_IN");
    expect(gateway.core.pairing.device(device.deviceId)?.tokens.operator).not.toHaveProperty(
      "revokedAtMs",
    );
  });

  test("no device by that start, or several, or a name: none is touched", async () => {
    const key = await approver();
    for (const typed of ["0123456789", "not-an-id", "Tablet-Tablet"]) {
      expect(await refused(key, "revoke", typed)).toContain("No paired device has an id");
    }
  });
});

test("who names many codes that are none is locked out of naming them, and other keys are not", async () => {
  const [guesser, other] = [await approver(), await approver()];
  const { code } = await waits();
  const before = (await gateway.core.audit.read({ limit: 10_000 })).at(-1)?.seq ?? 0;
  for (let i = 0; i < limitTable.codeFailures.value; i += 1) {
    const guess = `0000-${String(i).padStart(4, "0")}`;
    expect(await refused(guesser, "show", guess)).toContain("Nobody waits");
  }
  const { error } = await says(guesser, "approve", code);
  expect(error.details.code).toBe("CODES_LOCKED");
  const added = await until(async () => {
    const found = (await gateway.core.audit.read({ limit: 10_000 })).filter(
      ({ seq }) => seq > before,
    );
    return found.length > 0 && found;
  }, "a line of the audit");
  expect(added).toMatchObject([
    { event: "lockout.begun", what: { credential: "code", key: guesser } },
  ]);
  expect((await lines(other, "approve", code))[0]).toBe("Approved: “Tablet”");
});

test("each verb has answered here, within its result schema", () => {
  const names = approverMethods.map(({ name }) => name);
  expect(names.filter((name) => !answeredMethods().has(name))).toEqual([]);
});
