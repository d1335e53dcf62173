import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeAdmin, Refuse } from "../support/admin-server.ts";
import { NOW, openclaw } from "../support/io.ts";
import { pairedRow } from "../support/rows.ts";

const METHOD = "device.pair.revokeAll";
const phone = pairedRow();
const laptop = pairedRow({
  deviceId: "ab".repeat(32),
  displayName: "Laptop",
  tokens: [{ role: "operator", scopes: ["operator.admin"] }],
});
const done = {
  revoked: 12,
  nodes: 3,
  rejected: 2,
  links: 1,
  kept: [phone],
  remains: { secrets: ["token"], devicelessCli: false, waysIn: { devices: 1, others: 0 } },
};

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  admin.answers = {
    "device.pair.list": () => ({ pending: [], paired: [phone, laptop] }),
    [METHOD]: () => done,
  };
});
afterEach(() => admin.close());

const exceptDeviceIds = [phone.deviceId];

describe("devices revoke-all", () => {
  test("for a script takes --yes, and says what is left", async () => {
    const io = admin.io();
    expect(await openclaw("devices revoke-all --except fe812c12f3ab --yes", io)).toBe(0);
    expect(admin.askedOf(METHOD)).toEqual([{ exceptDeviceIds }]);
    expect(io.lines).toEqual([
      "Revoked 12 devices: their tokens ended, and their connections are closed.",
      "  3 nodes among them: what was allowed to nodes ended too.",
      "  Rejected 2 requests, revoked 1 link.",
      "  Stays: “Firefox on Linux” (fe812c12f3ab), operator: full control",
      "What remains:",
      "  The gateway token lets who has it ask to be let in, not in. To renew it:",
      "    openclaw token new --revoke-derived",
      "  What was done before it stays done: openclaw audit --since 30d",
    ]);
  });

  test("without it changes nothing, and says how many it would be", async () => {
    const io = admin.io();
    expect(await openclaw("devices revoke-all --except fe812c12f3ab", io)).toBe(1);
    expect(admin.askedOf(METHOD)).toEqual([{ exceptDeviceIds, dryRun: true }]);
    expect(io.errorText).toContain(
      "it ends the tokens of 12 devices (3 nodes among them), rejects 2 requests and revokes 1 link",
    );
    expect(io.errorText).toContain("next: repeat the command with --yes");
  });

  test.each([
    ["y", 0],
    ["", 1],
    ["n", 1],
    ["yeah", 1],
  ])("on a terminal it asks, after naming how many: %j", async (answer, exit) => {
    const io = admin.io();
    io.asksPerson = true;
    io.answers.push(answer);
    expect(await openclaw("devices revoke-all --except fe812c12f3ab", io)).toBe(exit);
    expect(io.lines.slice(0, 2)).toEqual([
      "This ends the tokens of 12 devices (3 nodes among them), rejects 2 requests and revokes 1 link.",
      "  Stays: “Firefox on Linux” (fe812c12f3ab), operator: full control",
    ]);
    expect(io.questions).toEqual(["Go on? [y/N] "]);
    const real = admin.askedOf(METHOD).filter(({ dryRun }) => dryRun !== true);
    expect(real).toHaveLength(exit === 0 ? 1 : 0);
  });

  test("--json prints the answer alone, and asks nobody", async () => {
    const io = admin.io();
    io.asksPerson = true;
    expect(await openclaw("devices revoke-all --except fe812c12f3ab --json", io)).toBe(1);
    expect(io.questions).toEqual([]);
    const json = admin.io();
    expect(await openclaw("devices revoke-all --except fe812c12f3ab --yes --json", json)).toBe(0);
    expect(JSON.parse(json.text)).toEqual(done);
  });

  test("--except is repeatable; a name is asked about, and one that fits nobody changes nothing", async () => {
    const io = admin.io();
    const both = `--except fe812c12f3ab --except ${laptop.deviceId}`;
    expect(await openclaw(`devices revoke-all ${both} --yes`, io)).toBe(0);
    expect(admin.askedOf(METHOD)).toEqual([{ exceptDeviceIds: [phone.deviceId, laptop.deviceId] }]);
    const person = admin.io();
    person.asksPerson = true;
    person.answers.push("y");
    expect(await openclaw("devices revoke-all --except Laptop --yes", person)).toBe(0);
    expect(person.questions).toEqual([`Keep ${laptop.deviceId.slice(0, 12)}? [y/N] `]);
    const asked = admin.askedOf(METHOD).length;
    for (const wrong of ["Laptop", "nobody", "0123456789ab"]) {
      expect(await openclaw(`devices revoke-all --except ${wrong} --yes`, admin.io())).not.toBe(0);
    }
    expect(admin.askedOf(METHOD)).toHaveLength(asked);
  });

  test("a refusal comes before the question, with the way out", async () => {
    admin.answers[METHOD] = () => {
      const message = "nobody would be left: name the devices that stay (--except DEVICE)";
      const details = { code: "LAST_WAY_IN", cure: "openclaw devices revoke-all --force" };
      throw new Refuse({ code: "INVALID_REQUEST", message, details });
    };
    const io = admin.io();
    io.asksPerson = true;
    expect(await openclaw("devices revoke-all", io)).toBe(1);
    expect(io.questions).toEqual([]);
    expect(io.errorText).toContain("nobody would be left");
    expect(io.errorText).toContain("next: openclaw devices revoke-all --force");
  });

  test("says what else lets somebody in, where nobody is left, and what is not on disk", async () => {
    const remains = {
      secrets: ["token", "password"],
      devicelessCli: true,
      waysIn: { devices: 0, others: 0 },
    };
    const reason = "disk full: /state/gateway.journal could not be written";
    admin.answers[METHOD] = () => ({
      ...done,
      kept: [],
      nodes: 0,
      remains,
      durable: false,
      reason,
    });
    const io = admin.io();
    expect(await openclaw("devices revoke-all --yes --force", io)).toBe(0);
    expect(admin.askedOf(METHOD)).toEqual([{ exceptDeviceIds: [], force: true }]);
    expect(io.text).toContain("openclaw config set gateway.password - --revoke-derived");
    expect(io.text).toContain("openclaw config set gateway.auth.devicelessCli never");
    expect(io.text).toContain("openclaw devices invite --scopes owner");
    expect(io.text).not.toContain("nodes among them");
    expect(io.errorText).toContain(`not yet written to disk (${reason})`);
    const others = { ...remains, waysIn: { devices: 0, others: 1 }, sshKeys: 2 };
    admin.answers[METHOD] = () => ({ ...done, remains: others });
    const more = admin.io();
    await openclaw("devices revoke-all --yes", more);
    expect(more.text).toContain("2 SSH keys may go on letting devices in.");
    expect(more.text).not.toContain("Nobody has full control");
  });
});

describe("--force", () => {
  test.each([
    ["devices remove fe812c12f3ab", "device.pair.remove", {}],
    ["devices revoke fe812c12f3ab", "device.token.revoke", { role: "operator" }],
    [
      "devices rotate fe812c12f3ab --scope operator.read",
      "device.token.rotate",
      { role: "operator", scopes: ["operator.read"] },
    ],
  ])("of %s goes to the gateway, and is not sent unasked", async (command, method, params) => {
    admin.answers[method] = () => ({});
    expect(await openclaw(`${command} --force`, admin.io())).toBe(0);
    expect(await openclaw(command, admin.io())).toBe(0);
    const { deviceId } = phone;
    expect(admin.askedOf(method)).toEqual([
      { deviceId, ...params, force: true },
      { deviceId, ...params },
    ]);
  });

  test("of a new secret goes with --revoke-derived alone", async () => {
    const answer = { closed: [], revoked: [], token: "t" };
    admin.answers = { "host.token.new": () => answer, "host.secret.set": () => answer };
    expect(await openclaw("token new --force", admin.io())).toBe(2);
    expect(await openclaw("config set gateway.name x --force", admin.io())).toBe(2);
    expect(await openclaw("token new --revoke-derived --force", admin.io())).toBe(0);
    expect(admin.asked.map(({ params }) => params)).toEqual([{ revokeDerived: true, force: true }]);
    const io = admin.io();
    io.input = "a-new-secret";
    await openclaw("config set gateway.token - --revoke-derived --force", io);
    expect(admin.askedOf("host.secret.set")).toMatchObject([{ revokeDerived: true, force: true }]);
  });
});

describe("devices clear and the last remaining admin", () => {
  const reader = pairedRow({
    deviceId: "cd".repeat(32),
    scopes: ["operator.read"],
    tokens: [{ role: "operator", scopes: ["operator.read"] }],
  });
  const revoked = pairedRow({
    deviceId: "ef".repeat(32),
    tokens: [{ role: "operator", scopes: ["operator.admin"], revokedAtMs: 1 }],
  });
  const online = { ...laptop, connected: true, lastSeenAtMs: NOW };
  const all = [phone, online, reader, revoked];
  beforeEach(() => {
    admin.answers["device.pair.remove"] = ({ deviceId }) => ({ deviceId });
  });
  const answerOf = (paired: readonly unknown[], waysIn: object | undefined) => {
    admin.answers["device.pair.list"] = () => ({ pending: [], paired, waysIn });
  };

  test.each([
    ["devices clear --yes", { devices: 2, others: 0 }, false],
    ["devices clear --yes", { devices: 2, others: 1 }, true],
    ["devices clear --yes", { devices: 0, others: 0 }, true],
    ["devices clear --yes", undefined, true],
    // The laptop was seen just now and stays.
    ["devices clear --yes --stale 1m", { devices: 2, others: 0 }, true],
    ["devices clear --yes --pending", { devices: 2, others: 0 }, true],
  ])("%s, with %j", async (command, waysIn, passes) => {
    answerOf(all, waysIn);
    const io = admin.io();
    expect(await openclaw(command, io)).toBe(passes ? 0 : 1);
    const removed = admin.askedOf("device.pair.remove");
    if (passes) return expect(removed.every((params) => !("force" in params))).toBe(true);
    expect(removed).toEqual([]);
    expect(io.errorText).toContain("nothing was changed");
    expect(io.errorText).toContain("openclaw devices revoke-all --except DEVICE");
  });

  test("--force removes the last one too", async () => {
    answerOf(all, { devices: 2, others: 0 });
    expect(await openclaw("devices clear --yes --force", admin.io())).toBe(0);
    const removed = admin.askedOf("device.pair.remove");
    expect(removed).toHaveLength(4);
    expect(removed.every(({ force }) => force === true)).toBe(true);
  });
});
