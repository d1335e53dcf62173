import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { textWidth } from "../../../src/lib/width.ts";
import { decodeSetupCode, encodeSetupCode } from "../../../src/protocol/setup-code.ts";
import type { FakeAdmin } from "../support/admin-server.ts";
import { devicesAdmin } from "../support/devices-admin.ts";
import { NOW, openclaw } from "../support/io.ts";

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await devicesAdmin();
});
afterEach(() => admin.close());

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

  test.each([
    ["", ["operator.read", "operator.write", "operator.nodes"], ", run commands on nodes"],
    [
      "--scopes read,write,nodes",
      ["operator.read", "operator.write", "operator.nodes"],
      ", run commands on nodes",
    ],
    ["--scopes read,write", ["operator.read", "operator.write"], ""],
  ])("what a link with %j gives is said in words", async (options, scopes, nodes) => {
    const url = "https://gateway.example.com/#invite=secret";
    admin.answers["device.pair.invite"] = (params) => ({ ...params, expiresAtMs: NOW, url });
    const io = admin.io();
    expect(await openclaw(`devices invite ${options}`, io)).toBe(0);
    expect(admin.askedOf("device.pair.invite")).toMatchObject([{ scopes }]);
    const said = io.errorText.replace(/\s+/g, " ");
    expect(said).toContain(`see chats and devices, send messages and run the agent${nodes}.`);
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
    expect(io.lines).toContain(
      `echo 'https://gw.example.com/#invite=it'\\''s' | openclaw connect -`,
    );
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
      `echo 'https://gw/#invite=x' | openclaw connect - --tls-fingerprint ${pin}`,
    );
    const [, code = ""] = /--pair (\S+)/.exec(io.errorText) ?? [];
    expect(decodeSetupCode(code)?.tlsFingerprint).toBe(pin);
  });

  test("the gateway's own certificate is in the line of our own program without being asked for", async () => {
    const pin = "cd".repeat(32);
    const setupCode = encodeSetupCode({
      url: "wss://gw",
      bootstrapToken: "x",
      tlsFingerprint: pin,
    });
    const url = `https://gw/#invite=x&pin=${pin}`;
    admin.answers["device.pair.invite"] = () => ({ ...made, role: "node", url, setupCode });
    const io = admin.io();
    await openclaw("devices invite --role node", io);
    expect(io.errorText).toContain(`echo '${url}' | openclaw connect - --tls-fingerprint ${pin}`);
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
