import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { textWidth } from "../../../src/lib/width.ts";
import { decodeSetupCode, encodeSetupCode } from "../../../src/protocol/setup-code.ts";
import { FakeAdmin, Refuse } from "../support/admin-server.ts";
import { NOW, openclaw } from "../support/io.ts";
import { pairedRow, pendingRow } from "../support/rows.ts";

const DAY = 24 * 3_600_000;
/** `abab…` in words. */
const KEY = "rail-rail-rail-rail-rail-rail-rail-rail";
const GATEWAY_KEY = "acid-army-atom-auto-aura-axle-baby-bank";
const paired = pairedRow();

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  admin.answers = {
    "device.pair.list": () => ({ pending: [pendingRow()], paired: [paired] }),
    "device.pair.approve": ({ requestId }) => ({ requestId, device: pairedRow(pendingRow()) }),
    "device.pair.show": () => ({ ...pendingRow(), gatewayFingerprint: GATEWAY_KEY }),
    "node.pair.list": () => ({ pending: [], paired: [] }),
    "device.pair.reject": ({ requestId }) => ({ requestId, deviceId: "ab".repeat(32) }),
    "device.pair.remove": ({ deviceId }) => ({ deviceId }),
    "device.pair.rename": (params) => params,
  };
});
afterEach(() => admin.close());

describe("devices list", () => {
  test("says all that an approval rests on, in 80 columns", async () => {
    const io = admin.io();
    expect(await openclaw("devices list", io)).toBe(0);
    expect(io.lines).toEqual([
      "Waiting for approval (1)",
      "  CODE       DEVICE               ASKS FOR                         FROM",
      "  7F3K-Q2MN  Anna's phone         operator: see chats and          203.0.113.7",
      "             browser, Android 16  devices, send messages and run   2 minutes ago",
      "                                  the agent",
      "             key rail-rail-rail-rail-rail-rail-rail-rail",
      "",
      "To approve one: openclaw devices approve 7F3K-Q2MN",
      "",
      "Paired (1)",
      "  ID            DEVICE                 MAY                     SEEN",
      "  fe812c12f3ab  Firefox on Linux       operator: full control  3 minutes ago",
      "                browser, Linux x86_64",
    ]);
  });

  test("says it in blocks where a phone has 40 columns", async () => {
    const io = Object.assign(admin.io(), { columns: 40 });
    expect(await openclaw("devices list", io)).toBe(0);
    expect(io.lines.slice(0, 11)).toEqual([
      "Waiting for approval (1)",
      "  Code: 7F3K-Q2MN",
      "  Device: Anna's phone",
      "    browser, Android 16",
      "  Asks for: operator: see chats and",
      "    devices, send messages and run the",
      "    agent",
      "  From: 203.0.113.7",
      "    2 minutes ago",
      "  Key:",
      " rail-rail-rail-rail-rail-rail-rail-rail",
    ]);
  });

  test.each([80, 60, 40])("long and wide texts still fit in %i columns", async (columns) => {
    const words = {
      displayName: "手".repeat(60),
      platform: "x".repeat(200),
      browserOrigin: "https://".padEnd(90, "o"),
    };
    const remoteIp = "2001:db8:1111:2222:3333:4444:5555:6666";
    const scopes = ["operator.read", "operator.write", "operator.approvals", "custom.scope"];
    admin.answers["device.pair.list"] = () => ({
      pending: [pendingRow({ ...words, remoteIp, scopes, isRepair: true })],
      paired: [pairedRow({ ...words, operatorLabel: "Küche 📱" })],
    });
    const io = Object.assign(admin.io(), { columns });
    await openclaw("devices list", io);
    const table = io.lines.filter((line) => !line.startsWith("To approve one"));
    for (const line of table) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    expect(io.text).toContain("Küche 📱");
  });

  test("--json prints the answer and nothing else", async () => {
    const io = admin.io();
    await openclaw("devices list --json", io);
    expect(JSON.parse(io.text)).toEqual({ pending: [pendingRow()], paired: [paired] });
    expect(io.errors).toEqual([]);
  });

  test("a hundred thousand devices are listed in seconds", async () => {
    const many = Array.from({ length: 100_000 }, (_, i) =>
      pairedRow({ deviceId: i.toString(16).padStart(64, "0") }),
    );
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: many });
    const io = admin.io();
    expect(await openclaw("devices list", io)).toBe(0);
    expect(io.lines.length).toBeGreaterThan(200_000);
  });

  test("--role, --limit and --stale choose rows", async () => {
    const old = pairedRow({ deviceId: "1".repeat(64), lastSeenAtMs: NOW - 40 * DAY });
    const node = pairedRow({ deviceId: "2".repeat(64), role: "node", roles: ["node"] });
    const online = pairedRow({ deviceId: "3".repeat(64), lastSeenAtMs: 0, connected: true });
    const all = { pending: [pendingRow()], paired: [paired, old, node, online] };
    admin.answers["device.pair.list"] = () => all;
    const ids = async (command: string) => {
      const io = admin.io();
      await openclaw(`${command} --json`, io);
      const { pending, paired: rows } = JSON.parse(io.text);
      return [pending.length, ...rows.map((row: { deviceId: string }) => row.deviceId[0])];
    };
    expect(await ids("devices list --role node")).toEqual([0, "2"]);
    expect(await ids("devices list --limit 2")).toEqual([1, "f", "1"]);
    expect(await ids("devices list --stale")).toEqual([0, "1"]);
    expect(await ids("devices list --stale 50d")).toEqual([0]);
    const io = admin.io();
    await openclaw("devices list --limit 1", io);
    expect(io.text).toContain("Paired (4)");
    expect(io.text).toContain("… and 3 others\n  next: openclaw devices list --all");
  });
});

describe("devices show", () => {
  test.each(["7f3k q2mn", "7F3K", "anna's phone", KEY])("%s shows who asks", async (typed) => {
    const io = admin.io();
    expect(await openclaw(`devices show ${typed}`, io)).toBe(0);
    expect(io.lines).toEqual([
      "Code      7F3K-Q2MN",
      "Device    “Anna's phone”",
      "Kind      browser, Android 16",
      "From      203.0.113.7",
      "Asks for  operator: see chats and devices, send messages and run the agent",
      `Key       ${KEY}`,
      `Gateway   ${GATEWAY_KEY}`,
      "Asked     2 minutes ago",
      "Expires   in 28 minutes",
      "",
      "To approve it: openclaw devices approve 7F3K-Q2MN",
      "To reject it: openclaw devices reject 7F3K-Q2MN",
    ]);
  });

  test("with --json it prints the row as it came", async () => {
    const io = admin.io();
    expect(await openclaw("devices show 7F3K-Q2MN --json", io)).toBe(0);
    expect(JSON.parse(io.text)).toEqual({ ...pendingRow(), gatewayFingerprint: GATEWAY_KEY });
  });

  test.each([
    ["7F3K", 1, "7F3K fits several: 7F3K-Q2MN, 7F3K-AAAA"],
    ["nobody", 5, "no request fits nobody"],
    ["", 2, "say which"],
  ])("%j is not one request", async (typed, exit, words) => {
    const pending = [pendingRow(), pendingRow({ requestId: "7F3K-AAAA" })];
    admin.answers["device.pair.list"] = () => ({ pending, paired: [] });
    const io = admin.io();
    expect(await openclaw(`devices show ${typed}`, io)).toBe(exit);
    expect(io.errorText).toContain(words);
    expect(admin.askedOf("device.pair.show")).toEqual([]);
  });

  test("a node's capabilities are shown by their code as well", async () => {
    const nodeId = "cd".repeat(32);
    const offer = { requestId: "9ABC-DEFG", nodeId, ts: NOW, commands: ["system.run"], caps: [] };
    admin.answers["node.pair.list"] = () => ({ pending: [offer], paired: [] });
    admin.answers["device.pair.show"] = () => ({ ...offer, approvedCommands: [] });
    const io = admin.io();
    expect(await openclaw("devices show 9abc", io)).toBe(0);
    expect(admin.askedOf("device.pair.show")).toEqual([{ requestId: "9ABC-DEFG" }]);
    expect(io.text).toContain("New         command system.run");
  });
});

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

describe("devices invite", () => {
  test("a link that leads to this machine alone comes with what makes it open elsewhere", async () => {
    const url = "http://127.0.0.1:18789/#invite=secret";
    admin.answers["device.pair.invite"] = (params) => ({ ...params, expiresAtMs: NOW, url });
    const io = admin.io();
    Object.assign(io.env, { USER: "ann", SSH_CONNECTION: "203.0.113.5 51000 192.0.2.7 22" });
    expect(await openclaw("devices invite", io)).toBe(0);
    expect(io.lines).toEqual([url]);
    expect(io.errorText).toContain("openclaw config set gateway.publicUrl https://");
    expect(io.errors.at(-1)).toBe("    ssh -N -L 18789:127.0.0.1:18789 ann@192.0.2.7");
  });

  test("a link is revoked by the start of its id", async () => {
    const invites = ["aaaabbbbcccc", "aaaaddddeeee", "0123456789ab"].map((inviteId) => {
      return { inviteId, role: "node", scopes: [], expiresAtMs: NOW, uses: 1, usedBy: [] };
    });
    admin.answers["device.pair.inviteList"] = () => ({ invites });
    admin.answers["device.pair.inviteRevoke"] = ({ inviteId }) => ({
      ...invites.find((one) => one.inviteId === inviteId),
    });
    expect(await openclaw("devices invite revoke 0123", admin.io())).toBe(0);
    expect(admin.askedOf("device.pair.inviteRevoke")).toEqual([{ inviteId: "0123456789ab" }]);
    const several = admin.io();
    expect(await openclaw("devices invite revoke aaaa", several)).toBe(1);
    expect(several.errorText).toContain("fits several links: aaaabbbbcccc, aaaaddddeeee");
    const none = admin.io();
    expect(await openclaw("devices invite revoke ffff", none)).toBe(5);
    expect(none.errors.at(-1)).toBe("  next: openclaw devices invite list");
  });

  test("the link alone is on standard output of a script", async () => {
    const url = "https://gateway.example.com/#invite=secret";
    admin.answers["device.pair.invite"] = (params) => ({
      ...params,
      expiresAtMs: NOW + 2 * 3_600_000,
      url,
    });
    const io = admin.io();
    const command = "devices invite --scopes owner --expires 2h --name 'My phone'";
    expect(await openclaw(command, io)).toBe(0);
    expect(io.lines).toEqual([url]);
    expect(io.errorText).toContain("Works once, for 2 hours.");
    expect(io.errorText).toContain("paired as “My phone”, operator: full control");
    const [asked] = admin.askedOf("device.pair.invite");
    expect(asked).toMatchObject({ role: "operator", expiresInMs: 7_200_000, name: "My phone" });
    expect(await openclaw("devices invite --role node", admin.io())).toBe(0);
    expect(admin.askedOf("device.pair.invite")[1]).toEqual({ role: "node" });
  });

  const made = {
    setupCode: encodeSetupCode({ url: "wss://gw.example.com", bootstrapToken: "secret" }),
    expiresAtMs: NOW + 600_000,
    gatewayUrl: "wss://gw.example.com",
    access: "full",
  };

  test("--setup-code prints the code alone for a script, and says what it gives", async () => {
    admin.answers["device.pair.setupCode"] = () => made;
    const io = admin.io();
    const command =
      "devices invite --setup-code --public-url https://gw.example.com --name 'My phone'";
    expect(await openclaw(command, io)).toBe(0);
    expect(io.lines).toEqual([made.setupCode]);
    expect(io.errorText).toContain(
      "Works once, for 10 minutes, and leads to wss://gw.example.com.",
    );
    expect(io.errorText).toContain(
      "paired as node: a machine that answers commands; operator: full control.",
    );
    expect(admin.askedOf("device.pair.setupCode")).toEqual([
      { includeQr: false, publicUrl: "https://gw.example.com", name: "My phone" },
    ]);
  });

  test.each([
    ["full", undefined],
    ["limited", "limited"],
    ["node", "node"],
  ])("--access %s asks for the profile %s", async (access, bootstrapProfile) => {
    admin.answers["device.pair.setupCode"] = () => ({ ...made, access });
    const io = admin.io();
    await openclaw(`devices invite --setup-code --access ${access} --expires 1h`, io);
    expect(admin.askedOf("device.pair.setupCode")).toEqual([
      { includeQr: false, expiresInMs: 3_600_000, ...(bootstrapProfile && { bootstrapProfile }) },
    ]);
    const joins = io.errorText.includes(`openclaw node run --pair oc-pair://${made.setupCode}`);
    expect(joins).toBe(access === "node");
  });

  test("less than was asked for is said, with the way out", async () => {
    admin.answers["device.pair.setupCode"] = () => ({
      ...{ ...made, access: "limited" },
      accessDowngraded: true,
    });
    const io = admin.io();
    await openclaw("devices invite --setup-code", io);
    expect(io.errorText).toMatch(/Limited: .*\n.*openclaw config set gateway.publicUrl/);
  });

  test.each([
    ["--access full", "--access goes with --setup-code"],
    ["--public-url https://x", "--public-url goes with --setup-code"],
    ["--setup-code --role node", "--role does not go with --setup-code; see --access"],
    ["--setup-code --uses 2", "--uses does not go with --setup-code; see --access"],
    ["--pin abcd --role node", "--pin: expected the SHA-256 fingerprint"],
    [`--pin ${"ab".repeat(32)}`, "--pin goes with --role node or --setup-code"],
    ["--setup-code --access owner", "--access: expected full, limited or node"],
  ])("devices invite %s is refused: %s", async (words, message) => {
    const io = admin.io();
    expect(await openclaw(`devices invite ${words}`, io)).toBe(2);
    expect(io.errorText).toContain(message);
    expect(admin.asked).toEqual([]);
  });

  test("on a terminal the lines that join another machine stand alone, quoted for any shell", async () => {
    const url = "https://gw.example.com/#invite=it's";
    admin.answers["device.pair.invite"] = () => ({ ...made, role: "node", url });
    const io = Object.assign(admin.io(), { showsPerson: true });
    expect(await openclaw("devices invite --role node", io)).toBe(0);
    expect(io.lines[0]).toBe(url);
    expect(io.lines).toContain(`openclaw connect 'https://gw.example.com/#invite=it'\\''s'`);
    expect(io.lines).toContain(`openclaw node run --pair oc-pair://${made.setupCode}`);
    expect(io.errors).toEqual([]);
  });

  test("--pin puts the certificate into the code and the line of our own program", async () => {
    const pin = "ab".repeat(32);
    const colons = pin.toUpperCase().replace(/(..)(?=.)/g, "$1:");
    admin.answers["device.pair.setupCode"] = () => ({ ...made, access: "node" });
    admin.answers["device.pair.invite"] = () => ({
      ...made,
      role: "node",
      url: "https://gw/#invite=x",
    });
    for (const typed of [pin, colons, `sha256:${pin}`]) {
      const io = admin.io();
      await openclaw(`devices invite --setup-code --access node --pin ${typed} --json`, io);
      const { setupCode } = JSON.parse(io.text);
      expect(decodeSetupCode(setupCode)).toMatchObject({
        bootstrapToken: "secret",
        tlsFingerprint: pin,
      });
    }
    const io = admin.io();
    await openclaw(`devices invite --role node --pin ${pin}`, io);
    expect(io.errorText).toContain(
      `openclaw connect 'https://gw/#invite=x' --tls-fingerprint ${pin}`,
    );
    const [, code = ""] = /--pair (\S+)/.exec(io.errorText) ?? [];
    expect(decodeSetupCode(code)?.tlsFingerprint).toBe(pin);
  });

  test("list and revoke tell setup codes and links apart, also those of older gateways", async () => {
    const link = {
      ...{ inviteId: "aaaaaaaaaaaa", role: "node", scopes: [], uses: 1, usedBy: [] },
      expiresAtMs: NOW + 600_000,
    };
    const code = {
      ...{ ...link, inviteId: "bbbbbbbbbbbb", kind: "setup-code" },
      roles: ["node", "operator"],
      scopes: ["operator.admin"],
    };
    admin.answers["device.pair.inviteList"] = () => ({ invites: [code, link] });
    admin.answers["device.pair.inviteRevoke"] = ({ inviteId }) =>
      inviteId === link.inviteId ? link : code;
    const io = admin.io();
    await openclaw("devices invite list", io);
    expect(io.text).toMatch(
      /bbbbbbbbbbbb {2}setup code {2}.*node[\s\S]*operator: full[\s\S]*aaaaaaaaaaaa/,
    );
    expect(io.text).toMatch(/aaaaaaaaaaaa {2}link {8}.*node/);
    for (const line of io.lines) expect(textWidth(line)).toBeLessThanOrEqual(80);
    await openclaw("devices invite revoke bbbbbbbbbbbb", io);
    expect(io.lines.at(-1)).toBe("The setup code bbbbbbbbbbbb pairs nobody any more.");
    await openclaw("devices invite revoke aaaaaaaaaaaa", io);
    expect(io.lines.at(-1)).toBe("The link aaaaaaaaaaaa pairs nobody any more.");
  });
});
