import { chmod, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { differing, digestsOf } from "../../src/main/config-trace.ts";
import { openOffline } from "../../src/main/offline.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";

/** Whoever edits the configuration's file has a line, be it that no gateway runs. */

let stateDir: string;
let file: string;
let gateway: TestGateway | undefined;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "config-trace-"));
  file = join(stateDir, "openclaw.json");
});
afterEach(async () => {
  await stop();
  await rm(stateDir, { recursive: true, force: true });
});

const start = async () => {
  gateway = await startTestGateway({ stateDir });
  return gateway;
};
async function stop(): Promise<void> {
  await gateway?.close();
  gateway = undefined;
}
const write = (config: object) => writeFile(file, JSON.stringify(config), { mode: 0o600 });
const lines = async () => (await gateway?.core.audit.read({ limit: 99 })) ?? [];
const edits = async () =>
  (await lines())
    .filter(({ event, by }) => event === "config.changed" && by.kind === "gateway")
    .map(({ what }) => what?.["keys"]);
const seenAgain = (count: number) =>
  until(async () => (await edits()).length === count, `${count} lines about the file`);

test("an edit while no gateway runs is found at the start, once, with its keys and no values", async () => {
  await write({ gateway: { name: "home", auth: { token: "secret-0123456789" } } });
  await start();
  // What there is at a first start, nobody changed.
  expect(await edits()).toEqual([]);
  await stop();
  await start();
  expect(await edits()).toEqual([]);
  await stop();
  await write({
    gateway: { auth: { token: "secret-9876543210" }, publicUrl: "https://a.example" },
  });
  await start();
  expect(await edits()).toEqual([["gateway.auth.token", "gateway.name", "gateway.publicUrl"]]);
  const [line] = (await lines()).slice(-1);
  expect(line).toMatchObject({
    by: { kind: "gateway" },
    what: { file, how: "the file was edited while no gateway ran, or as one was killed" },
  });
  for (const value of ["secret-", "a.example", "home"])
    expect(JSON.stringify(line)).not.toContain(value);
  await stop();
  await unlink(file);
  await start();
  expect((await edits()).at(-1)).toEqual(["gateway.auth.token", "gateway.publicUrl"]);
  expect(await gateway?.core.audit.verify()).toMatchObject({ faults: [] });
});

test("an edit while it runs leaves one line, and none more at the next start", async () => {
  await write({ gateway: { name: "home" } });
  await start();
  await write({ gateway: { name: "by hand" } });
  await seenAgain(1);
  // A comment, blanks and a key that nobody knows change nothing that counts.
  await writeFile(file, '// mine\n{ "gateway": { "name": "by hand" }, "unknown": 1 }\n');
  await gateway?.core.config.reload();
  await stop();
  await start();
  expect(await edits()).toEqual([["gateway.name"]]);
});

test("a key that a flag lies over is seen too", async () => {
  await write({ gateway: { port: 4000 } });
  await start();
  expect(gateway?.core.config.current.gateway.port).toBe(0);
  await write({ gateway: { port: 4001 } });
  await seenAgain(1);
  expect(await edits()).toEqual([["gateway.port"]]);
});

test("what a method or the command line changes has its own line and no other", async () => {
  await start();
  await gateway?.host("host.config.set", { path: "gateway.name", value: "home" });
  await gateway?.host("host.config.set", { path: "gateway.ssh.account", value: "approve" });
  await gateway?.host("host.config.set", { path: "gateway.ssh", force: true });
  await stop();
  const offline = await openOffline({ env: { OPENCLAW_STATE_DIR: stateDir, HOME: stateDir } });
  await offline.request("host.config.set", { path: "gateway.name", value: "offline" });
  await offline.close();
  await start();
  const changed = (await lines()).filter(({ event }) => event === "config.changed");
  expect(changed.map(({ by }) => by.kind)).toEqual(["host", "host", "host", "host"]);
});

test("an edit that comes while a method waits for its line is the file's, not the method's", async () => {
  await write({ gateway: { name: "home" } });
  const { core, host } = await start();
  const { note } = core.decisions;
  core.decisions.note = async (event) => {
    const seq = await note.call(core.decisions, event);
    await write({ gateway: { name: "home", publicUrl: "https://evil.example" } });
    await core.config.reload();
    return seq;
  };
  const change = host("host.config.set", { path: "gateway.name", value: "mine" });
  await expect(change).rejects.toThrow("config changed");
  core.decisions.note = note;
  await seenAgain(1);
  expect(await edits()).toEqual([["gateway.publicUrl"]]);
});

test("a state that was killed before it noted what it wrote finds it, as something that is known", async () => {
  const { core, host } = await start();
  await host("host.config.set", { path: "gateway.name", value: "home" });
  // As if the lazy note had been lost: the state knows the file as it was before.
  await core.documents.host.commit([{ op: "config-seen", keys: {} }]);
  await stop();
  await start();
  expect(await edits()).toEqual([["gateway.name"]]);
});

test("digests tell values apart, say little of secrets, and need the gateway's key", async () => {
  const source = (raw: string) => ({ path: "/c", exists: true, raw, hash: "" });
  const of = (raw: string, key = "k") => digestsOf(source(raw), Buffer.from(key));
  const one = of('{ "gateway": { "name": "a", "auth": { "token": "0123456789abcdef" } } }');
  expect(Object.keys(one)).toEqual(["gateway.auth.token", "gateway.name"]);
  expect(Buffer.from(one["gateway.auth.token"] ?? "", "base64url")).toHaveLength(2);
  expect(differing(one, of('{ "gateway": { "name": "b" } }'))).toEqual(Object.keys(one));
  expect(
    differing(
      one,
      of(JSON.stringify({ gateway: { auth: { token: "0123456789abcdef" }, name: "a" } })),
    ),
  ).toEqual([]);
  expect(of('{ "gateway": { "name": "a" } }', "other")).not.toEqual(
    of('{ "gateway": { "name": "a" } }'),
  );
  expect(of("{ broken")).toEqual({});
});

test("a file that can't be read any more keeps a start from nothing but what it always did", async () => {
  await write({ gateway: { name: "home" } });
  await start();
  await stop();
  await writeFile(file, "{ broken");
  await expect(start()).rejects.toThrow("the configuration has errors");
  await write({ gateway: { name: "home" } });
  await chmod(file, 0o600);
  await start();
  expect(await edits()).toEqual([]);
  expect(await readFile(file, "utf8")).toContain("home");
});
