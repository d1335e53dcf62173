import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { textWidth } from "../../../src/lib/width.ts";
import type { FakeAdmin } from "../support/admin-server.ts";
import { devicesAdmin, GATEWAY_KEY } from "../support/devices-admin.ts";
import { NOW, openclaw } from "../support/io.ts";
import { pairedRow, pendingRow } from "../support/rows.ts";

const DAY = 24 * 3_600_000;
/** `abab…` in words. */
const KEY = "rail-rail-rail-rail-rail-rail-rail-rail";
const paired = pairedRow();

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await devicesAdmin();
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
