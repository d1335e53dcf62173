import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeIo, openclaw } from "./support/io.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "openclaw-broken-"));
  file = join(folder, "openclaw.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function typed(command: string, env: Record<string, string> = {}) {
  const io = new FakeIo({ HOME: folder, OPENCLAW_STATE_DIR: folder, ...env });
  const exit = await openclaw(command, io);
  return { exit, text: io.text, errors: io.errorText };
}

describe("with an error in the configuration and the gateway stopped", () => {
  test.each([
    "devices list",
    "devices invite",
    "nodes list",
    "ssh list",
    "audit",
    "token new",
    "config set gateway.port 19000",
  ])("%s works, and says what keeps the gateway from starting", async (command) => {
    writeFileSync(file, '{"gateway":{"bind":"all"}}');
    const { exit, errors } = await typed(command);
    expect([exit, errors]).toEqual([0, expect.stringContaining("openclaw config validate")]);
  });

  test.each(["set gateway.bind loopback", "unset gateway.bind"])(
    "config %s mends it, and keeps what else stands there",
    async (words) => {
      writeFileSync(
        file,
        '{\n  // mine\n  "gateway": { "bind": "all", "port": 19000 },\n  "own": 1\n}\n',
      );
      expect((await typed(`config ${words}`)).text).toContain("In force when the gateway starts.");
      expect((await typed("config validate")).exit).toBe(0);
      expect((await typed("config get gateway.port")).text).toBe("19000");
      expect(readFileSync(file, "utf8")).toMatch(/\/\/ mine.*"own": 1/s);
      expect((await typed("audit")).text).toContain("config.changed by host keys=gateway.bind");
    },
  );

  test("one of several errors is mended by itself; what remains is said", async () => {
    writeFileSync(file, '{"gateway":{"bind":"none","port":"x","name":1}}');
    const { exit, text } = await typed("config set gateway.port 19000");
    expect([exit, text]).toEqual([0, expect.stringContaining("Not in force while the file has")]);
    expect((await typed("config unset gateway.name")).exit).toBe(0);
    // Only now is it looked for whether what stands there fits together.
    expect((await typed("config validate")).errors).toContain("config set gateway.socket");
    expect((await typed("config set gateway.socket /run/x.sock")).exit).toBe(0);
    expect((await typed("config validate")).exit).toBe(0);
  });

  test.each([
    ["a new error", '{"gateway":{"bind":"all"}}', "config set gateway.port many"],
    ["broken syntax", '{"gateway":{', "config set gateway.port 19000"],
    ["nothing that is in force", '{"gateway":{"bind":"all"}}', "config get gateway.bind"],
  ])("%s is refused, and nothing is written", async (_what, text, command) => {
    writeFileSync(file, text);
    expect((await typed(command)).exit).toBe(78);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("devices work beside broken syntax, and a variable that is wrong", async () => {
    writeFileSync(file, '{"gateway":{');
    expect((await typed("devices invite")).exit).toBe(0);
    const env = { OPENCLAW_GATEWAY_PORT: "many" };
    rmSync(file);
    expect((await typed("devices invite list", env)).text).toContain("LINK");
    expect((await typed("config set gateway.name Haus", env)).exit).toBe(0);
  });

  test("an edit by hand that has an error is told of once it counts, and no sooner", async () => {
    writeFileSync(file, '{"gateway":{"name":"before"}}');
    await typed("devices invite");
    writeFileSync(file, '{"gateway":{"name":"after","bind":"all"}}');
    await typed("devices invite");
    expect((await typed("audit")).text).not.toContain("config.changed");
    await typed("config unset gateway.bind");
    expect((await typed("audit")).text).toMatch(
      /config\.changed by host keys=gateway\.bind.*config\.changed by gateway keys=gateway\.name/s,
    );
  });
});

describe("a list that is set", () => {
  test("is not replaced to mend one of its items: its place in the file is named", async () => {
    writeFileSync(file, '{"gateway":{"trustedProxies":["10.0.0.0/8","nope"]}}');
    const { errors } = await typed("config validate");
    expect(errors).toContain(`next: \${EDITOR:-nano} +1 ${file}`);
    expect((await typed("config add gateway.trustedProxies 10.1.0.0/16")).exit).toBe(78);
  });

  test("takes one more item, once", async () => {
    const deny = "gateway.nodes.commands.deny";
    writeFileSync(file, '{"gateway":{"nodes":{"denyCommands":["camera.snap"]}}}');
    for (const item of ["system.run", "system.run"]) {
      expect((await typed(`config add ${deny} ${item}`)).exit).toBe(0);
    }
    const { text } = await typed(`config get ${deny} --json`);
    expect(JSON.parse(text)).toEqual(["camera.snap", "system.run"]);
    const refused = await typed("config add gateway.port 1");
    expect([refused.exit, refused.errors]).toEqual([78, expect.stringContaining("not a list")]);
  });
});

describe("config unset and set of a key that does not exist", () => {
  test.each([
    ["unset bogus", "bogus is not in the file", "config --help"],
    ["unset gateway.prot", "did you mean gateway.port?", "config unset gateway.port"],
    ["set gateway.prot 19000", "did you mean gateway.port?", "config set gateway.port 19000"],
  ])("%s", async (words, said, next) => {
    const { exit, errors } = await typed(`config ${words}`);
    expect([exit, errors]).toEqual([78, expect.stringContaining(said)]);
    expect(errors).toContain(`next: openclaw ${next}`);
  });

  test.each(["unset gateway.nodes", "unset gateway.bind"])("%s is so already", async (words) => {
    expect((await typed(`config ${words}`)).exit).toBe(0);
  });

  test("an unknown key that is in the file is taken out", async () => {
    writeFileSync(file, '{"bogus":1,"own":2}');
    expect((await typed("config unset bogus")).exit).toBe(0);
    expect(readFileSync(file, "utf8")).toBe('{"own":2}');
  });
});
