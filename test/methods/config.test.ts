import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";

const STALE = "config changed since last load; re-run config.get and retry";
const REDACTED = "__OPENCLAW_REDACTED__";
const text = `{
  // mine, and it stays
  "gateway": {
    "name": "home", // the name
    "sshTarget": "root@home.example.com",
  },
  "models": { "openai": { "apiKey": "sk-secret-1234" } }
}
`;

let gateway: TestGateway;
let client: RawClient;
let file: string;

beforeEach(async () => {
  gateway = await startTestGateway();
  file = join(gateway.stateDir, "openclaw.json");
  await writeFile(file, text, { mode: 0o600 });
  await gateway.core.config.reload();
  const scopes = ["operator.admin", "operator.read"];
  const auth = { token: "test-token-0123456789abcdef" };
  ({ client } = await pairAndConnect(gateway, { device: makeDevice(), auth, scopes }));
});

afterEach(async () => {
  client.close();
  await gateway.close();
});

async function get(): Promise<Frame> {
  return (await client.request("config.get", {})).payload;
}

describe("config.get", () => {
  test("shows what is in force and never what is secret", async () => {
    const answer = await client.request("config.get", {});
    expect(answer.payload).toMatchObject({
      path: file,
      exists: true,
      valid: true,
      config: { gateway: { name: "home", port: 0 } },
      parsed: { models: { openai: { apiKey: REDACTED } } },
    });
    expect(JSON.stringify(answer)).not.toContain("sk-secret");
  });

  test("shows the errors of a file that is not in force, and its hash", async () => {
    const { hash } = await get();
    await writeFile(file, '{ "gateway": { "name": 7 } }');
    await gateway.core.config.reload();
    const after = await get();
    expect(after).toMatchObject({ valid: false, appliedConfigHash: hash });
    expect(after.hash).not.toBe(hash);
    expect(after.issues[0].path).toBe("gateway.name");
    expect(after.config.gateway.name).toBe("home");
    const fixed = { raw: '{ "gateway": { "name": "attic" } }', baseHash: after.hash };
    expect((await client.request("config.set", fixed)).payload.config.gateway.name).toBe("attic");
  });

  test("shows nothing of a secret that stands in the wrong place, and the log neither", async () => {
    const auth = { mode: "sk-misplaced-9" };
    const gatewaySection = {
      auth,
      trustedProxies: ["hunter-misplaced-2"],
      sshTarget: "a b-misplaced",
    };
    await writeFile(file, JSON.stringify({ gateway: gatewaySection }));
    await gateway.core.config.reload();
    const after = await get();
    expect(after.issues.map(({ path }: Frame) => path)).toContain("gateway.auth.mode");
    expect(JSON.stringify(after)).not.toContain("misplaced");
    expect(JSON.stringify(gateway.log)).not.toContain("misplaced");
  });
});

describe.each(["config.set", "config.apply"])("%s", (method) => {
  test("changes values; comments, layout, unknown keys and secrets stay", async () => {
    const { hash, parsed } = await get();
    parsed.gateway.name = "attic";
    const answer = await client.request(method, { raw: JSON.stringify(parsed), baseHash: hash });
    expect(answer.payload).toMatchObject({
      ok: true,
      path: file,
      changedPaths: ["gateway.name"],
      config: { gateway: { name: "attic" } },
    });
    expect(await readFile(file, "utf8")).toBe(text.replace('"home"', '"attic"'));
    expect(answer.payload.hash).toBe((await get()).hash);
    expect(JSON.stringify(answer)).not.toContain("sk-secret");
  });

  test("of what is there already writes nothing and says so", async () => {
    const { hash, config } = await get();
    const answer = await client.request(method, { raw: JSON.stringify(config), baseHash: hash });
    expect(answer.payload).toMatchObject({ ok: true, noop: true, changedPaths: [] });
    expect(answer.payload.kept).toEqual(["models"]);
    expect(await readFile(file, "utf8")).toBe(text);
  });
});

describe("config.patch", () => {
  test("is told to everybody who may read, and is on disk before it is answered", async () => {
    const { hash } = await get();
    const seen = client.frames.length;
    const raw = '{ "gateway": { "name": "attic" } }';
    const answer = await client.request("config.patch", { raw, baseHash: hash });
    const frames = client.frames.slice(seen);
    const told = frames.findIndex((frame) => frame.event === "config.changed");
    expect(told).toBeGreaterThanOrEqual(0);
    expect(told).toBeLessThan(frames.indexOf(answer));
    expect(frames[told].payload).toMatchObject({ path: file, hash: answer.payload.hash });
    expect(await readFile(file, "utf8")).toContain('"attic"');
  });

  test("is refused when the text is not the one that was read, and with no hash", async () => {
    const { hash } = await get();
    const raw = '{ "gateway": { "name": "attic" } }';
    await writeFile(file, text.replace("home.example", "home2.example"));
    const stale = await client.request("config.patch", { raw, baseHash: hash });
    expect(stale.error).toMatchObject({ code: "INVALID_REQUEST", message: STALE });
    const again = await client.request("config.patch", { raw, baseHash: (await get()).hash });
    expect(again.ok).toBe(true);
    const blind = await client.request("config.patch", { raw });
    expect(blind.error.message).toContain("re-run config.get and retry");
  });

  test("of many at once from the same text lets one through and loses none", async () => {
    const { hash } = await get();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => {
        const raw = JSON.stringify({ gateway: { name: `name ${n}` } });
        return client.request("config.patch", { raw, baseHash: hash });
      }),
    );
    const won = answers.filter(({ ok }) => ok);
    expect(won).toHaveLength(1);
    for (const { ok, error } of answers) if (!ok) expect(error.message).toBe(STALE);
    expect(await readFile(file, "utf8")).toContain(won[0].payload.config.gateway.name);
  });

  test("of a host-only key is refused with the command, and marks every wrong key", async () => {
    const { hash } = await get();
    const raw = '{ "gateway": { "port": 80, "name": 7 } }';
    const { error } = await client.request("config.patch", { raw, baseHash: hash });
    expect(error).toMatchObject({
      code: "INVALID_REQUEST",
      details: {
        code: "CONFIG_HOST_ONLY",
        cure: "openclaw config set gateway.port 80",
        issues: [
          { path: "gateway.port", message: expect.stringContaining("host") },
          { path: "gateway.name", message: expect.stringContaining("expected") },
        ],
      },
    });
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test("creates the file where there is none", async () => {
    const empty = await startTestGateway();
    const made = await empty.host<Frame>("config.patch", {
      raw: '{ "gateway": { "name": "new" } }',
    });
    expect(made).toMatchObject({ ok: true, config: { gateway: { name: "new" } } });
    await empty.close();
  });
});

describe("the schema", () => {
  test("names every key with its type, and which are for the host alone", async () => {
    const { payload } = await client.request("config.schema", {});
    expect(payload.schema.properties.gateway.properties.port).toMatchObject({
      type: "integer",
      maximum: 65535,
      readOnly: true,
    });
    expect(payload.uiHints["gateway.auth.token"]).toMatchObject({ sensitive: true });
  });

  test("is looked up by key and section", async () => {
    const { payload } = await client.request("config.schema.lookup", { path: "gateway" });
    const names = payload.children.map(({ key }: Frame) => key);
    expect(names).toContain("pairing");
    const leaf = await client.request("config.schema.lookup", { path: "gateway.pairing.open" });
    expect(leaf.payload).toMatchObject({ schema: { type: "boolean" }, reloadKind: "hot" });
    const none = await client.request("config.schema.lookup", { path: "no.such" });
    expect(none.error.message).toBe("config schema path not found");
  });
});
