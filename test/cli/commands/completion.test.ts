import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { offersFor } from "../../../src/cli/commands/completion/offers.ts";
import { treeOf } from "../../../src/cli/kit/declare.ts";
import { commandLine } from "../../../src/cli/program.ts";
import { FakeAdmin } from "../support/admin-server.ts";
import { openclaw } from "../support/io.ts";
import { pairedRow, pendingRow } from "../support/rows.ts";

const tree = treeOf(commandLine);
const words = (...typed: string[]) => offersFor(tree, typed).offers.map(({ word }) => word);

describe("what a shell may offer", () => {
  test("commands, and none for the program's own use", () => {
    expect(words("")).toContain("devices");
    expect(words("")).not.toContain("pair-node");
    expect(words("gateway", "")).toEqual(["run", "status", "restart", "stop", "call", "prove"]);
    expect(words("devices", "invite", "")).toEqual(["list", "revoke"]);
    expect(words("--json", "--url", "wss://x", "ssh", "")).toContain("enable");
  });

  test("every command's summary stands beside it", () => {
    const [first] = offersFor(tree, ["devices", ""]).offers;
    expect(first).toEqual({
      word: "list",
      about: "requests that wait for approval, and paired devices",
    });
  });

  test("options that were not given yet, those of every command too", () => {
    expect(words("devices", "clear", "--yes", "-")).toEqual([
      "--pending",
      "--stale",
      "--force",
      "--version",
      "--json",
      "--verbose",
      "--url",
      "--token",
      "--password",
      "--tls-fingerprint",
      "--help",
    ]);
    expect(words("devices", "revoke-all", "--except", "a", "--")).toContain("--except");
    expect(words("logs", "-f", "-")).not.toContain("--follow");
  });

  test("values of options, as a word of their own and behind an equals sign", () => {
    expect(words("devices", "invite", "--access", "")).toEqual(["full", "limited", "node"]);
    expect(words("devices", "invite", "--access=l")).toEqual([
      "--access=full",
      "--access=limited",
      "--access=node",
    ]);
    expect(words("devices", "invite", "--expires", "")).toEqual([]);
    // The value of one option is none of the next.
    expect(words("devices", "invite", "--expires", "1h", "--role", "")).toEqual([
      "operator",
      "node",
    ]);
    // An optional value is not waited for.
    expect(words("devices", "list", "--stale", "--r")).toContain("--role");
  });

  test("what the gateway or the disk is asked for, by the argument that is typed", () => {
    const asked = (...typed: string[]) => offersFor(tree, typed).ask;
    expect(asked("devices", "approve", "")).toBe("device-request");
    // Its words may be several, but they are one code, one name.
    expect(asked("devices", "approve", "7F3K-Q2MN", "")).toBeUndefined();
    expect(asked("ssh", "remove", "it's my key", "")).toBeUndefined();
    expect(asked("devices", "remove", "")).toBe("device");
    expect(asked("devices", "remove", "a", "")).toBeUndefined();
    expect(asked("devices", "rename", "")).toBe("device");
    expect(asked("devices", "rename", "a", "")).toBeUndefined();
    expect(asked("devices", "rename", "--device", "")).toBe("device");
    expect(asked("config", "set", "")).toBe("config-key");
    expect(asked("config", "set", "gateway.name", "")).toBeUndefined();
    expect(asked("config", "validate", "")).toBe("file");
    expect(asked("nodes", "invoke", "")).toBe("node");
    expect(asked("connect", "--allow", "")).toBe("file");
    expect(offersFor(tree, ["connect", "--allow=x"])).toMatchObject({
      ask: "file",
      prefix: "--allow=",
    });
  });

  test("behind two dashes a word is no option", () => {
    expect(words("devices", "approve", "--", "-")).toEqual([]);
    expect(offersFor(tree, ["devices", "approve", "--", "-"]).ask).toBe("device-request");
  });

  test("every name that a declaration completes is one of its arguments or options", () => {
    for (const { path, command, declaration } of tree.values()) {
      const names = [
        ...command.registeredArguments.map((arg) => arg.name()),
        ...command.options.map(({ long }) => long?.slice(2)),
      ];
      for (const name of Object.keys(declaration.completes ?? {})) {
        expect(names, path.join(" ")).toContain(name);
      }
    }
  });
});

describe("openclaw complete", () => {
  let admin: FakeAdmin;
  beforeEach(async () => {
    admin = await new FakeAdmin().listen();
  });
  afterEach(() => admin.close());

  async function lines(typed: string): Promise<string[]> {
    const io = admin.io();
    expect(await openclaw(`complete ${typed}`, io)).toBe(0);
    expect(io.errors).toEqual([]);
    return io.lines;
  }

  test("asks the gateway for what waits and who is paired, with their names cleaned", async () => {
    const name = "Kitchen\u001b[2J\ttablet\n";
    admin.answers["device.pair.list"] = () => ({
      pending: [pendingRow({ displayName: name })],
      paired: [pairedRow({ displayName: "Phone" })],
    });
    const [waiting = ""] = await lines("devices approve 7F");
    expect(waiting).toMatch(/^7F3K-Q2MN\tKitchen\[2J tablet \(/);
    const [paired = ""] = await lines("devices remove ''");
    expect(paired).toMatch(/^[0-9a-f]{12}\tPhone$/);
    expect(await lines("devices approve 8")).toEqual([]);
  });

  test("says nothing where the gateway refuses, is another one, or does not run", async () => {
    expect(await lines("devices approve ''")).toEqual([]);
    expect(await lines("--url wss://x devices approve ''")).toEqual([]);
    expect(admin.asked.filter(({ method }) => method === "device.pair.list")).toHaveLength(1);
    await admin.stop();
    expect(await lines("devices approve ''")).toEqual([]);
    expect(await lines("config set gateway.po")).toHaveLength(1);
  });

  test("openclaw completion prints a script for each shell, and refuses others by name", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const io = admin.io();
      expect(await openclaw(`completion ${shell}`, io)).toBe(0);
      expect(io.text).toContain("complete");
    }
    const io = admin.io();
    io.env["SHELL"] = "/usr/bin/fish";
    expect(await openclaw("completion", io)).toBe(0);
    expect(io.text).toContain("# fish completion");
    expect(await openclaw("completion tcsh", io)).toBe(2);
    expect(io.errors).toEqual([
      "openclaw: there is none for tcsh: bash, zsh, fish",
      "  next: openclaw completion bash",
    ]);
  });
});
