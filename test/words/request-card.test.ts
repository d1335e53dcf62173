import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textWidth } from "../../src/lib/width.ts";
import { cardLines } from "../../src/words/request-card.ts";
import {
  askWords,
  canLeaveOut,
  grantWords,
  type RequestRow,
} from "../../src/words/request-kinds.ts";

const NOW = Date.UTC(2026, 8, 1, 12);
const MINUTE = 60_000;
const ID = "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889";
const GATEWAY = "acid-army-atom-auto-aura-axle-baby-bank";

const phone: RequestRow = {
  requestId: "7F3K-Q2MN",
  deviceId: ID,
  displayName: "Anna's phone",
  platform: "Android 16",
  clientId: "openclaw-control-ui",
  role: "operator",
  roles: ["operator"],
  scopes: ["operator.read", "operator.write"],
  remoteIp: "203.0.113.7",
  browserOrigin: "https://gateway.example.com",
  gatewayFingerprint: GATEWAY,
  ts: NOW - 2 * MINUTE,
  expiresAtMs: NOW + 28 * MINUTE,
};

const attic: RequestRow = {
  requestId: "9ABC-DEFG",
  nodeId: ID,
  displayName: "attic",
  platform: "linux",
  clientId: "node-host",
  caps: ["system"],
  commands: ["system.notify", "system.run"],
  ts: NOW,
};

const card = (row: RequestRow, width = 80) => cardLines(row, { now: NOW, width });
const line = (row: RequestRow, label: string) =>
  card(row, 200).find((one) => one.startsWith(`${label} `));

describe("the card of a request", () => {
  test("says all that a decision rests on", () => {
    expect(card(phone)).toEqual([
      "Code      7F3K-Q2MN",
      "Device    “Anna's phone”",
      "Kind      browser, Android 16",
      "From      203.0.113.7",
      "          on the page at https://gateway.example.com",
      "Asks for  operator: see chats and devices, send messages and run the agent",
      "Key       zone-loud-drum-bulb-whip-rail-glue-unit",
      `Gateway   ${GATEWAY}`,
      "Asked     2 minutes ago",
      "Expires   in 28 minutes",
    ]);
  });

  test("fits a phone, with whole words", () => {
    expect(card(phone, 40)).toEqual([
      "Code      7F3K-Q2MN",
      "Device    “Anna's phone”",
      "Kind      browser, Android 16",
      "From      203.0.113.7",
      "          on the page at",
      "          https://gateway.example.com",
      "Asks for  operator: see chats and",
      "          devices, send messages and run",
      "          the agent",
      "Key",
      " zone-loud-drum-bulb-whip-rail-glue-unit",
      "Gateway",
      ` ${GATEWAY}`,
      "Asked     2 minutes ago",
      "Expires   in 28 minutes",
    ]);
  });

  test("where there is hardly any room, words stand under their label", () => {
    expect(card(attic, 24).slice(0, 6)).toEqual([
      "Code",
      "  9ABC-DEFG",
      "Node",
      "  “attic”",
      "Kind",
      "  node, linux",
    ]);
  });

  test("tells where a device is that nobody sent an address of", () => {
    const { remoteIp: _, browserOrigin: _too, ...local } = phone;
    expect(line(local, "From")).toBe("From      local connection");
  });

  test.each([
    ["has time", NOW + MINUTE, "in 1 minute"],
    ["is over", NOW - 1, "now"],
  ])("a request that %s", (_title, expiresAtMs, words) => {
    expect(line({ ...phone, expiresAtMs }, "Expires")).toBe(`Expires   ${words}`);
  });

  test("the owner's own name stands first, and what the device calls itself beside it", () => {
    const lines = card({ ...phone, operatorLabel: "Mum" });
    expect(lines.slice(1, 3)).toEqual(["Device    “Mum”", "          calls itself “Anna's phone”"]);
    expect(card({ ...phone, operatorLabel: "Anna's phone" })[2]).toBe(
      "Kind      browser, Android 16",
    );
  });
});

describe("a device that is offered what it did not ask for", () => {
  const offered: RequestRow = {
    ...phone,
    scopes: ["operator.nodes", "operator.read", "operator.write"],
    offered: ["operator.nodes"],
  };
  const both =
    "operator: see chats and devices, send messages and run the agent, run commands on nodes";

  test("is shown with it, marked as such; not so where it asked for it by name", () => {
    expect(line(offered, "Asks for")).toBe(`Asks for  ${both} (may be left out)`);
    const { offered: _, ...named } = offered;
    expect(line(named, "Asks for")).toBe(`Asks for  ${both}`);
  });

  test("is marked as such in what it would have, and in what is new", () => {
    const upgrade = { ...offered, approvedRoles: ["operator"], approvedScopes: ["operator.read"] };
    expect(line(upgrade, "Would have")).toBe(`Would have  ${both} (may be left out)`);
    expect(line(upgrade, "New")).toBe(
      "New         operator: send messages and run the agent, run commands on nodes (may be left out)",
    );
  });

  test("is granted both, or what is left", () => {
    expect(grantWords(offered)).toBe(both);
    expect(grantWords(offered, ["operator.nodes"])).toBe(
      "operator: see chats and devices, send messages and run the agent",
    );
  });

  test.each<[string, Partial<RequestRow>, boolean]>([
    ["offered", {}, true],
    ["asked for by name", { offered: [] }, true],
    ["not there", { scopes: ["operator.read"], offered: [] }, false],
    ["held by full control", { scopes: ["operator.admin", "operator.nodes"] }, false],
    ["held already", { approvedScopes: ["operator.nodes"] }, false],
    ["of a node", { nodeId: "ab".repeat(32) }, false],
  ])("can be left out where it is %s", (_title, more, can) => {
    expect(canLeaveOut({ ...offered, ...more })).toBe(can);
  });
});

describe("a device that is paired already", () => {
  const upgrade: RequestRow = {
    ...phone,
    scopes: ["operator.pairing", "operator.read"],
    approvedRoles: ["operator"],
    approvedScopes: ["operator.write"],
  };

  test("is shown with what it has and what would be new", () => {
    expect(line(upgrade, "Asks for")).toBe(
      "Asks for    operator: see chats and devices, let other devices in",
    );
    expect(line(upgrade, "Has now")).toBe("Has now     operator: send messages and run the agent");
    expect(line(upgrade, "Would have")).toBe(
      "Would have  operator: see chats and devices, send messages and run the agent, let other devices in",
    );
    expect(line(upgrade, "New")).toBe("New         operator: let other devices in");
  });

  test("that asks for all it has and more is not told the same twice", () => {
    const all = { ...upgrade, scopes: ["operator.pairing", "operator.write"] };
    expect(line(all, "Asks for")).toBeUndefined();
    expect(line(all, "Would have")).toBe(`Would have  ${askWords(all).asks}`);
  });

  test.each<[string, Partial<RequestRow>, string]>([
    [
      "another role",
      { roles: ["operator", "node"], scopes: ["operator.read"] },
      "node: a machine that answers commands",
    ],
    ["full control", { scopes: ["operator.admin", "operator.read"] }, "operator: full control"],
    ["what it has", { scopes: ["operator.talk"] }, "nothing"],
    [
      "all of it, after it was revoked",
      { approvedRoles: [], approvedScopes: [], scopes: ["operator.read"] },
      "operator: see chats and devices",
    ],
    ["a plugin's right", { scopes: ["plugin.x"] }, "operator: plugin.x"],
  ])("that asks for %s", (_title, more, words) => {
    expect(askWords({ ...upgrade, ...more }).new).toBe(words);
  });

  test("says so where all it had was revoked", () => {
    const revoked = { ...upgrade, approvedRoles: [], approvedScopes: [] };
    expect(line(revoked, "Has now")).toBe("Has now     nothing any more");
  });
});

describe("what a node declares", () => {
  test("is named whole", () => {
    expect(line(attic, "Asks for")).toBe(
      "Asks for  commands system.run, system.notify; ability system",
    );
    expect(line(attic, "Has now")).toBeUndefined();
  });

  test("is compared with what was approved, also where that would end", () => {
    const approved = { approvedCommands: ["system.notify", "system.which"], approvedCaps: [] };
    const row = { ...attic, ...approved };
    expect(line(row, "Has now")).toBe("Has now     commands system.which, system.notify");
    expect(line(row, "New")).toBe("New         command system.run; ability system");
    expect(line(row, "Ends")).toBe("Ends        command system.which");
  });

  test("says which permissions it asks for, had, would get and would lose", () => {
    const row = {
      ...attic,
      permissions: { "screen.record": true, camera: false },
      approvedCommands: attic.commands ?? [],
      approvedCaps: ["system"],
      approvedPermissions: { camera: true },
    };
    const same = "commands system.run, system.notify";
    expect(line(row, "Would have")).toBe(
      `Would have  ${same}; permission screen.record; ability system`,
    );
    expect(line(row, "Has now")).toBe(`Has now     ${same}; permission camera; ability system`);
    expect(line(row, "New")).toBe("New         permission screen.record");
    expect(line(row, "Ends")).toBe("Ends        permission camera");
  });

  test("that is nothing new says so", () => {
    const { commands = [], caps = [] } = attic;
    const row = { ...attic, approvedCommands: commands, approvedCaps: caps };
    expect(line(row, "New")).toBe("New         nothing");
    expect(line(row, "Ends")).toBeUndefined();
  });
});

test("whatever a client calls itself, no line is too wide and none can act on a terminal", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 90 }),
    fc.constantFrom("\u001b[2J", "手机".repeat(20), "a\nb", "\u202eevil", "x".repeat(300)),
  );
  const rows = fc.record({
    displayName: text,
    operatorLabel: text,
    platform: text,
    clientId: text,
    program: text,
    remoteIp: text,
    browserOrigin: text,
    gatewayFingerprint: text,
    deviceId: text,
    scopes: fc.array(text, { maxLength: 5 }),
    roles: fc.array(text, { maxLength: 3 }),
    approvedRoles: fc.array(text, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(rows, fc.integer({ min: 12, max: 120 }), (row, width) => {
      const lines = card({ ...row, requestId: "7F3K-Q2MN", ts: NOW }, width);
      for (const one of lines) {
        expect(one).not.toMatch(/\p{Cc}|\p{Cf}|\p{Bidi_Control}/u);
        expect(textWidth(one)).toBeLessThanOrEqual(width);
      }
    }),
  );
});
