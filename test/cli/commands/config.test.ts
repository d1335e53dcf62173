import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeAdmin, Refuse } from "../support/admin-server.ts";
import { openclaw } from "../support/io.ts";
import { hostInfo } from "../support/rows.ts";

const changed = { path: "gateway.name", file: "/etc/x.json", changedPaths: [], warnings: [] };

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
});
afterEach(() => admin.close());

describe("config set and unset", () => {
  test.each(["set gateway.ssh.authorizedKeys /x", "unset gateway.ssh.account"])(
    "%s: --force is the gateway's to weigh",
    async (words) => {
      admin.answers["host.config.set"] = () => ({ ...changed, diff: "x", restartNeeded: false });
      expect(await openclaw(`config ${words} --force`, admin.io())).toBe(0);
      expect(admin.askedOf("host.config.set")).toMatchObject([{ force: true }]);
    },
  );

  test.each([
    [false, "In force now."],
    [true, "In force after: openclaw gateway restart"],
  ])("shows the diff, and whether a restart is needed: %s", async (restartNeeded, words) => {
    const diff = '@@ -1,1 +1,2 @@\n {\n+  "name": "Haus"\n';
    admin.answers["host.config.set"] = () => ({ ...changed, diff, restartNeeded });
    const io = admin.io();
    expect(await openclaw("config set gateway.name Haus", io)).toBe(0);
    expect(io.text).toContain('+  "name": "Haus"');
    expect(io.lines.at(-1)).toBe(words);
    expect(admin.askedOf("host.config.set")).toEqual([{ path: "gateway.name", value: "Haus" }]);
  });

  test.each([
    ["gateway.bind", "lan", true],
    ["gateway.bind", "203.0.113.7", true],
    ["gateway.bind", "loopback", false],
    ["gateway.bind", "127.0.0.1", false],
    ["gateway.name", "lan", false],
  ])("%s %s warns of plain HTTP: %s", async (path, value, warns) => {
    admin.answers["host.config.set"] = () => ({ ...changed, path, diff: "x", restartNeeded: true });
    const io = admin.io();
    expect(await openclaw(`config set ${path} ${value}`, io)).toBe(0);
    expect(io.errorText.includes("plain HTTP")).toBe(warns);
    expect(io.errorText.includes("nginx")).toBe(warns);
  });

  test("a value of - is read from standard input; unset sends none", async () => {
    admin.answers["host.config.set"] = () => ({ ...changed, diff: "", restartNeeded: false });
    const io = admin.io();
    io.input = "Haus am See";
    await openclaw("config set gateway.name -", io);
    await openclaw("config unset gateway.name", io);
    expect(admin.askedOf("host.config.set")).toEqual([
      { path: "gateway.name", value: "Haus am See" },
      { path: "gateway.name" },
    ]);
    expect(io.text).toContain("is so already; nothing was written");
  });

  test("a refused value says what was expected", async () => {
    admin.answers["host.config.set"] = () => {
      const message = "gateway.port: found 99999, expected a whole number from 0 to 65535";
      const details = { code: "CONFIG_VALUE", cure: "openclaw config set gateway.port 18789" };
      throw new Refuse({ code: "INVALID_REQUEST", message, details });
    };
    const io = admin.io();
    expect(await openclaw("config set gateway.port 99999", io)).toBe(78);
    expect(io.errors).toEqual([
      "openclaw: gateway.port: found 99999, expected a whole number from 0 to 65535",
      "  next: openclaw config set gateway.port 18789",
    ]);
  });
});

describe("secrets", () => {
  beforeEach(() => {
    admin.answers["host.secret.set"] = () => ({ closed: ["c-1", "c-2"], revoked: [] });
  });

  test.each([
    ["gateway.token", "token"],
    ["gateway.auth.token", "token"],
    ["gateway.password", "password"],
    ["gateway.auth.password", "password"],
  ])("%s goes hashed into the state, and whom it closed is said", async (path, kind) => {
    const io = admin.io();
    io.input = "new secret";
    expect(await openclaw(`config set ${path} -`, io)).toBe(0);
    const params = { kind, secret: "new secret", revokeDerived: false };
    expect(admin.askedOf("host.secret.set")).toEqual([params]);
    expect(io.text).toContain("Closed 2 connections: c-1, c-2.");
    expect(io.text).toContain("--revoke-derived ends those");
    expect(io.text + io.errorText).not.toContain("new secret");
    expect(io.errors).toEqual([]);
  });

  test("on the command line it is taken, with one warning", async () => {
    const io = admin.io();
    await openclaw("config set gateway.token abc --revoke-derived", io);
    const params = { kind: "token", secret: "abc", revokeDerived: true };
    expect(admin.askedOf("host.secret.set")).toEqual([params]);
    expect(io.errors).toHaveLength(1);
    expect(io.errorText).toContain("shows in process lists");
  });

  test("that is a reference is not sent as a way in to another gateway", async () => {
    const io = admin.io();
    io.input = "$GATEWAY_TOKEN";
    expect(await openclaw("devices list --url ws://127.0.0.1:1 --token -", io)).toBe(2);
    expect(io.errorText).toContain("the token is a reference, and nothing resolves it here");
  });

  test("on a terminal it is asked for", async () => {
    const io = admin.io();
    io.readsPerson = true;
    io.answers.push("typed");
    await openclaw("config set gateway.token -", io);
    expect(io.questions).toEqual(["New token: "]);
    expect(admin.askedOf("host.secret.set")).toMatchObject([{ secret: "typed" }]);
  });

  test("an empty one is refused before anything is asked of the gateway", async () => {
    expect(await openclaw("config set gateway.token -", admin.io())).toBe(2);
    expect(admin.asked).toEqual([]);
  });

  test("token new prints the token alone for scripts", async () => {
    admin.answers["host.token.new"] = () => ({
      token: "T0ken",
      closed: [],
      revoked: ["ab".repeat(32)],
    });
    const io = admin.io();
    expect(await openclaw("token new --revoke-derived", io)).toBe(0);
    expect(io.lines).toEqual(["T0ken"]);
    expect(io.errorText).toContain("Ended the device tokens of 1 device: abababababab.");
    expect(admin.askedOf("host.token.new")).toEqual([{ revokeDerived: true }]);
  });
});

describe("config get, file, validate, migrate-secrets", () => {
  test("one key, a section, a key that is not set, and one that is none", async () => {
    const config = { gateway: { port: 18789, name: "Haus\u001b[31m" } };
    admin.answers["config.get"] = () => ({ config, warnings: [] });
    const run = async (path: string) => {
      const io = admin.io();
      return [await openclaw(`config get ${path}`, io), io.text || io.errors[1]];
    };
    expect(await run("gateway.port")).toEqual([0, "18789"]);
    expect(await run("gateway.name")).toEqual([0, "Haus[31m"]);
    expect(await run("gateway")).toEqual([0, JSON.stringify(config.gateway, null, 2)]);
    expect(await run("gateway.publicUrl")).toEqual([
      5,
      "  next: openclaw config set gateway.publicUrl https://gateway.example.com",
    ]);
    expect(await run("gateway.prot")).toEqual([5, "  next: openclaw config --help"]);
    expect(await run("gateway.token")).toEqual([
      1,
      "  next: openclaw token new (or openclaw config set gateway.password -)",
    ]);
  });

  test("get knows every name of a key", async () => {
    const config = { gateway: { nodes: { commands: { deny: ["system.run"] } } } };
    admin.answers["config.get"] = () => ({ config, warnings: [] });
    const io = admin.io();
    expect(await openclaw("config get gateway.nodes.denyCommands", io)).toBe(0);
    expect(JSON.parse(io.text)).toEqual(["system.run"]);
  });

  test("file and validate follow the gateway that runs", async () => {
    const configPath = join(admin.folder, "openclaw.json");
    writeFileSync(configPath, '{ "gateway": { "port": 123456 } }');
    admin.answers["host.info"] = () => hostInfo({ configPath });
    const io = admin.io();
    expect(await openclaw("config file", io)).toBe(0);
    expect(io.lines).toEqual([configPath]);
    expect(await openclaw("config validate", io)).toBe(78);
    expect(io.errorText).toContain("expected a whole number from 0 to 65535");
    const good = join(admin.folder, "good.json");
    writeFileSync(good, "{ /* nothing */ }");
    expect(await openclaw(`config validate ${good}`, io)).toBe(0);
  });

  test("migrate-secrets shows the diff and asks", async () => {
    admin.answers["host.config.migrate"] = ({ apply }) => ({
      found: ["token"],
      diff: '-    "token": "***"\n',
      applied: apply,
    });
    const applied = () => admin.askedOf("host.config.migrate").map(({ apply }) => apply);
    const script = admin.io();
    expect(await openclaw("config migrate-secrets", script)).toBe(1);
    expect(script.text).toContain('-    "token": "***"');
    expect(applied()).toEqual([false]);
    const person = admin.io();
    person.asksPerson = true;
    person.answers.push("y");
    expect(await openclaw("config migrate-secrets", person)).toBe(0);
    expect(await openclaw("config migrate-secrets --yes", admin.io())).toBe(0);
    expect(applied()).toEqual([false, false, true, false, true]);
  });
});
