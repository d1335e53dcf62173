import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { applyChange, emptyState } from "../../src/pairing/changes.ts";
import type { PairingState, SshKey } from "../../src/pairing/records.ts";
import {
  actorOfKey,
  addSshKey,
  approverLines,
  findSshKey,
  type SshKeyAsk,
} from "../../src/pairing/ssh-keys.ts";
import type { Actor } from "../../src/protocol/access.ts";

const NOW = 1_795_000_000_000;
const DAY = 86_400_000;

/** A public key whose 32 bytes are all `byte`. */
function publicKey(byte: number, comment = ""): string {
  const type = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20");
  const blob = Buffer.concat([type, Buffer.alloc(32, byte)]).toString("base64");
  return `ssh-ed25519 ${blob} ${comment}`.trim();
}

class Bench {
  readonly state: PairingState = emptyState();

  add(byte: number, ask: Partial<SshKeyAsk> = {}, limits = {}): SshKey {
    const full = {
      publicKey: publicKey(byte, `key ${byte}`),
      may: ["operator"],
      ...ask,
    } as SshKeyAsk;
    const { key, changes } = addSshKey(this.state, full, {
      now: NOW,
      limits: limitValues(limits),
    });
    for (const change of changes) applyChange(this.state, change);
    return key;
  }
}

describe("adding", () => {
  test("keeps what was asked for, in one form", () => {
    const key = new Bench().add(1, {
      name: "phone",
      may: ["admin", "node", "node"],
      from: ["203.0.113.77/24", "2001:db8::5/32", "127.0.0.1"],
      expiresInMs: DAY,
    });
    expect(key).toMatchObject({
      name: "phone",
      may: ["node", "admin"],
      from: ["203.0.113.0/24", "2001:db8:0:0:0:0:0:0/32", "127.0.0.1"],
      addedAtMs: NOW,
      expiresAtMs: NOW + DAY,
    });
    expect(key.fingerprint).toMatch(/^SHA256:[\w+/]{43}$/);
  });

  test("is called by its comment, and two of one comment are told apart", () => {
    const bench = new Bench();
    expect(bench.add(1, { publicKey: publicKey(1, "ann@laptop") }).name).toBe("ann@laptop");
    expect(bench.add(2, { publicKey: publicKey(2, "ann@laptop") }).name).toBe("ann@laptop 2");
    expect(bench.add(3, { publicKey: publicKey(3) }).name).toBe("key");
  });

  test("is refused for a key or a name that is there already, in whatever case", () => {
    const bench = new Bench();
    bench.add(1, { name: "phone" });
    expect(() => bench.add(1, { name: "again" })).toThrow("that key is there already, as “phone”");
    expect(() => bench.add(2, { name: "Phone" })).toThrow("another key is called “Phone”");
  });

  test("is refused past sshKeys, and for a life past sshKeyMaxMs or below sshKeyMinMs", () => {
    const bench = new Bench();
    bench.add(1, {}, { sshKeys: 2 });
    bench.add(2, {}, { sshKeys: 2 });
    expect(() => bench.add(3, {}, { sshKeys: 2 })).toThrow("no more than 2 keys fit");
    const long = { expiresInMs: 2 * DAY };
    expect(() => bench.add(4, long, { sshKeyMaxMs: DAY })).toThrow("between one second and 1 days");
    expect(() => bench.add(4, { expiresInMs: 999 })).toThrow("between one second");
  });

  test.each(["10.0.0.0/33", "example.com", "10.0.0.1,10.0.0.2", '10.0.0.1"', "", "::1%eth0"])(
    "is refused for the network %s",
    (network) => {
      expect(() => new Bench().add(1, { from: [network] })).toThrow("expected an address");
    },
  );
});

describe("naming a key", () => {
  const bench = new Bench();
  const phone = bench.add(1, { name: "Ann's phone" });
  bench.add(2, { name: "laptop" });

  test.each([
    ["its name in another case", "ann's PHONE"],
    ["its fingerprint", phone.fingerprint],
    ["the fingerprint without its kind", phone.fingerprint.slice(7)],
    ["the start of it", phone.fingerprint.slice(0, 15)],
  ])("by %s", (_how, typed) => {
    expect(findSshKey(bench.state, typed)).toEqual(phone);
  });

  test.each(["", "SHA256:", phone.fingerprint.slice(7, 12), "tablet"])("not by “%s”", (typed) => {
    expect(() => findSshKey(bench.state, typed)).toThrow("no key fits");
  });
});

describe("whom a key acts as", () => {
  const key = (more: Partial<SshKey>): SshKey => ({
    fingerprint: "SHA256:x",
    type: "ssh-ed25519",
    blob: "AAAA",
    name: "phone",
    may: ["operator"],
    addedAtMs: NOW,
    ...more,
  });
  const act = (more: Partial<SshKey>, address?: string) =>
    actorOfKey(key(more), { address, now: NOW }) as Actor;

  test("one that is not there any more: nobody", () => {
    expect(actorOfKey(undefined, { address: undefined, now: NOW })).toBe("unknown");
  });

  test("one past its time: nobody, from that millisecond on", () => {
    expect(act({ expiresAtMs: NOW })).toBe("expired");
    expect(act({ expiresAtMs: NOW + 1 })).toMatchObject({ method: "ssh", keyId: "SHA256:x" });
  });

  test("one from another network, or from nowhere known: nobody", () => {
    const from = ["203.0.113.0/24", "2001:db8:0:0:0:0:0:0/32"];
    expect(act({ from }, "198.51.100.1")).toBe("address");
    expect(act({ from })).toBe("address");
    expect(act({ from }, "no address")).toBe("address");
    expect(act({ from }, "203.0.113.9")).toMatchObject({ address: "203.0.113.9" });
    expect(act({ from }, "::ffff:203.0.113.9")).toMatchObject({ method: "ssh" });
    expect(act({ from }, "2001:db8::1")).toMatchObject({ method: "ssh" });
  });

  test.each([
    [["operator"], ["operator"], false],
    [["node"], ["node"], false],
    [["operator", "node"], ["operator", "node"], false],
    [["admin"], ["operator", "node"], true],
  ] as const)("%j lets in %j; full control: %s", (may, approves, admin) => {
    const actor = act({ may: [...may] });
    expect(actor.approves).toEqual(approves);
    expect(actor.scopes.includes("operator.admin")).toBe(admin);
    expect(actor.deviceId).toBeUndefined();
  });
});

test("sshd's helper reads one line a key; those that ended are left out", () => {
  const bench = new Bench();
  const forever = bench.add(1);
  const bound = bench.add(2, { expiresInMs: DAY, from: ["10.0.0.0/8", "::1"] });
  bench.add(3, { expiresInMs: 1000 });
  const end = Math.floor((NOW + DAY) / 1000);
  expect(approverLines(bench.state.sshKeys.values(), NOW + 1000)).toBe(
    `0 ssh-ed25519 ${forever.blob} ${forever.fingerprint} -\n` +
      `${end} ssh-ed25519 ${bound.blob} ${bound.fingerprint} 10.0.0.0/8,0:0:0:0:0:0:0:1\n`,
  );
});

test("use is noted, and noting it brings no key back that was taken away", () => {
  const bench = new Bench();
  const { fingerprint } = bench.add(1);
  const used = (from?: string) =>
    applyChange(bench.state, { op: "ssh-key-used", fingerprint, at: NOW, ...(from && { from }) });
  used("10.0.0.1");
  expect(bench.state.sshKeys.get(fingerprint)).toMatchObject({
    lastUsedAtMs: NOW,
    lastUsedFrom: "10.0.0.1",
  });
  used();
  expect(bench.state.sshKeys.get(fingerprint)).not.toHaveProperty("lastUsedFrom");
  applyChange(bench.state, { op: "ssh-key-gone", fingerprint });
  used();
  expect(bench.state.sshKeys.size).toBe(0);
});
