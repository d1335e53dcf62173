import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stateProblems } from "../../src/audit/state-check.ts";
import { legacyDevices, legacyNodes, legacySecrets } from "../../src/main/legacy-state.ts";
import { openState, type StateDocument, stateShape } from "../../src/main/state.ts";
import { COPIES, readLegacy } from "../../src/main/take-over.ts";
import type { Device, PairingState } from "../../src/pairing/records.ts";
import { requestsOf } from "../../src/requests/book.ts";
import type { OldDeviceRequest, OldNodeRequest } from "../../src/requests/take-over.ts";
import { openDocument } from "../../src/store/document.ts";
import { documentFiles } from "../../src/store/files.ts";
import { readDocument } from "../../src/store/recover.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

/**
 * A state folder as a gateway left it that was killed in the middle of writing a snapshot, before the
 * documents shared one journal: `version-1/` was written by that program.
 */
const sample = join(import.meta.dirname, "version-1");
const documents = ["gateway", "devices", "nodes"];
const names = readdirSync(sample).filter((name) => documents.includes(name.split(".")[0] ?? ""));
const bytesOf = (name: string) => readFileSync(join(sample, name));
const world = new HandWorld();
const limits = { reserveBytes: 16 };

function oldFolder(): MemoryFiles {
  const files = new MemoryFiles();
  for (const name of names) files.put(`/state/${name}`, bytesOf(name));
  for (const name of documents) files.put(`/state/${name}.ballast`, Buffer.alloc(16));
  return files;
}

const open = (fs: MemoryFiles) => openState({ folder: "/state", world, fs, limits });

/** Keys of version 1 as they are while a snapshot of them is being written: in two journals. */
async function rewritingKeys(): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  files.plan = ({ what, path }) =>
    what === "rename" && path.endsWith("gateway.json") ? { error: "EIO" } : undefined;
  const small = { reserveBytes: 0, journalBytes: 1 };
  const old = await openDocument(legacySecrets, {
    folder: "/state",
    world,
    fs: files,
    limits: small,
  });
  await old.commit([{ op: "keys", seed: "seed", tokenKey: "key" }]);
  for (const epoch of [1, 2]) {
    const secret = { hash: "hash", source: "cli", setAtMs: 1, epoch } as const;
    await old.commit([{ op: "secret", kind: "token", secret }]);
  }
  await old.close();
  files.plan = () => undefined;
  expect(files.inodes.has("/state/gateway.journal.next")).toBe(true);
  return files;
}

/** Everything that a state says, with maps and sets as lists. */
const said = (state: unknown) =>
  JSON.stringify(state, (_key, value) => {
    if (value instanceof Map) return [...value];
    return value instanceof Set ? [...value] : value;
  });

/** What the records of version 1 say, read without the program's own replay of its changes. */
function recordsOf(name: string): Record<string, unknown>[] {
  const { records } = JSON.parse(bytesOf(name).toString()) as {
    records: Record<string, unknown>[];
  };
  return records;
}

async function expectTaken(document: StateDocument): Promise<void> {
  const { secrets, devices, nodes, requests, audit, host } = document.durable;
  const [keys] = recordsOf("gateway.json");
  expect(secrets).toEqual(keys);
  // What stands in the journal behind the snapshot only says when devices were seen.
  const paired = recordsOf("devices.json").flatMap(({ device }) => (device ? [device] : []));
  expect([...devices.devices.keys()].sort()).toEqual(
    paired.map((device) => (device as Device).deviceId).sort(),
  );
  for (const before of paired as Device[]) expectSame(devices, before);
  const pending = recordsOf("devices.json").flatMap((one) =>
    one["pending"] ? [one["pending"]] : [],
  );
  expect(requestsOf(requests, "device")).toEqual(
    (pending as OldDeviceRequest[]).map(({ under, ...rest }) => ({
      ...rest,
      kind: "device",
      ...(under !== undefined && { secretEpoch: under }),
    })),
  );
  const granted = recordsOf("nodes.json").flatMap(({ node }) => (node ? [node] : []));
  expect([...nodes.nodes.values()].map(({ surface }) => surface)).toEqual(
    granted.map((node) => (node as { surface?: unknown }).surface),
  );
  const asked = recordsOf("nodes.json").flatMap(({ request }) => (request ? [request] : []));
  expect(requestsOf(requests, "node")).toEqual(
    asked.map((request) => ({ ...(request as OldNodeRequest), kind: "node" })),
  );
  expect(asked).toHaveLength(1);
  expect(host.trail.head).toEqual(audit.head);
  expect(audit.head.seq).toBeGreaterThan(5);
  expect(stateProblems(host.trail, () => true)).toEqual([]);
}

/** The rights are those of before, under the names of today. */
function expectSame(now: PairingState, before: Device): void {
  const device = now.devices.get(before.deviceId);
  expect(device).toMatchObject({ scopes: before.scopes, roles: before.roles });
  for (const [role, token] of Object.entries(before.tokens)) {
    const { under, pickup, ...rest } = token as typeof token & { under?: number; pickup?: true };
    const names = {
      ...(under !== undefined && { secretEpoch: under }),
      ...(pickup && { claimable: pickup }),
    };
    // Seen since: then the token was claimed.
    const { claimable: _, ...found } = device?.tokens[role as "operator"] ?? {};
    const { claimable: __, ...wanted } = names as { claimable?: true; secretEpoch?: number };
    expect(found).toEqual({ ...rest, ...wanted });
  }
}

describe("a state folder of version 1", () => {
  test("has both names that are called otherwise now, and a journal behind each snapshot", () => {
    const devices = bytesOf("devices.json").toString();
    expect(devices).toContain('"under":1');
    expect(names).toContain("devices.journal.next");
    expect(recordsOf("devices.json").some((record) => "trail" in record)).toBe(true);
  });

  test("is taken over whole, and its files are kept", async () => {
    const files = oldFolder();
    const document = await open(files);
    await expectTaken(document);
    await document.close();
    const left = [...files.inodes.keys()].filter((path) => !path.includes(`/${COPIES}/`)).sort();
    expect(left).toEqual(
      ["gateway.journal", "gateway.json", "gateway.reserve"].map((name) => `/state/${name}`),
    );
    for (const name of names) {
      expect(files.content(`/state/${COPIES}/${name}`)).toEqual(bytesOf(name));
    }
    const again = await open(files);
    await expectTaken(again);
    expect(said(again.durable)).toBe(said(document.durable));
  });

  test("says the same when it is only read", async () => {
    const files = oldFolder();
    const { state } = await readLegacy("/state", { fs: files, world });
    expect(files.steps.every(({ what }) => ["readFile", "list", "facts"].includes(what))).toBe(
      true,
    );
    const document = await open(files);
    for (const part of ["secrets", "devices", "nodes", "requests", "audit", "host"] as const) {
      expect(said(document.durable[part])).toBe(said(state[part]));
    }
  });

  test("killed or without power at any step, it is the old state or the new one, whole", async () => {
    let steps = 0;
    for (let at = 0, over = false; !over; at += 1) {
      const files = oldFolder();
      files.plan = ({ index }) => (index === at ? { crash: true } : undefined);
      const opening = open(files).then(
        () => {
          over = true;
        },
        () => undefined,
      );
      // A crashed disk never answers.
      await Promise.race([opening, turns()]);
      for (const pick of [() => 0, (most: number) => most]) {
        const next = files.afterPowerCut(pick);
        const document = await open(next);
        await expectTaken(document);
        await document.close();
        expect([...next.inodes.keys()].some((path) => path.includes("/devices."))).toBe(
          [...next.inodes.keys()].some((path) => path.includes(`/${COPIES}/devices.`)),
        );
      }
      steps = at;
    }
    expect(steps).toBeGreaterThan(60);
  });

  test("is taken over where a crash left a second journal of the keys, also with a crash in between", async () => {
    for (let at = 0, over = false; !over; at += 1) {
      const files = await rewritingKeys();
      const from = files.steps.length;
      files.plan = ({ index }) => (index === from + at ? { crash: true } : undefined);
      const opening = open(files).then(async (document) => {
        expect(document.durable.secrets.secrets.token?.epoch).toBe(2);
        await document.close();
        over = true;
      });
      await Promise.race([opening, turns()]);
      for (const pick of [() => 0, (most: number) => most]) {
        const document = await open(files.afterPowerCut(pick));
        expect(document.durable.secrets).toMatchObject({ seed: "seed", tokenKey: "key" });
        expect(document.durable.secrets.secrets.token?.epoch).toBe(2);
        await document.close();
      }
    }
  });

  const damages: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    "is cut in the middle": (bytes) => bytes.subarray(0, bytes.length >> 1),
    "has a flipped bit": (bytes) => {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(200) ^ 1, 200);
      return flipped;
    },
    "is empty": () => Buffer.alloc(0),
  };
  const cases = names.flatMap((name) => Object.keys(damages).map((what) => ({ name, what })));

  test.each(cases)(
    "is refused where $name $what, and nothing is changed",
    async ({ name, what }) => {
      const files = oldFolder();
      files.put(`/state/${name}`, damages[what]?.(bytesOf(name)) ?? Buffer.alloc(0));
      const before = contents(files);
      const opened = await open(files).catch((error: Error & { code?: string }) => error);
      if (opened instanceof Error) {
        expect(opened).toMatchObject({
          code: "STORE_DAMAGED",
          message: expect.stringContaining(name),
        });
        expect(contents(files)).toEqual(before);
        return;
      }
      // The end of a journal that a crash may have cut short: no caller was told that it is durable.
      expect(name).toMatch(/journal/);
      expect(what).toBe("is cut in the middle");
      expect(opened.durable.devices.devices.size).toBe(5);
    },
  );

  test.each(names.filter((name) => name.endsWith(".journal")))(
    "is refused where %s is missing, and no new keys are made",
    async (name) => {
      const files = oldFolder();
      files.remove(`/state/${name}`);
      const before = contents(files);
      await expect(open(files)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
      expect(contents(files)).toEqual(before);
    },
  );

  test("is refused where the keys are gone", async () => {
    const files = oldFolder();
    for (const name of names) if (name.startsWith("gateway.")) files.remove(`/state/${name}`);
    await expect(open(files)).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining("it and gateway.json are missing"),
    });
  });
});

describe("a state that was taken over", () => {
  test("is refused by the program of version 1, by name, and not begun anew", async () => {
    const files = oldFolder();
    await (await open(files)).close();
    const outside = { fs: files, world };
    const reading = readDocument(legacySecrets, documentFiles("/state", "gateway"), outside);
    await expect(reading).rejects.toMatchObject({
      code: "STORE_NEWER",
      message: expect.stringContaining("gateway has version 3 there, known is 1"),
    });
    for (const legacy of [legacyDevices, legacyNodes]) {
      expect(files.inodes.has(documentFiles("/state", legacy.name).journal)).toBe(false);
    }
  });

  test("goes on: what is decided on it is there at the next start", async () => {
    const files = oldFolder();
    const document = await open(files);
    const [deviceId = ""] = document.durable.devices.devices.keys();
    await document.commit([["devices", { op: "device-gone", deviceId }]]);
    const again = await open(files.afterPowerCut(() => 0));
    expect(again.durable.devices.devices.has(deviceId)).toBe(false);
    expect(again.durable.devices.devices.size).toBe(4);
  });
});

test("a new folder is not touched by it", async () => {
  const files = new MemoryFiles();
  const document = await open(files);
  expect([...files.inodes.keys()].some((path) => path.includes(COPIES))).toBe(false);
  expect(said(document.durable)).toBe(said(stateShape.empty()));
});

function contents(files: MemoryFiles): [string, string][] {
  const kept = [...files.inodes].filter(([path]) => !path.includes(".damaged-"));
  return kept.map(([path, { content }]): [string, string] => [path, content.toString("base64")]);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) await new Promise((done) => setImmediate(done));
}
