import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeAdmin, Refuse } from "../support/admin-server.ts";
import { devicesAdmin, GATEWAY_KEY } from "../support/devices-admin.ts";
import { NOW, openclaw } from "../support/io.ts";
import { pairedRow, pendingRow } from "../support/rows.ts";

const DAY = 24 * 3_600_000;
const paired = pairedRow();

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await devicesAdmin();
});
afterEach(() => admin.close());

describe("devices approve", () => {
  test.each(["7F3K-Q2MN", "7f3k q2mn", "7f3kq2mn", "ab".repeat(32)])(
    "%s is approved and explained",
    async (words) => {
      const io = admin.io();
      expect(await openclaw(`devices approve ${words}`, io)).toBe(0);
      expect(admin.askedOf("device.pair.approve")).toEqual([{ requestId: "7F3K-Q2MN" }]);
      expect(io.text).toContain("Approved: “Anna's phone” (browser, Android 16).");
      expect(io.text).toContain(
        "It may now act as operator: see chats and devices, send messages and run the agent.",
      );
      expect(io.text).toContain("moves on by itself");
      expect(io.questions).toEqual([]);
    },
  );

  describe("--without nodes", () => {
    const scopes = ["operator.nodes", "operator.read", "operator.write"];
    const shows = (more: object) => {
      admin.answers["device.pair.show"] = () => ({
        ...pendingRow(more),
        gatewayFingerprint: GATEWAY_KEY,
      });
    };

    test("leaves the right out, and says so", async () => {
      shows({ scopes, offered: ["operator.nodes"] });
      const io = admin.io();
      expect(await openclaw("devices approve 7F3K-Q2MN --without nodes", io)).toBe(0);
      expect(admin.askedOf("device.pair.approve")).toEqual([
        { requestId: "7F3K-Q2MN", without: ["operator.nodes"] },
      ]);
      expect(io.text).toContain("Left out: run commands on nodes.");
    });

    test("approves nothing at a gateway that does not know the right", async () => {
      const io = admin.io();
      expect(await openclaw("devices approve 7F3K-Q2MN --without nodes", io)).toBe(1);
      expect(io.errorText).toContain("does not name the right to run commands on nodes");
      expect(admin.askedOf("device.pair.approve")).toEqual([]);
    });

    test("goes with a device that has the rest already", async () => {
      shows({ scopes: ["operator.pairing", "operator.write"], approvedScopes: ["operator.write"] });
      expect(await openclaw("devices approve 7F3K-Q2MN --without nodes", admin.io())).toBe(0);
    });

    test("names a right that there is", async () => {
      const io = admin.io();
      expect(await openclaw("devices approve 7F3K-Q2MN --without admin", io)).toBe(2);
      expect(io.errorText).toContain("--without: expected nodes");
    });

    test("is what devices show says to type where the right can be left out", async () => {
      shows({ scopes, offered: ["operator.nodes"] });
      const io = admin.io();
      expect(await openclaw("devices show 7F3K-Q2MN", io)).toBe(0);
      expect(io.text.replace(/\s+/g, " ")).toContain("run commands on nodes (may be left out)");
      expect(io.text).toContain("openclaw devices approve 7F3K-Q2MN --without nodes");
      shows({ scopes: ["operator.read"] });
      const other = admin.io();
      await openclaw("devices show 7F3K-Q2MN", other);
      expect(other.text).not.toContain("--without");
    });
  });

  test.each(["7F3K", "'anna''s phone'", "anna's phone"])(
    "%s approves nothing where nobody can be asked, --yes or not",
    async (words) => {
      const io = admin.io();
      expect(await openclaw(`devices approve ${words} --yes`, io)).not.toBe(0);
      expect(admin.askedOf("device.pair.approve")).toEqual([]);
    },
  );

  test.each([
    ["y", 0, 1],
    ["YES", 0, 1],
    ["", 1, 0],
    ["n", 1, 0],
    ["yeah", 1, 0],
  ])("on a terminal a name is shown and asked about: %j", async (answer, exit, approvals) => {
    const io = admin.io();
    io.asksPerson = true;
    io.answers.push(answer);
    expect(await openclaw("devices approve anna's phone", io)).toBe(exit);
    expect(io.text).toContain("From      203.0.113.7");
    expect(io.text).toContain(`Gateway   ${GATEWAY_KEY}`);
    expect(io.questions).toEqual(["Approve 7F3K-Q2MN? [y/N] "]);
    expect(admin.askedOf("device.pair.approve")).toHaveLength(approvals);
  });

  test.each([
    ["y", "", 0],
    ["n", "", 1],
    [undefined, " --yes", 0],
  ])(
    "on a terminal a device id is shown with what it asks for: %j%s",
    async (answer, yes, exit) => {
      const io = admin.io();
      io.asksPerson = true;
      if (answer !== undefined) io.answers.push(answer);
      expect(await openclaw(`devices approve ${"ab".repeat(32)}${yes}`, io)).toBe(exit);
      expect(io.questions).toHaveLength(answer === undefined ? 0 : 1);
      if (answer !== undefined) expect(io.text).toContain("operator: see chats and devices,");
      expect(admin.askedOf("device.pair.approve")).toHaveLength(exit === 0 ? 1 : 0);
    },
  );

  test("words that fit several are never asked about", async () => {
    admin.answers["device.pair.list"] = () => ({
      pending: [pendingRow(), pendingRow({ requestId: "7F3K-AAAA" })],
      paired: [],
    });
    const io = admin.io();
    io.asksPerson = true;
    expect(await openclaw("devices approve 7f3k", io)).toBe(1);
    expect(io.errorText).toContain("7F3K-AAAA");
    expect(io.questions).toEqual([]);
  });

  test.each(["devices approve --latest", "devices approve"])(
    "%s approves nothing",
    async (command) => {
      const io = admin.io();
      expect(await openclaw(command, io)).toBe(2);
      expect(io.errorText).toContain("7F3K-Q2MN");
      expect(io.errorText.includes("another device may have asked")).toBe(
        command.includes("latest"),
      );
      expect(admin.askedOf("device.pair.approve")).toEqual([]);
    },
  );

  test("a replaced code gets the gateway's own words", async () => {
    admin.answers["device.pair.approve"] = () => {
      const message = "unknown requestId: replaced by AAAA-BBBB, which asks for node";
      const details = { code: "UNKNOWN_REQUEST", cure: "openclaw devices list" };
      throw new Refuse({ code: "INVALID_REQUEST", message, details });
    };
    const io = admin.io();
    expect(await openclaw("devices approve ZZZZ-ZZZZ", io)).toBe(5);
    expect(io.errorText).toContain("replaced by AAAA-BBBB");
  });

  test("reject works alike", async () => {
    const io = admin.io();
    expect(await openclaw("devices reject 7f3k-q2mn", io)).toBe(0);
    expect(io.text).toContain("Rejected 7F3K-Q2MN");
  });
});

describe("paired devices", () => {
  test("remove by the short id; a revocation that is not on disk yet is said", async () => {
    admin.answers["device.pair.remove"] = () => ({ durable: false, reason: "disk full" });
    const io = admin.io();
    expect(await openclaw("devices remove fe812c12f3ab", io)).toBe(0);
    expect(admin.askedOf("device.pair.remove")).toEqual([{ deviceId: paired.deviceId }]);
    expect(io.errorText).toContain("in force now, but not yet written to disk (disk full)");
  });

  test.each([
    "devices rename fe812c12f3ab Kitchen tablet",
    "devices rename --device fe812c12f3ab Kitchen tablet",
    "devices rename fe812c12f3ab --name 'Kitchen tablet'",
  ])("%s", async (command) => {
    expect(await openclaw(command, admin.io())).toBe(0);
    const label = "Kitchen tablet";
    expect(admin.askedOf("device.pair.rename")).toEqual([{ deviceId: paired.deviceId, label }]);
  });

  test("rotate to fewer says that the device gets no more, and the list what it was left", async () => {
    admin.answers["device.token.rotate"] = () => ({ scopes: ["operator.read"] });
    const io = admin.io();
    expect(await openclaw("devices rotate fe812c12f3ab --scope operator.read", io)).toBe(0);
    expect(io.text).toContain("It may: see chats and devices.");
    expect(io.text).toContain("It gets no more until you approve that");
    const plain = admin.io();
    expect(await openclaw("devices rotate fe812c12f3ab", plain)).toBe(0);
    expect(plain.text).not.toContain("It gets no more");
    const tokens = [{ role: "operator", scopes: ["operator.read"] }];
    const narrowed = pairedRow({ scopes: ["operator.admin", "operator.read"], tokens });
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: [narrowed], total: 1 });
    const listed = admin.io();
    listed.columns = 200;
    expect(await openclaw("devices list", listed)).toBe(0);
    expect(listed.text).toMatch(/operator: see chats and devices {2}/);
    expect(listed.text).toContain("(narrowed; taken: full control)");
  });

  test("a device whose token was revoked already is said to be so", async () => {
    const tokens = [
      { role: "operator", revokedAtMs: NOW - DAY },
      { role: "node", revokedAtMs: NOW - DAY },
    ];
    const row = pairedRow({ tokens: tokens.slice(0, 1) });
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: [row] });
    const io = admin.io();
    expect(await openclaw("devices revoke Firefox on Linux --device fe81", io)).toBe(0);
    expect(io.lines[0]).toBe(
      "“Firefox on Linux” (fe812c12f3ab) was revoked as operator already, 1 day ago.",
    );
    expect(io.text).toContain("openclaw devices remove fe812c12f3ab");
    const rotated = admin.io();
    expect(await openclaw("devices rotate fe81", rotated)).toBe(1);
    expect(rotated.errorText).toContain("there is no token to rotate");
    expect(rotated.errors.at(-1)).toContain("next: openclaw devices invite");
    // Of several roles the one that still counts is meant.
    const [operator] = tokens;
    const both = pairedRow({ tokens: [...(operator ? [operator] : []), { role: "node" }] });
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: [both] });
    admin.answers["device.token.revoke"] = () => ({});
    expect(await openclaw("devices revoke fe81", admin.io())).toBe(0);
    expect(admin.askedOf("device.token.revoke")).toMatchObject([{ role: "node" }]);
  });

  test("a name of several words needs no quotes where it stands alone", async () => {
    admin.answers["device.token.revoke"] = () => ({});
    const io = admin.io();
    io.asksPerson = true;
    io.answers.push("y");
    expect(await openclaw("devices revoke Firefox on Linux", io)).toBe(0);
    expect(admin.askedOf("device.token.revoke")).toHaveLength(1);
    const renamed = admin.io();
    expect(await openclaw("devices rename Firefox on Linux Kitchen", renamed)).toBe(5);
    expect(renamed.errorText).toContain("a name of several words goes in quotes");
  });

  test("a start that fits several lists them; what is gone is said to be listed no more", async () => {
    const other = pairedRow({ deviceId: `fe81${"0".repeat(60)}` });
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: [paired, other] });
    const io = admin.io();
    expect(await openclaw("devices revoke fe81", io)).toBe(1);
    for (const { deviceId } of [paired, other]) expect(io.errorText).toContain(deviceId);
    const gone = admin.io();
    expect(await openclaw("devices revoke 0123abcd", gone)).toBe(5);
    expect(gone.errorText).toContain("one that was removed is listed no more");
  });

  test("rotate and revoke know the only role, and ask which of several", async () => {
    admin.answers["device.token.rotate"] = () => ({ scopes: ["operator.read"] });
    admin.answers["device.token.revoke"] = () => ({});
    const { deviceId } = paired;
    expect(await openclaw("devices rotate fe812c12f3ab --scope operator.read", admin.io())).toBe(0);
    const scopes = ["operator.read"];
    expect(admin.askedOf("device.token.rotate")).toEqual([{ deviceId, role: "operator", scopes }]);
    expect(await openclaw("devices revoke --device fe812c12f3ab", admin.io())).toBe(0);
    const both = pairedRow({ tokens: [{ role: "operator" }, { role: "node" }] });
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: [both] });
    expect(await openclaw("devices revoke fe812c12f3ab", admin.io())).toBe(2);
    expect(await openclaw("devices revoke fe812c12f3ab --role node", admin.io())).toBe(0);
    expect(admin.askedOf("device.token.revoke").at(-1)).toEqual({ deviceId, role: "node" });
  });

  test.each([
    ["devices clear --pending --yes", 1, 0],
    ["devices clear --yes", 0, 1],
    ["devices clear --stale 30d --yes", 0, 0],
    ["devices clear --stale 1m --yes", 0, 1],
    ["devices clear --stale 1m --pending --yes", 1, 1],
    ["devices clear", 0, 0],
    ["devices clear --pending", 0, 0],
  ])("%s rejects %i and removes %i", async (command, rejects, removes) => {
    const io = admin.io();
    expect(await openclaw(command, io)).toBe(command.includes("--yes") ? 0 : 1);
    expect(admin.askedOf("device.pair.reject")).toHaveLength(rejects);
    expect(admin.askedOf("device.pair.remove")).toHaveLength(removes);
  });
});
