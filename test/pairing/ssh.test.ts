import { beforeEach, describe, expect, test } from "vitest";
import { sshLimitTable } from "../../src/limits/ssh.ts";
import { limitValues } from "../../src/limits/table.ts";
import { sshAdd } from "../../src/methods/ssh.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { SshKeys } from "../../src/pairing/ssh.ts";
import { SshAdmins } from "../../src/pairing/ssh-admins.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { lastWayCure } from "../kit/last-admin-cure.ts";
import { sshKey } from "../kit/ssh-key.ts";
import { type PairingBench, pairingOn, settle } from "./held-store.ts";

const ADMIN = "operator.admin";
let bench: PairingBench;
let ssh: SshKeys;
/** What sshd's helper was given, the last one last. */
let published: string[];
/** What keeps a publication from being done. */
let publishing: Promise<string | undefined>;
let isOn: boolean;
/** The change of the configuration that is being made. */
let ahead: { keys: Record<string, string | null> } | undefined;

beforeEach(async () => {
  bench = await pairingOn(undefined, { otherAdmins: () => ssh.remainingAdmins() });
  const { document, guard, pairing, world } = bench;
  published = [];
  publishing = Promise.resolve(undefined);
  isOn = true;
  ahead = undefined;
  const limits = limitValues();
  ssh = new SshKeys({
    document,
    world,
    limits,
    decisions: pairing.decisions,
    guard,
    admins: new SshAdmins({ document, world, limits, isOn: () => isOn, configAhead: () => ahead }),
    publish: async (lines) => {
      const problem = await publishing;
      published.push(lines);
      return problem;
    },
  });
});

let bytes = 0;
async function add(name: string, more: Partial<Parameters<SshKeys["add"]>[0]> = {}) {
  bytes += 1;
  const ask = { publicKey: sshKey(bytes % 256), name, may: ["operator"] as const, ...more };
  return (await ssh.add(ask, hostOwner)).key;
}
const remove = (name: string, force?: boolean) => ssh.remove(name, { actor: hostOwner, force });
const actor = (fingerprint: string) => ssh.actorOf(fingerprint, "203.0.113.7");

describe("keys that approve over SSH", () => {
  test("count, and are told to sshd, no sooner than they are on disk", async () => {
    bench.files.held = true;
    const adding = add("phone");
    await settle();
    expect(published).toEqual([]);
    bench.files.letGo();
    const { fingerprint, blob } = await adding;
    expect(published).toEqual([`0 ssh-ed25519 ${blob} ${fingerprint} -\n`]);
    expect(actor(fingerprint)).toMatchObject({ method: "ssh", keyId: fingerprint });
  });

  test("are refused from the moment of their removal, before any disk knows of it", async () => {
    const { fingerprint } = await add("phone");
    bench.files.held = true;
    const removing = remove("phone");
    expect(actor(fingerprint)).toBe("unknown");
    bench.files.letGo();
    await removing;
    expect(published.at(-1)).toBe("");
    expect(actor(fingerprint)).toBe("unknown");
  });

  test("are taken from sshd when their time is over", async () => {
    const { fingerprint } = await add("visitor", { expiresInMs: 60_000 });
    const other = await add("phone");
    bench.world.advance(59_999);
    await settle();
    expect(published.at(-1)).toContain(fingerprint);
    bench.world.advance(2);
    await settle();
    expect(published.at(-1)).not.toContain(fingerprint);
    expect(published.at(-1)).toContain(other.fingerprint);
    expect(actor(fingerprint)).toBe("expired");
    ssh.close();
    expect(ssh.live()).toBe(1);
  });

  test("are told one change after the other, however long one takes", async () => {
    let go = (_: undefined) => {};
    publishing = new Promise((resolve) => {
      go = resolve;
    });
    const adding = add("phone");
    await settle();
    const removing = remove("phone");
    await settle();
    expect(published).toEqual([]);
    go(undefined);
    await Promise.all([adding, removing]);
    expect(published.at(-1)).toBe("");
  });

  test("say so where sshd could not be told", async () => {
    publishing = Promise.resolve("/run/x: EACCES");
    const ask = { publicKey: sshKey(200), may: ["node"] as const };
    expect(await ssh.add(ask, hostOwner)).toMatchObject({ unpublished: "/run/x: EACCES" });
    expect(await remove("key")).toMatchObject({ durable: true, unpublished: "/run/x: EACCES" });
  });

  test("show when they were used last, and from where", async () => {
    const { fingerprint } = await add("phone");
    bench.world.advance(5000);
    actor(fingerprint);
    await settle();
    const [key] = ssh.list();
    expect(key).toMatchObject({
      lastUsedAtMs: bench.world.now(),
      lastUsedFrom: "203.0.113.7",
    });
  });
});

describe("the last remaining admin", () => {
  const LAST = { shape: { details: { code: "LAST_WAY_IN" } } };

  test("is kept, when it is a key that may let in everybody", async () => {
    const { fingerprint } = await add("yubikey", { may: ["admin"] });
    await expect(remove("yubikey")).rejects.toMatchObject({
      shape: { details: { cure: lastWayCure(`openclaw ssh remove ${fingerprint}`) } },
    });
    expect(actor(fingerprint)).toMatchObject({ method: "ssh" });
    await remove("yubikey", true);
    expect(actor(fingerprint)).toBe("unknown");
  });

  test("is a device, once that has full control; and a key, where the device goes", async () => {
    await add("yubikey", { may: ["admin"] });
    await bench.pair("owner", [ADMIN]);
    const gone = { deviceId: "owner", role: "operator", actor: hostOwner };
    await bench.pairing.revoke(gone);
    await expect(remove("yubikey")).rejects.toMatchObject(LAST);
    await bench.pair("another", [ADMIN]);
    await remove("yubikey");
    await expect(bench.pairing.revoke({ ...gone, deviceId: "another" })).rejects.toMatchObject(
      LAST,
    );
  });

  test.each<[string, Partial<Parameters<SshKeys["add"]>[0]>]>([
    ["for operators", {}],
    ["for nodes", { may: ["node"] }],
    ["whose time is over", { may: ["admin"], expiresInMs: 1000 }],
  ])("is no key %s", async (_what, more) => {
    await add("owner's", { may: ["admin"] });
    await add("other", more);
    bench.world.advance(2000);
    await remove("other");
    await expect(remove("owner's")).rejects.toMatchObject(LAST);
  });

  test("is no key at all while approval over SSH is off", async () => {
    await add("yubikey", { may: ["admin"] });
    await bench.pair("owner", [ADMIN]);
    isOn = false;
    await expect(
      bench.pairing.revoke({ deviceId: "owner", role: "operator", actor: hostOwner }),
    ).rejects.toMatchObject(LAST);
    await remove("yubikey");
  });

  test("sshWayInMs: is no key that ends soon, be it that nobody has used it yet", async () => {
    const { sshWayInMs } = limitValues();
    await add("short", { may: ["admin"], expiresInMs: sshWayInMs - 1000 });
    await bench.pair("owner", [ADMIN]);
    const gone = { deviceId: "owner", role: "operator", actor: hostOwner };
    await expect(bench.pairing.revoke(gone)).rejects.toMatchObject(LAST);
    await add("long", { may: ["admin"], expiresInMs: sshWayInMs + 1000 });
    expect(ssh.remainingAdmins()).toBe(1);
    bench.world.advance(2000);
    expect(ssh.remainingAdmins()).toBe(0);
    await expect(bench.pairing.revoke(gone)).rejects.toMatchObject(LAST);
    expect(ssh.live()).toBe(2);
  });

  describe("that is a key, where approval over SSH is about to end", () => {
    const by = { actor: hostOwner, command: openclaw`config unset gateway.ssh.account` };

    test("is kept, unless that is said", async () => {
      await add("yubikey", { may: ["admin"] });
      expect(() => ssh.checkEnd(by)).toThrow("would end the last way in");
      expect(ssh.remainingAdmins()).toBe(1);
      ssh.checkEnd({ ...by, force: true });
      await bench.pair("owner", [ADMIN]);
      ssh.checkEnd(by);
      expect(ssh.remainingAdmins()).toBe(1);
    });

    test("counts for nothing meanwhile: the only device can't be ended on its account", async () => {
      await add("yubikey", { may: ["admin"] });
      await bench.pair("owner", [ADMIN]);
      ssh.checkEnd(by);
      ahead = { keys: { "gateway.ssh.account": null } };
      await expect(bench.pairing.remove("owner", hostOwner)).rejects.toMatchObject(LAST);
      ahead = { keys: { "gateway.ssh.authorizedKeys": "digest" } };
      await expect(bench.pairing.remove("owner", hostOwner)).rejects.toMatchObject(LAST);
      ahead = { keys: { "gateway.ssh.account": "digest", "gateway.name": null } };
      await bench.pairing.remove("owner", hostOwner);
      expect(() => ssh.checkEnd(by)).toThrow();
    });

    test("is none where no key lets in everybody", async () => {
      await add("phone");
      ssh.checkEnd(by);
    });
  });

  test("is no key whose addition is not on disk yet", async () => {
    await bench.pair("owner", [ADMIN]);
    bench.files.held = true;
    const adding = add("yubikey", { may: ["admin"] });
    await settle();
    await expect(bench.pairing.remove("owner", hostOwner)).rejects.toMatchObject(LAST);
    bench.files.letGo();
    await adding;
    await bench.pairing.remove("owner", hostOwner);
  });
});

test("sshKeyNetworks and sshNetworkChars: a key that names more is refused", async () => {
  const { sshKeyNetworks, sshNetworkChars } = sshLimitTable;
  const check = sshAdd.validate;
  const ask = (from: readonly string[]) => check?.({ publicKey: sshKey(1), from });
  const many = Array.from({ length: sshKeyNetworks.value + 1 }, (_, at) => `10.0.${at}.0/24`);
  expect(ask(many.slice(1))).toBeUndefined();
  expect(ask(many)).toContain("/from");
  expect(ask(["1".repeat(sshNetworkChars.value)])).toBeUndefined();
  expect(ask(["1".repeat(sshNetworkChars.value + 1)])).toContain("/from/0");
});
