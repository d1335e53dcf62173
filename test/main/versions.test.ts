import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { legacyDevices } from "../../src/main/legacy-state.ts";
import { openState, type StateDocument, stateShape } from "../../src/main/state.ts";
import type { Device, Invite } from "../../src/pairing/records.ts";
import {
  ADMIN,
  APPROVALS,
  NODES,
  QUESTIONS,
  READ,
  TALK_SECRETS,
  WRITE,
} from "../../src/protocol/access.ts";
import { documentFiles } from "../../src/store/files.ts";
import { readDocument } from "../../src/store/recover.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

/**
 * A state folder as the gateway left it in which `operator.write` held the right to run commands on nodes;
 * `version-2/` was written by that program. Some of it stands in the snapshot, the rest in the journal.
 */
const sample = join(import.meta.dirname, "version-2");
const world = new HandWorld();

function folder(): MemoryFiles {
  const files = new MemoryFiles();
  for (const name of readdirSync(sample)) {
    files.put(`/state/${name}`, readFileSync(join(sample, name)));
  }
  return files;
}

const open = (fs: MemoryFiles) =>
  openState({ folder: "/state", world, fs, limits: { reserveBytes: 16 } });

function named(document: StateDocument, name: string): Device {
  const { devices } = document.durable.devices;
  const found = [...devices.values()].find(({ displayName }) => displayName === name);
  if (!found) throw new Error(`no device ${name}`);
  return found;
}

const rights = ({ scopes, tokens }: Device) => [scopes, tokens.operator?.scopes];

test.each<[string, readonly string[], readonly string[]]>([
  ["writes", [NODES, READ, WRITE], [NODES, READ, WRITE]],
  ["late", [NODES, READ, WRITE], [NODES, READ, WRITE]],
  ["reads", [READ], [READ]],
  ["administers", [ADMIN, WRITE], [ADMIN, WRITE]],
  ["narrowed", [NODES, READ, WRITE], [READ]],
])("the device that %s keeps what it could do", async (name, approved, held) => {
  expect(rights(named(await open(folder()), name))).toEqual([approved, held]);
});

test("links and setup codes keep what was said of them", async () => {
  const { invites } = (await open(folder())).durable.devices;
  const scopes = [...invites.values()].map((invite) => invite.scopes);
  expect(scopes).toEqual([
    [NODES, READ, WRITE],
    [APPROVALS, NODES, QUESTIONS, READ, TALK_SECRETS, WRITE],
  ]);
});

test("devices and links of version 1 keep it as well", () => {
  const scopes = [READ, WRITE];
  const token = { generation: 1, scopes, createdAtMs: 1 };
  const device = { deviceId: "d", roles: ["operator"], scopes, tokens: { operator: token } };
  const invite = { inviteId: "i", secretHash: "h", roles: ["operator"], scopes, users: {} };
  const restored = legacyDevices.restore([{ device }, { invite }]);
  const applied = legacyDevices.empty();
  legacyDevices.apply(applied, { op: "device", device: device as unknown as Device });
  legacyDevices.apply(applied, { op: "invite", invite: invite as unknown as Invite });
  for (const { devices } of [restored, applied]) {
    expect(devices.devices.get("d")?.tokens.operator?.scopes).toEqual([NODES, READ, WRITE]);
    expect(devices.invites.get("i")?.scopes).toEqual([NODES, READ, WRITE]);
  }
});

test("a request stays what its code stands for", async () => {
  const [request] = (await open(folder())).durable.requests.requests.values();
  expect(request).toMatchObject({ kind: "device", scopes: [READ, WRITE] });
});

test("what is taken away afterwards stays taken: it is done once", async () => {
  const files = folder();
  const document = await open(files);
  const { deviceId, tokens, ...rest } = named(document, "writes");
  if (!tokens.operator) throw new Error("no token");
  const operator = { ...tokens.operator, scopes: [READ, WRITE] };
  const device = { ...rest, deviceId, scopes: [READ, WRITE], tokens: { ...tokens, operator } };
  await document.commit([["devices", { op: "device", device }]]);
  await document.close();
  for (const pick of [() => 0, (most: number) => most]) {
    const again = await open(files.afterPowerCut(pick));
    expect(rights(named(again, "writes"))).toEqual([
      [READ, WRITE],
      [READ, WRITE],
    ]);
  }
});

test("a crash at any step of it leaves the old state or the new one", async () => {
  const whole = folder();
  const probe = whole.afterKill();
  await open(probe);
  expect(probe.steps.length).toBeGreaterThan(0);
  for (let at = 0; at < probe.steps.length; at += 1) {
    const fs = whole.afterKill();
    fs.plan = ({ index }) => (index === at ? { crash: true } : undefined);
    void open(fs).catch(() => undefined);
    for (let turn = 0; turn < 200; turn += 1) await new Promise((done) => setImmediate(done));
    const document = await open(fs.afterPowerCut(() => 0));
    expect(rights(named(document, "late")), `step ${at}`).toEqual([
      [NODES, READ, WRITE],
      [NODES, READ, WRITE],
    ]);
  }
});

test("the program before refuses it by name, and begins nothing anew", async () => {
  const files = folder();
  await (await open(files)).close();
  const before = { ...stateShape, version: 2 };
  const reading = readDocument(before, documentFiles("/state", "gateway"), { fs: files, world });
  await expect(reading).rejects.toMatchObject({ code: "STORE_NEWER" });
});
