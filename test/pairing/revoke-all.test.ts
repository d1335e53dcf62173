import { describe, expect, test } from "vitest";
import { breakOf, genesis, headOf } from "../../src/audit/chain.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import type { Device } from "../../src/pairing/records.ts";
import {
  deviceActor,
  HeldFiles,
  liveDevices,
  type PairingBench,
  pairingOn,
  settle,
} from "./held-store.ts";

const ADMIN = "operator.admin";
const READ = "operator.read";
const link = { role: "operator" as const, scopes: [ADMIN], expiresInMs: 60_000 };
const grant = (deviceId: string) => ({
  deviceId,
  publicKey: "key",
  roles: ["operator" as const],
  scopes: [ADMIN],
  clientId: "test",
  clientMode: "test",
});
const except = (...ids: string[]) => ({ except: ids, actor: hostOwner });

/** The owner's phone, an attacker's device with full control, and others. */
async function bench(more: Parameters<typeof pairingOn>[1] = {}): Promise<PairingBench> {
  const made = await pairingOn(new HeldFiles(), more);
  await made.pair("phone", [ADMIN]);
  await made.pair("evil", [ADMIN]);
  await made.pair("reader", [READ]);
  await made.pair("node", [], "node");
  return made;
}

const eventsOf = ({ trail }: PairingBench) =>
  trail().outbox.map(({ event, what }) => [event, what] as const);

/** Ends with nothing but the phone, whatever was tried meanwhile. */
async function expectOnlyPhone(made: PairingBench): Promise<void> {
  const { document, requests, pairing } = made;
  for (const view of ["durable", "working"] as const) {
    expect(liveDevices(document[view])).toEqual(["phone"]);
    expect(requests[view].requests.size).toBe(0);
  }
  expect(pairing.links.open()).toEqual([]);
  const { outbox, floor } = made.trail();
  let head = outbox[0] ? genesis : floor;
  for (const line of outbox) {
    expect(breakOf(line, head)).toBeUndefined();
    head = headOf(line);
  }
}

describe("revoking all devices but one", () => {
  test("ends every live token, every request and every link, and names them", async () => {
    const made = await bench();
    const { pairing, told, ending } = made;
    await pairing.revoke({ deviceId: "reader", role: "operator", actor: hostOwner });
    const requestId = await made.ask("stranger");
    const { invite, secret } = await pairing.links.make(link, hostOwner);
    told.length = 0;
    const done = await pairing.many.revokeAll(except("phone"));
    expect(done).toMatchObject({ devices: 2, nodes: 1, durable: true });
    expect(done.kept.map(({ deviceId }) => deviceId)).toEqual(["phone"]);
    expect(told).toEqual(["rejected stranger", "revoked evil", "revoked node"]);
    expect(["phone", "evil", "node"].map((id) => ending[0]?.(id))).toEqual([false, true, true]);
    expect(eventsOf(made).slice(-2)).toEqual([
      ["devices.revoked", { except: ["phone"], requests: [requestId], links: [invite.inviteId] }],
      ["tokens.revoked", { devices: ["evil", "node"] }],
    ]);
    expect(pairing.links.check(secret, "anybody")).toEqual({ ok: false, problem: "revoked" });
    await expectOnlyPhone(made);
    // Afterwards everything goes on: the owner lets whom they want in again.
    await made.pair("reader", [READ]);
    expect(liveDevices(made.document.durable)).toEqual(["phone", "reader"]);
  });

  test("goes on in turns until all of many are gone", async () => {
    const made = await pairingOn();
    await made.pair("phone", [ADMIN]);
    const { phone } = Object.fromEntries(made.document.durable.devices) as Record<string, Device>;
    if (!phone) throw new Error("no phone");
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...phone, deviceId: `d${i}` }));
    await made.document.commit(many.map((device) => ({ op: "device", device })));
    let turns = 0;
    const count = () => {
      turns += 1;
      if (turns < 100_000) setImmediate(count);
    };
    setImmediate(count);
    const { devices } = await made.pairing.many.revokeAll(except("phone"));
    expect(turns).toBeGreaterThan(2);
    turns = 100_000;
    expect(devices).toBe(1000);
    const named = eventsOf(made)
      .filter(([event]) => event === "tokens.revoked")
      .map(([, what]) => what?.["devices"] as string[]);
    expect(named.length).toBeGreaterThan(3);
    for (const ids of named) expect(ids.length).toBeLessThanOrEqual(256);
    expect(named.flat().sort()).toEqual(many.map(({ deviceId }) => deviceId).sort());
    await expectOnlyPhone(made);
  });
});

describe("while it runs, on a disk that is held,", () => {
  /** Begins, and resolves while nothing of it is durable yet. */
  async function begun(made: PairingBench, ask = except("phone")) {
    made.files.held = true;
    const running = made.pairing.many.revokeAll(ask);
    running.catch(() => undefined);
    await settle();
    expect(made.files.waiting).toBe(1);
    return { running };
  }

  test("no token of the others counts, though none of it is durable yet", async () => {
    const made = await bench();
    const { running } = await begun(made);
    expect(liveDevices(made.document.durable)).toHaveLength(4);
    const { pairing } = made;
    expect(pairing.device("evil")?.tokens.operator?.revokedAtMs).toBeDefined();
    expect(pairing.device("node")?.tokens.node?.revokedAtMs).toBeDefined();
    expect(pairing.nodePairing("node")).toBeUndefined();
    expect(pairing.device("phone")?.tokens.operator?.revokedAtMs).toBeUndefined();
    expect(made.told).not.toContain("revoked evil");
    made.files.letGo();
    await running;
    await expectOnlyPhone(made);
  });

  test("nobody is let in, invited or given a token, by whomever", async () => {
    const made = await bench();
    const { pairing, files } = made;
    const { secret } = await pairing.links.make(link, deviceActor("evil"));
    const code = await made.ask("accomplice", [ADMIN]);
    const { running } = await begun(made);
    const asking = made.ask("late", [ADMIN]);
    const busy = { shape: { code: "UNAVAILABLE", retryable: true } };
    for (const actor of [deviceActor("evil"), deviceActor("phone"), hostOwner]) {
      await expect(pairing.approve(code, actor)).rejects.toMatchObject({
        shape: { message: expect.stringContaining("unknown requestId") },
      });
      await expect(pairing.links.make(link, actor)).rejects.toMatchObject(busy);
      const late = made.requests.working.byAsker.get("device late") ?? "";
      await expect(pairing.approve(late, actor)).rejects.toMatchObject(busy);
      const rotating = { deviceId: "evil", role: "operator", actor };
      await expect(pairing.rotate(rotating)).rejects.toMatchObject(busy);
    }
    expect(await pairing.links.redeem(secret, grant("accomplice"))).toMatchObject({ ok: false });
    files.letGo();
    await running;
    // Asking is free; nobody was let in by it.
    await pairing.requests.reject(await asking, hostOwner);
    await expectOnlyPhone(made);
    expect(await pairing.links.redeem(secret, grant("accomplice"))).toMatchObject({ ok: false });
  });

  test("no link pairs anybody, though all of them are more than one commit can take back", async () => {
    const made = await bench({ store: { commitBytes: 2000 } });
    const { pairing } = made;
    const secrets: string[] = [];
    for (let i = 0; i < 12; i += 1)
      secrets.push((await pairing.links.make(link, hostOwner)).secret);
    const { running } = await begun(made);
    const all = secrets.map((secret) => pairing.links.redeem(secret, grant("accomplice")));
    expect(new Set((await Promise.all(all)).map(({ ok }) => ok))).toEqual(new Set([false]));
    made.files.letGo();
    await running;
    await expectOnlyPhone(made);
  });

  test("what was decided right before, and is still being written, does not survive", async () => {
    const made = await bench();
    const { pairing, files } = made;
    const evil = deviceActor("evil");
    const code = await made.ask("approved", [ADMIN]);
    const { secret } = await pairing.links.make({ ...link, uses: 2 }, evil);
    files.held = true;
    const before = [
      pairing.approve(code, evil),
      pairing.links.redeem(secret, grant("linked")),
      pairing.links.make(link, evil),
      made.ask("asked", [ADMIN]),
    ];
    const running = pairing.many.revokeAll(except("phone"));
    files.letGo();
    await Promise.all(before);
    const done = await running;
    expect(done).toMatchObject({ devices: 5, durable: true });
    expect([done.pending.length, done.invites.length]).toEqual([1, 2]);
    await expectOnlyPhone(made);
    expect(pairing.links.check(secret, "linked")).toMatchObject({ problem: "revoked" });
    for (const id of ["approved", "linked"]) {
      expect(pairing.device(id)?.tokens.operator?.revokedAtMs).toBeDefined();
    }
  });

  test("the one that stays can't be ended by those that go, nor by itself", async () => {
    const made = await bench();
    const { pairing } = made;
    const { running } = await begun(made);
    const lastWayIn = { shape: { details: { code: "LAST_WAY_IN" } } };
    for (const actor of [deviceActor("phone"), hostOwner]) {
      await expect(pairing.remove("phone", actor)).rejects.toMatchObject(lastWayIn);
    }
    // Of those that go each may be ended for itself.
    const removing = pairing.remove("evil", hostOwner);
    made.files.letGo();
    await Promise.all([running, removing]);
    await expectOnlyPhone(made);
  });

  test("another device can't do the same to the first; the owner on the host waits for it", async () => {
    const made = await bench();
    await made.pair("tablet", [ADMIN]);
    const evil = deviceActor("evil");
    const { running } = await begun(made, { except: ["evil", "phone"], actor: evil });
    const { many } = made.pairing;
    const phone = { except: ["phone"], actor: deviceActor("phone") };
    await expect(many.revokeAll(phone)).rejects.toMatchObject({ shape: { code: "UNAVAILABLE" } });
    const byHost = many.revokeAll(except("phone"));
    const again = many.revokeAll(except("phone"));
    made.files.letGo();
    expect((await running).devices).toBe(3);
    expect([(await byHost).devices, (await again).devices]).toEqual([1, 0]);
    await expectOnlyPhone(made);
  });
});

describe("it is refused before anything is changed", () => {
  test.each([
    ["nobody is named", { except: [], actor: hostOwner }, "LAST_WAY_IN", "revoke-all --force"],
    [
      "who is named has no full control",
      except("reader"),
      "LAST_WAY_IN",
      "revoke-all --except reader --force",
    ],
    [
      "a device does not name itself",
      { except: ["phone"], actor: deviceActor("evil") },
      "ENDS_CALLER",
      "revoke-all --except phone --except evil",
    ],
  ])("where %s", async (_name, ask, code, cure) => {
    const made = await bench();
    const { seq } = made.state;
    await expect(made.pairing.many.revokeAll(ask)).rejects.toMatchObject({
      shape: { details: { code, cure: expect.stringContaining(`openclaw devices ${cure}`) } },
    });
    await expect(made.pairing.many.plan(ask)).rejects.toThrow();
    expect(made.state.seq).toBe(seq);
    expect(made.ending).toEqual([]);
    // Nothing is left behind that would stand in the way.
    await made.pair("next", [READ]);
    await made.pairing.many.revokeAll({ ...ask, force: true, actor: hostOwner });
    expect(liveDevices(made.document.durable)).toEqual(ask.except);
  });

  test("where a name is misspelt", async () => {
    const made = await bench();
    const refused = made.pairing.many.revokeAll({ ...except("phome"), force: true });
    await expect(refused).rejects.toMatchObject({ shape: { message: "unknown deviceId" } });
    expect(liveDevices(made.document.durable)).toHaveLength(4);
  });

  test("force is not for who holds no full control", async () => {
    const made = await bench();
    const actor = deviceActor("reader", [READ]);
    const refused = made.pairing.many.revokeAll({ except: ["reader"], actor, force: true });
    await expect(refused).rejects.toMatchObject({ shape: { details: { code: "LAST_WAY_IN" } } });
  });

  test("not where there is another way in than devices", async () => {
    const made = await bench({ otherAdmins: () => 1 });
    await made.pairing.many.revokeAll({ except: [], actor: hostOwner });
    expect(liveDevices(made.document.durable)).toEqual([]);
    expect(made.pairing.remainingAdmins()).toEqual({ devices: 0, others: 1 });
  });
});

test("an admin's device that ends all, itself included, is ended last", async () => {
  const made = await bench();
  const actor = deviceActor("evil");
  await made.pairing.many.revokeAll({ except: ["phone"], actor, force: true });
  expect(made.ending[0]?.("evil")).toBe(false);
  expect(made.told.filter((line) => line.startsWith("revoked")).at(-1)).toBe("revoked evil");
  await expectOnlyPhone(made);
});

describe("on a full disk", () => {
  const full = (made: PairingBench) => {
    made.files.capacity = [...made.files.inodes.values()].reduce(
      (sum, { content }) => sum + content.length,
      0,
    );
  };

  test("it acts at once, says that it is not durable, and is written when there is room", async () => {
    const made = await bench();
    await made.ask("stranger");
    full(made);
    const done = await made.pairing.many.revokeAll(except("phone"));
    expect(done).toMatchObject({ durable: false, reason: expect.stringContaining("disk full") });
    expect(liveDevices(made.document.durable)).toEqual(["phone"]);
    expect(made.document.unsaved).toBe(true);
    made.files.capacity = Number.POSITIVE_INFINITY;
    await made.pair("next", [READ]);
    expect(made.document.unsaved).toBe(false);
    const again = await pairingOn(made.files.afterPowerCut(() => 0) as HeldFiles);
    expect(liveDevices(again.document.durable)).toEqual(["phone", "next"]);
    expect(again.requests.durable.requests.size).toBe(0);
  });

  test("a line whose predecessor came to nothing still follows from the one before", async () => {
    const made = await bench();
    const code = await made.ask("stranger");
    full(made);
    // The approval is refused with the full disk; the revocation, decided behind it, is not.
    const [approved, revoked] = await Promise.allSettled([
      made.pairing.approve(code, hostOwner),
      made.pairing.many.revokeAll(except("phone")),
    ]);
    expect([approved.status, revoked.status]).toEqual(["rejected", "fulfilled"]);
    made.files.capacity = Number.POSITIVE_INFINITY;
    await made.decisions.note({ event: "lockout.begun", by: { kind: "gateway" } });
    await expectOnlyPhone(made);
    const again = await pairingOn(made.files.afterPowerCut(() => 0) as HeldFiles);
    await expectOnlyPhone(again);
    expect(again.trail()).toEqual(made.trail());
  });
});

test("an admin whose approval may still fail saves no other one from being the last", async () => {
  const made = await bench();
  const { pairing, files } = made;
  await pairing.remove("evil", hostOwner);
  const code = await made.ask("new", [ADMIN]);
  files.held = true;
  const approving = pairing.approve(code, hostOwner);
  const lastWayIn = { shape: { details: { code: "LAST_WAY_IN" } } };
  await expect(pairing.remove("phone", hostOwner)).rejects.toMatchObject(lastWayIn);
  files.letGo();
  await approving;
  await pairing.remove("phone", hostOwner);
  expect(pairing.remainingAdmins()).toEqual({ devices: 1, others: 0 });
});

test("of two admins who remove each other at the same moment one stays", async () => {
  const made = await bench();
  const { pairing } = made;
  const both = await Promise.allSettled([
    pairing.remove("phone", deviceActor("evil")),
    pairing.remove("evil", deviceActor("phone")),
  ]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(made.pairing.remainingAdmins().devices).toBe(1);
});

test("killed at any step, no device is revoked without a line that names it", async () => {
  for (let at = 0, over = false; !over; at += 1) {
    const made = await bench();
    await made.ask("stranger");
    const from = made.files.steps.length;
    made.files.plan = ({ index }) => (index === from + at ? { crash: true } : undefined);
    const running = made.pairing.many.revokeAll(except("phone")).then(() => {
      over = true;
    });
    await Promise.race([running, settle()]);
    for (const pick of [() => 0, (most: number) => most]) {
      const again = await pairingOn(made.files.afterPowerCut(pick) as HeldFiles);
      const { devices } = again.document.durable;
      const { requests: pending } = again.requests.durable;
      const trail = again.trail();
      const lines = trail.outbox.filter(({ event }) => event === "tokens.revoked");
      const named = lines.flatMap(({ what }) => what?.["devices"] as string[]);
      const revoked = [...devices.keys()].filter(
        (id) => !liveDevices(again.document.durable).includes(id),
      );
      expect(revoked.filter((id) => !named.includes(id))).toEqual([]);
      const acted = trail.outbox.some(({ event }) => event === "devices.revoked");
      expect([...devices.keys()].length).toBe(4);
      if (pending.size === 0 || revoked.length > 0) expect(acted).toBe(true);
      // What the line says holds at once, and the next start brings it to its end.
      if (acted) {
        expect(again.pairing.device("evil")?.tokens.operator?.revokedAtMs).toBeDefined();
        await again.pairing.many.resume();
        await expectOnlyPhone(again);
        expect(again.document.durable.revokingAll).toBeUndefined();
        await again.pair("next", [READ]);
      } else expect(again.document.durable.revokingAll).toBeUndefined();
    }
  }
});
