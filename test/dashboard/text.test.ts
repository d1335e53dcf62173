import { describe, expect, it } from "vitest";
import { deviceName } from "../../src/dashboard/browser.ts";
import { advise } from "../../src/dashboard/help.ts";
import { rights } from "../../src/dashboard/names.ts";
import { gatewayOf, peersOf } from "../../src/dashboard/parse.ts";
import { clean, cleanList, remaining } from "../../src/dashboard/text.ts";
import { at, blank, openclaw } from "../../src/protocol/command.ts";
import { asCalledHere, onGateway, say, type Text } from "../../src/protocol/text.ts";

describe("clean", () => {
  it.each([
    ["control characters", "a\u0000b\u001b[31mc\u009bd", "ab[31mcd"],
    ["bidirectional overrides", "a\u202eb\u2066c\u200f", "abc"],
    ["zero-width characters", "a\u200bb\ufeffc\u2060d\u00ad", "abcd"],
    ["lines and tabs become spaces", " a\r\n\tb\u2028c ", "a b c"],
    ["blank letters", "\u3164\u115fx", "x"],
    ["lone surrogates", "a\ud800b", "ab"],
    ["ordinary text stays", "Zoë’s 電話 🙂", "Zoë’s 電話 🙂"],
    ["no text", { length: 3 }, ""],
  ])("%s", (_title, given, expected) => expect(clean(given)).toBe(expected));

  it("is bounded", () => {
    expect(clean("x".repeat(1e6), 10)).toBe("xxxxxxxxxx…");
    expect(cleanList(Array(1000).fill("x"))).toHaveLength(32);
    expect(cleanList("x")).toEqual([]);
  });
});

describe("parsing", () => {
  it("shows who is here, bounded, and knows itself", () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ host: `h${i}`, deviceId: `d${i}` }));
    const peers = peersOf([{ host: "gone", reason: "disconnect" }, ...rows], "d1");
    expect(peers).toHaveLength(51);
    expect(peers[1]).toEqual({ name: "h1", about: "", isSelf: true });
    expect(peers[50]?.name).toBe("and 10 more");
    expect(peersOf([null, 7], "")).toHaveLength(2);
    expect(peersOf("x", "")).toEqual([]);
  });

  it("keeps what it knows of the gateway", () => {
    const known = { name: "n", release: "1", fingerprint: "f", command: "" };
    expect(gatewayOf(undefined, known)).toEqual(known);
    expect(gatewayOf({ version: "2" }, known)).toEqual({ ...known, release: "2" });
    expect(gatewayOf({ fingerprint: "g" }, known).fingerprint).toBe("g");
    expect(gatewayOf({ command: "docker exec gw openclaw" }, known).command).toBe(
      "docker exec gw openclaw",
    );
  });
});

describe("words", () => {
  it.each([
    [
      ["operator.write", "operator.read"],
      ["see chats and devices", "send messages and run the agent"],
    ],
    [
      ["operator.read", "operator.admin", "plugin.x"],
      ["full control", "plugin.x"],
    ],
    [
      ["constructor", "operator.bogus"],
      ["constructor", "operator.bogus"],
    ],
  ])("scopes %j", (scopes, words) => {
    expect(rights(scopes, [])).toEqual(words.map((word) => [word, ""]));
  });

  it("tells what was approved from what would be new", () => {
    const asked = ["operator.pairing", "operator.read"];
    expect(rights(asked, ["operator.write"])).toEqual([
      ["see chats and devices", "approved"],
      ["let other devices in", "new"],
    ]);
  });

  it("marks what the owner may leave out", () => {
    expect(rights(["operator.write"], [], ["operator.nodes"])).toEqual([
      ["send messages and run the agent", ""],
      ["run commands on nodes", "may be left out"],
    ]);
  });

  it("counts down", () => {
    expect(remaining(29.4 * 60_000)).toBe("29 min");
    expect(remaining(65_000)).toBe("65 s");
  });

  it.each([
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
      "Chrome on Linux",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
      "Safari on iPhone",
    ],
    ["Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"],
    ["curl", "Browser on a device"],
  ])("names %s", (userAgent, name) => expect(deviceName(userAgent)).toBe(name));
});

describe("advice", () => {
  const advice = (code: string) => advise({ code, message: "because" }, "https://gw.example");
  it.each([
    ["invite-used-by-another-device", /already used/, "openclaw devices invite", "ask"],
    ["invite-expired", /link has expired/, "openclaw devices invite", "ask"],
    ["invite-revoked", /revoked/, "openclaw devices invite", "ask"],
    ["invite-unknown", /not valid/, "openclaw devices invite", "ask"],
    ["invite-role", /for a node/, "openclaw devices invite", "ask"],
    ["AUTH_TOKEN_MISSING", /invited devices only/, "openclaw devices invite", "retry"],
    [
      "CONTROL_UI_ORIGIN_NOT_ALLOWED",
      /address/,
      "openclaw config set gateway.publicUrl https://gw.example",
      "retry",
    ],
    ["PROTOCOL_MISMATCH", /updated/, undefined, "reload"],
    ["DEVICE_AUTH_SIGNATURE_INVALID", /key was not accepted/, "openclaw doctor", "retry"],
    ["rejected", /rejected/, undefined, "ask"],
    ["expired", /request expired/, undefined, "ask"],
    ["superseded", /newer request/, undefined, "ask"],
    ["removed", /removed/, undefined, "ask"],
    ["closed", /ended/, undefined, "ask"],
    ["no-key", /can’t be paired/, undefined, "reload"],
    ["constructor", /said no/, "openclaw doctor", "retry"],
  ])("%s", (code, title, command, action) => {
    const given = advice(code);
    expect(given.title).toMatch(title);
    expect(given.command).toBe(command);
    expect(given.action).toBe(action);
    expect(given.text.length).toBeGreaterThan(10);
  });

  it("takes the gateway's own cure, with its own name for the command line", () => {
    const cured = (code: string, next: Text, program = "openclaw") => {
      const sent = JSON.parse(JSON.stringify(asCalledHere(next, program)));
      return advise({ code, message: "because", next: sent }, "https://gw.example");
    };
    const [invite, node] = [onGateway(openclaw`devices invite`), "node dist/index.js"];
    expect(cured("invite-expired", invite, node).command).toBe(`${node} devices invite`);
    expect(cured("AUTH_TOKEN_MISSING", invite, node).command).toBe(`${node} devices invite`);
    const open = blank("https://<the name>");
    const allow = onGateway(openclaw`config set gateway.publicUrl ${open}`);
    expect(cured("CONTROL_UI_ORIGIN_NOT_ALLOWED", allow, "claw").command).toBe(
      "claw config set gateway.publicUrl https://gw.example",
    );
    const second = onGateway(openclaw`config set gateway.controlUi.allowedOrigins ${open}`);
    expect(cured("CONTROL_UI_ORIGIN_NOT_ALLOWED", second, "claw").command).toBe(
      "claw config set gateway.controlUi.allowedOrigins '[\"https://gw.example\"]'",
    );
    expect(cured("PROTOCOL_MISMATCH", invite).command).toBeUndefined();
    const clock = cured("DEVICE_AUTH_SIGNATURE_EXPIRED", "set this device's clock");
    expect(clock).toMatchObject({ text: expect.stringContaining("set this device's clock.") });
    expect(clock.command).toBeUndefined();
    const asked = say`connect with a key, then: ${at("gateway", openclaw`devices list`)}`;
    expect(cured("DEVICE_IDENTITY_REQUIRED", asked, "claw")).toMatchObject({
      text: expect.stringContaining("What helps: connect with a key, then: claw devices list."),
    });
  });

  it("lets a browser that is paired go on without a link that failed", () => {
    for (const code of ["invite-expired", "AUTH_RATE_LIMITED"]) {
      const given = advise({ code, message: "because", hasAccess: true }, "https://gw.example");
      expect(given).toMatchObject({ label: "Go on without the link", action: "ask" });
    }
  });

  it("tells a tab that another tab has the request", () => {
    const given = advise({ code: "elsewhere", message: "" }, "https://gw.example");
    expect(given).toMatchObject({ title: "Another tab is asking", action: "ask" });
  });

  it("passes the gateway's own words on", () => expect(advice("ODD").text).toContain("because"));
});
