import { chmod, cp, lstat, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { differing, digestsOf } from "../../src/audit/config-trail.ts";
import { openOffline } from "../../src/main/offline.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";

/** An edit of the configuration's file has its line, also one made while no gateway ran. */

let stateDir: string;
let file: string;
let gateway: TestGateway | undefined;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "config-trail-"));
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
  // What the file says at a first start is no change.
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
  // A comment, blanks and an unknown key change nothing that counts.
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
  afterLine({ core }, async () => {
    await write({ gateway: { name: "home", publicUrl: "https://evil.example" } });
    await core.config.reload();
  });
  const change = host("host.config.set", { path: "gateway.name", value: "mine" });
  await expect(change).rejects.toThrow("config changed");
  await seenAgain(1);
  expect(await edits()).toEqual([["gateway.publicUrl"]]);
});

test("what a method wrote is its own also where the file is read before it gets to say so", async () => {
  await write({ gateway: { name: "home" } });
  const { core, host } = await start();
  const { exclusive } = core.config;
  core.config.exclusive = (work) =>
    exclusive.call(core.config, (turn) => {
      const commit: typeof turn.commit = async (plan) => {
        await turn.commit(plan);
        await core.config.reload();
      };
      return work({ ...turn, commit });
    }) as never;
  await host("host.config.set", { path: "gateway.name", value: "attic" });
  expect(core.config.current.gateway.name).toBe("attic");
  await stop();
  await start();
  expect(await edits()).toEqual([]);
  expect(await lines()).toHaveLength(1);
});

test("a state of before lines were written ahead finds what it lost the note of", async () => {
  const { core, host } = await start();
  await host("host.config.set", { path: "gateway.name", value: "home" });
  // The state knows the file as it was before, and of no change that is under way.
  await core.documents.host.commit([{ op: "config-seen", keys: {} }]);
  await stop();
  await start();
  expect(await edits()).toEqual([["gateway.name"]]);
});

/** What stands on the disk now, as a kill would leave it, in a folder of its own. */
async function asKilled(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "config-trail-killed-"));
  const isFile = async (from: string) =>
    !basename(from).startsWith("writer") && !(await lstat(from)).isSocket();
  await cp(stateDir, copy, { recursive: true, filter: isFile });
  return copy;
}

/** Runs `then` when the line of the next change is durable, before its file is written. */
function afterLine({ core: { config } }: Pick<TestGateway, "core">, then: () => Promise<unknown>) {
  const { exclusive } = config;
  config.exclusive = (work) => {
    config.exclusive = exclusive;
    return exclusive.call(config, (turn) => {
      const commit: typeof turn.commit = async (plan) => {
        await then();
        await turn.commit(plan);
      };
      return work({ ...turn, commit });
    }) as never;
  };
}

describe("killed at a change of its own", () => {
  const change = {
    set: { path: "gateway.name", value: "attic" },
    unset: { path: "gateway.name" },
  };
  const written = {
    set: { gateway: { name: "attic" } },
    unset: { gateway: {} },
  };

  /** Kills behind the line; `text` is what the file says then. */
  async function cutShort(how: "set" | "unset", text: object): Promise<void> {
    await write({ gateway: { name: "home" } });
    const running = await start();
    let copy = "";
    afterLine(running, async () => {
      copy = await asKilled();
    });
    await running.host("host.config.set", change[how]);
    await stop();
    await rm(stateDir, { recursive: true, force: true });
    stateDir = copy;
    file = join(stateDir, "openclaw.json");
    await write(text);
  }

  async function killed(how: "set" | "unset", text: object): Promise<void> {
    await cutShort(how, text);
    await start();
  }

  /** The lines since, without who and when. */
  const said = async () => (await lines()).map(({ event, what }) => [event, what]);
  const ahead = ["config.changed", { keys: ["gateway.name"] }];
  const failed = [
    "change.failed",
    { line: 1, change: "config.changed", why: "the gateway ended before the file was written" },
  ];
  const edited = (...keys: string[]) => [
    "config.changed",
    { keys, how: expect.stringContaining("as one was killed"), file },
  ];
  const other = { publicUrl: "https://a.example" };

  test.each(["set", "unset"] as const)(
    "before the file: %s failed, and it says so",
    async (how) => {
      await killed(how, { gateway: { name: "home" } });
      expect(await said()).toEqual([ahead, failed]);
      expect((await lines())[1]?.by).toEqual({ kind: "gateway" });
      await stop();
      await start();
      expect(await said()).toEqual([ahead, failed]);
      expect(await gateway?.core.audit.verify()).toMatchObject({ faults: [] });
    },
  );

  test.each(["set", "unset"] as const)("behind the file: %s has its line", async (how) => {
    await killed(how, written[how]);
    expect(await said()).toEqual([ahead]);
    await stop();
    await start();
    expect(await said()).toEqual([ahead]);
  });

  test.each(["set", "unset"] as const)(
    "and the file edited before the next start: %s is told from that",
    async (how) => {
      await killed(how, { gateway: { ...written[how].gateway, ...other } });
      expect(await said()).toEqual([ahead, edited("gateway.publicUrl")]);
    },
  );

  test("before the file, which somebody edited then: both are said", async () => {
    await killed("set", { gateway: { name: "cellar", ...other } });
    expect(await said()).toEqual([ahead, failed, edited("gateway.name", "gateway.publicUrl")]);
  });

  test("the command line settles it too", async () => {
    await cutShort("set", { gateway: { name: "home" } });
    const env = { OPENCLAW_STATE_DIR: stateDir, HOME: stateDir };
    const offline = await openOffline({ env });
    await offline.request("host.config.set", { path: "gateway.name", value: "offline" });
    await offline.close();
    await start();
    expect(await said()).toEqual([ahead, failed, ["config.changed", { keys: ["gateway.name"] }]]);
  });
});

describe("an edit by hand while a method is at work", () => {
  const byHand = { gateway: { name: "home", publicUrl: "https://hand.example" } };
  const set = { path: "gateway.name", value: "attic" };
  const patch = JSON.stringify({ gateway: { name: "attic" } });
  const clear = { gateway: { name: "home", auth: { token: "clear-token-0123456789" } } };

  test.each([
    ["host.config.set", set, "config.changed"],
    ["config.patch", { raw: patch }, "config.changed"],
    ["host.config.migrate", { apply: true }, "secret.migrated"],
    ["host.token.new", {}, "secret.set"],
  ])("between its plan and the file: %s is refused, and nothing is lost", async (...given) => {
    const [method, params, event] = given;
    await write(clear);
    const running = await start();
    const { hash: baseHash } = running.core.config;
    const patched = method === "config.patch" ? { baseHash } : {};
    afterLine(running, () => write(byHand));
    const changing = running.host(method, { ...params, ...patched });
    await expect(changing).rejects.toThrow("config changed since last load");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(byHand);
    await running.core.config.reload();
    await seenAgain(1);
    const keys = ["gateway.auth.token", "gateway.publicUrl"];
    expect((await lines()).map((line) => [line.event, line.by.kind])).toEqual([
      [event, "host"],
      ["change.failed", "host"],
      ["config.changed", "gateway"],
    ]);
    expect(await edits()).toEqual([keys]);
    await stop();
    await start();
    expect(await lines()).toHaveLength(3);
  });

  test("right behind the file, before that is read again: only what was edited is said of it", async () => {
    await write({ gateway: { name: "home" } });
    const { core, host } = await start();
    const { reload } = core.config;
    core.config.reload = async () => {
      core.config.reload = reload;
      await write({ gateway: { name: "attic", publicUrl: "https://hand.example" } });
      await core.config.reload();
    };
    await host("host.config.set", set);
    await seenAgain(1);
    expect(await edits()).toEqual([["gateway.publicUrl"]]);
  });

  test("in a file with errors: what is edited has its line once the file is in force, and no more", async () => {
    await write({ gateway: { name: "home" } });
    const { core, host } = await start();
    await write({ gateway: { name: "home", port: "many", publicUrl: "https://hand.example" } });
    await core.config.reload();
    await host("host.config.set", set);
    expect(core.config.current.gateway.name).toBe("home");
    await write({ gateway: { name: "attic", publicUrl: "https://hand.example" } });
    await core.config.reload();
    await seenAgain(1);
    expect(await edits()).toEqual([["gateway.publicUrl"]]);
  });
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
