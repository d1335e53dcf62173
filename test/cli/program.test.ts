import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refuseForeignWords } from "../../src/cli/commands/foreign-words.ts";
import { treeOf } from "../../src/cli/kit/declare.ts";
import { commandLine } from "../../src/cli/program.ts";
import { openclaw as command } from "../../src/protocol/command.ts";
import { partsOf, plainText, say, type Text } from "../../src/protocol/text.ts";
import { FakeAdmin } from "./support/admin-server.ts";
import { FakeIo, openclaw } from "./support/io.ts";
import { hostInfo, pendingRow } from "./support/rows.ts";

const nowhere = () =>
  new FakeIo({
    HOME: "/nonexistent",
    PATH: "/nonexistent",
    OPENCLAW_STATE_DIR: "/nonexistent/state",
    OPENCLAW_ADMIN_SOCKET: "/nonexistent/admin.sock",
  });

describe("command line", () => {
  test.each([
    ["--help", 0],
    ["--version", 0],
    ["devices --help", 0],
    ["help devices", 0],
    ["devices", 2],
    ["gateway", 2],
    ["devcies", 2],
    ["devices lst", 2],
    ["devices list --bogus", 2],
    ["devices list extra", 2],
    ["devices list --stale soon", 2],
    ["devices list --role admin", 2],
    ["devices list --limit -1", 2],
    ["devices clear --stale", 2],
    ["devices invite --role admin", 2],
    ["devices invite --scopes everything", 2],
    ["devices invite --role node --scopes read", 2],
    ["devices remove", 2],
    ["devices rename abcdef01", 2],
    ["gateway call", 2],
    ["gateway call health --params [1]", 2],
    ["gateway call health --params {", 2],
    ["gateway call health --timeout x", 2],
    ["gateway run --port 70000", 2],
    ["gateway run --token x", 2],
    ["config set gateway.name", 2],
    ["config set gateway.name x --revoke-derived", 2],
    ["devices list --token x", 2],
    ["health --url gopher://x", 2],
    ["gateway status --url wss://x", 2],
    ["health", 3],
    ["status", 3],
    ["gateway status", 3],
    ["gateway stop", 3],
    ["gateway restart", 3],
    ["gateway call health", 3],
    ["devices list", 3],
    ["", 0],
  ])("openclaw %s ends with %i", async (command, exit) => {
    const io = nowhere();
    expect(await openclaw(command, io)).toBe(exit);
    if (exit !== 0) expect(io.lines).toEqual([]);
    if (exit !== 0) expect(io.errorText).not.toMatch(/\n\s+at /);
  });

  test.each(["\u2014", "\u2013", "\u2013\u2013"])(
    "an option that a phone wrote with %s is that option",
    async (dash) => {
      const io = nowhere();
      expect(await openclaw(`devices list ${dash}bogus`, io)).toBe(2);
      expect(await openclaw(`devices ${dash}help`, io)).toBe(0);
      expect(io.text).toContain("Usage: openclaw devices");
      const words = `devices approve 7F3K${dash}Q2MN ${dash}without everything`;
      expect(await openclaw(words, io)).toBe(2);
      expect(io.errorText).toContain("--without: expected nodes");
      io.errors.length = 0;
      // A name is what it is.
      expect(await openclaw(`devices rename 7F3K ${dash}phone`, io)).toBe(3);
      expect(await openclaw(`devices rename 7F3K -- ${dash}name`, io)).toBe(3);
    },
  );

  test("a mistyped command gets a suggestion and the next command", async () => {
    const io = nowhere();
    await openclaw("devices lsit", io);
    expect(io.errors).toEqual([
      "openclaw: unknown command 'lsit'",
      "(Did you mean list?)",
      "  next: openclaw devices --help",
    ]);
  });

  test.each([
    ["devcies", "(Did you mean devices?)", "openclaw --help"],
    ["devices invite --use 3", "(Did you mean --uses?)", "openclaw devices invite --help"],
    ["devices invite lst", undefined, "openclaw devices invite --help"],
    ["health --jso", "(Did you mean --json?)", "openclaw health --help"],
    ["devices invite --uses many", undefined, "openclaw devices invite --help"],
    ["devices list now", undefined, "openclaw devices list --help"],
    ["nodes invoke attic server system.which", undefined, "openclaw nodes invoke --help"],
  ])(
    "openclaw %s: what was nearly meant, and the help of that command",
    async (typed, near, next) => {
      const io = nowhere();
      expect(await openclaw(typed, io)).toBe(2);
      if (near !== undefined) expect(io.errors).toContain(near);
      expect(io.errors.at(-1)).toBe(`  next: ${next}`);
      const severalWords = typed.includes("attic server");
      expect(io.errorText.includes("several words goes in quotes")).toBe(severalWords);
    },
  );

  test.each([
    ["gateway stop --json --force", "openclaw gateway stop"],
    ["gateway stop --disable", "sudo systemctl disable --now openclaw-gateway"],
    ["gateway restart --wait=30s", "openclaw gateway restart"],
    ["gateway status --deep", "openclaw doctor"],
    ["gateway run --force", "openclaw gateway stop (then: openclaw gateway run)"],
  ])("openclaw %s says why there is no such option, and what to type", async (typed, next) => {
    const io = nowhere();
    expect(await openclaw(typed, io)).toBe(2);
    expect(io.errors[0]).toMatch(/^openclaw: gateway \w+ has no --\w+: \w/);
    expect(io.errors.at(-1)).toBe(`  next: ${next}`);
  });

  test.each([
    ["gateway start", "openclaw gateway run"],
    ["start", "openclaw gateway run"],
    ["pair", "openclaw devices list (then: openclaw devices approve CODE)"],
    ["approve 7F3K-Q2MN", "openclaw devices approve CODE"],
    ["pairing approve x", "openclaw devices approve CODE"],
    ["devices pending", "openclaw devices list"],
    ["node run --host x", "openclaw connect <link or wss://…>"],
    ["--json restart", "openclaw gateway restart"],
  ])("openclaw %s names the command that is meant", async (typed, next) => {
    const io = nowhere();
    expect(await openclaw(typed, io)).toBe(2);
    expect(io.errors.at(-1)).toBe(`  next: ${next}`);
  });

  test("what is called a command that is meant is none of this program's own", () => {
    for (const { path } of treeOf(commandLine).values()) {
      expect(() => refuseForeignWords(path, {})).not.toThrow();
    }
  });

  test("gateway call --list names every method with who may call it", async () => {
    const io = nowhere();
    expect(await openclaw("gateway call --list --json", io)).toBe(0);
    const rows = JSON.parse(io.text) as { name: string; who: string; scopes: string[] }[];
    const row = (name: string) => rows.find((one) => one.name === name);
    expect(row("device.pair.list")).toMatchObject({ who: "operator, pairing" });
    expect(row("host.stop")).toMatchObject({ who: "owner" });
    const table = nowhere();
    await openclaw("gateway call --list", table);
    for (const line of table.lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("help lists the exit codes, and fits the terminal", async () => {
    const io = nowhere();
    await openclaw("--help", io);
    expect(io.text).toContain("Exit codes:");
    expect(io.text).toMatch(/^ {2}78 +the configuration has errors$/m);
    for (const line of io.lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("config --help describes every key", async () => {
    const io = nowhere();
    await openclaw("config --help", io);
    expect(io.text).toContain("gateway.trustedProxies");
    expect(io.text).toContain("openclaw config set gateway.port 18789");
  });

  test("commands that need a running gateway say so and what to type", async () => {
    for (const command of ["health", "status", "gateway call status"]) {
      const io = nowhere();
      await openclaw(command, io);
      expect(io.errors).toEqual([
        "openclaw: the gateway is not running",
        "  next: openclaw gateway run",
      ]);
    }
  });

  test("global options count before and after the command", async () => {
    for (const command of ["--json health", "health --json"]) {
      const admin = await new FakeAdmin().listen();
      admin.answers["health"] = () => ({ ok: true });
      const io = admin.io();
      expect(await openclaw(command, io)).toBe(0);
      expect(JSON.parse(io.text)).toEqual({ ok: true });
      await admin.close();
    }
  });
});

describe("openclaw alone", () => {
  let admin: FakeAdmin;
  beforeEach(async () => {
    admin = await new FakeAdmin().listen();
  });
  afterEach(() => admin.close());

  test("names who waits and the one command that helps", async () => {
    admin.answers = {
      "host.info": () => hostInfo({ listening: ["unix:/run/gw.sock"], warnings: ["look here"] }),
      "device.pair.list": () => ({ pending: [pendingRow()], paired: [] }),
    };
    const io = admin.io();
    expect(await openclaw("", io)).toBe(0);
    expect(io.text).toContain("is running, started 1 hour ago");
    expect(io.text).toContain("warning: look here");
    expect(io.text).toContain("7F3K-Q2MN  “Anna's phone” (browser, Android 16)");
    expect(io.lines.at(-1)).toBe("  next: openclaw devices approve 7F3K-Q2MN");
  });

  test("a warning of the gateway comes with what helps, which is a command", async () => {
    const next = partsOf(command`token new`);
    const notes = [
      { code: "NO_SHARED_SECRET", message: "no shared token is set", next },
      { code: "OTHER", message: "look here" },
    ];
    const warnings = ["no shared token is set; until: openclaw token new", "look here"];
    admin.answers = {
      "host.info": () => hostInfo({ warnings, ...{ notes } }),
      "device.pair.list": () => ({ pending: [], paired: [] }),
    };
    const io = admin.io();
    const said: Text[] = [];
    io.out = (line) => void said.push(line);
    await openclaw("", io);
    const from = said.findIndex((line) => plainText(line).includes("warning:"));
    expect(said.slice(from, from + 3)).toEqual([
      "  warning: no shared token is set",
      say`    next: ${command`token new`}`,
      "  warning: look here",
    ]);
  });

  test("commands of a node that wait are named as well", async () => {
    const offer = { requestId: "92GT-T8FN", nodeId: "ab".repeat(32), commands: [], ts: 0 };
    admin.answers = {
      "host.info": () => hostInfo(),
      "device.pair.list": () => ({ pending: [], paired: [] }),
      "node.pair.list": () => ({ pending: [offer], paired: [] }),
    };
    const io = admin.io();
    await openclaw("", io);
    expect(io.lines.at(-1)).toBe(
      "  The commands of a node wait for approval: openclaw nodes approve 92GT-T8FN",
    );
  });

  test("with several waiting it names no code for you", async () => {
    const pending = [pendingRow(), pendingRow({ requestId: "AAAA-BBBB" })];
    admin.answers = {
      "host.info": () => hostInfo(),
      "device.pair.list": () => ({ pending, paired: [] }),
    };
    const io = admin.io();
    await openclaw("", io);
    expect(io.lines.at(-1)).toBe("  next: openclaw devices approve CODE");
  });

  test("without devices it offers a link", async () => {
    admin.answers = {
      "host.info": () => hostInfo({ pairing: { pending: 0, devices: 0 } }),
      "device.pair.list": () => ({ pending: [], paired: [] }),
    };
    const io = admin.io();
    await openclaw("", io);
    expect(io.lines.at(-1)).toBe("  next: openclaw devices invite");
  });

  test("status shows the gateway's figures", async () => {
    admin.answers["status"] = () => ({
      runtimeVersion: "2026.9.6",
      gateway: {
        version: "1.2.3",
        fingerprint: "game-data-mask",
        uptimeMs: 7_200_000,
        listening: ["http://127.0.0.1:18789"],
        connections: { operator: 2, node: 1, waiting: 3, unauthenticated: 4 },
        pairing: { pending: 1, devices: 5, invites: 1 },
        store: { ok: false, lastError: "STORE_DISK_FULL: disk full" },
        closes: { PAIRING_REQUIRED: 2, "slow-consumer": 7 },
        warnings: [],
      },
    });
    const io = admin.io();
    expect(await openclaw("status", io)).toBe(0);
    expect(io.text).toContain("1.2.3, up 2 hours");
    expect(io.text).toContain("2 operators, 1 node");
    expect(io.text).toContain("not well: STORE_DISK_FULL: disk full");
    expect(io.text).toContain("slow-consumer 7, PAIRING_REQUIRED 2");
  });

  test("health fails where the gateway is not well", async () => {
    admin.answers["health"] = () => ({ ok: false });
    expect(await openclaw("health", admin.io())).toBe(1);
  });
});
