import { unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigStore } from "../../src/config/service.ts";
import { ConfigWatcher } from "../../src/config/watch.ts";
import { stateLimitTable } from "../../src/limits/state.ts";
import { limitValues } from "../../src/limits/table.ts";
import { plainText } from "../../src/protocol/text.ts";
import { HandWorld } from "../kit/world.ts";
import { replaceFile, temporaryFolder } from "./support.ts";

let path = "";
let world: HandWorld;
let store: ConfigStore;
let warned: string[] = [];

beforeEach(async () => {
  path = join(await temporaryFolder(), "openclaw.json");
  world = new HandWorld(Date.now() + 1e9);
  warned = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  store.close();
});

async function open(text: string, writeFileAs = replaceFile, env = {}): Promise<void> {
  const load = { path, env };
  await writeFile(path, text);
  store = new ConfigStore(
    {
      load,
      world,
      limits: limitValues(),
      writeFile: writeFileAs,
      hashKey: Buffer.alloc(32),
      warn: (said) => warned.push(plainText(said)),
    },
    await loadConfig(load),
  );
  store.watch();
  await store.look();
}

const codes = (isDeclared = (_command: string) => false) =>
  store.notes(isDeclared).map(({ code }) => code);

describe("a file that is read again because somebody asks for it", () => {
  test("and is gone keeps its settings in force, as one that is seen to go", async () => {
    await open('{"gateway": {"name": "one", "auth": {"mode": "password"}}}');
    await unlink(path);
    // At once: the watcher still waits for quiet.
    await store.reload();
    expect(store.current.gateway).toMatchObject({ name: "one", auth: { mode: "password" } });
    expect(codes()).toContain("CONFIG_NOT_IN_FORCE");
  });

  test("has its errors told once", async () => {
    await open('{"gateway": {"name": "one"}}');
    await writeFile(path, '{"gateway": {"port": "many"}}');
    await store.reload();
    world.advance(1_000);
    await store.look();
    await store.reload();
    expect(warned.filter((line) => line.includes("has errors"))).toHaveLength(1);
  });

  test("is read though nothing follows it", async () => {
    await open('{"gateway": {"name": "one"}}');
    store.close();
    store = new ConfigStore(
      {
        load: { path, env: {} },
        world,
        limits: limitValues(),
        writeFile: replaceFile,
        hashKey: Buffer.alloc(32),
        warn: () => {},
      },
      await loadConfig({ path, env: {} }),
    );
    await writeFile(path, '{"gateway": {"name": "two"}}');
    await store.reload();
    expect(store.current.gateway.name).toBe("two");
  });
});

describe("where the file and what is in force differ", () => {
  test("notes say so as long as it has errors, with what helps", async () => {
    await open('{"gateway": {"name": "one"}}');
    expect(codes()).toEqual([]);
    await writeFile(path, '{"gateway": {"name": "two", "port": "many"}}');
    await store.look();
    expect(store.current.gateway.name).toBe("one");
    const [note] = store.notes(() => false);
    expect(note?.code).toBe("CONFIG_NOT_IN_FORCE");
    expect(note?.message).toMatch(/^what \S+ says is not in force: gateway\.port: found text/);
    expect(note?.message).not.toContain("many");
    expect(plainText(note?.next ?? "")).toBe("openclaw config set gateway.port 18789");
    await writeFile(path, '{"gateway": {"name": "three"}}');
    await store.look();
    expect(codes()).toEqual([]);
    expect(store.current.gateway.name).toBe("three");
  });

  test("notes say so of what the environment sets otherwise", async () => {
    const text = '{"gateway": {"port": 1234}}';
    await open(text, replaceFile, { OPENCLAW_GATEWAY_PORT: "4321" });
    expect(store.notes(() => false)).toMatchObject([
      {
        code: "CONFIG_OVERRIDDEN",
        message: `gateway.port in ${path} does not count: the variable OPENCLAW_GATEWAY_PORT sets it`,
      },
    ]);
    store.close();
    await open(text, replaceFile, { OPENCLAW_GATEWAY_PORT: "1234" });
    expect(codes()).toEqual([]);
  });

  test("notes say so of a file that is gone", async () => {
    await open('{"gateway": {"name": "one"}}');
    await unlink(path);
    await store.look();
    expect(codes()).toEqual(["CONFIG_NOT_IN_FORCE"]);
    expect(store.current.gateway.name).toBe("one");
    expect(store.mark).toBe("absent");
  });

  test("notes say that a mounted file was replaced outside", async () => {
    await open("{}");
    const orphan = { file: "1:1", size: 2n, mtimeNs: 0n, ctimeNs: 0n, links: 0n };
    vi.spyOn(ConfigWatcher.prototype, "mark", "get").mockReturnValue(orphan);
    expect(codes()).toEqual(["CONFIG_REPLACED"]);
  });
});

test("a command that some node has is no slip", async () => {
  await open('{"gateway": {"nodes": {"commands": {"deny": ["acme.open", "acme.close"]}}}}');
  expect(codes()).toEqual(["CONFIG_UNKNOWN_COMMAND", "CONFIG_UNKNOWN_COMMAND"]);
  expect(codes((command) => command === "acme.open")).toEqual(["CONFIG_UNKNOWN_COMMAND"]);
});

test("a disk that does not answer holds an answer up for configLookMs", async () => {
  await open("{}");
  vi.spyOn(ConfigWatcher.prototype, "look").mockReturnValue(new Promise(() => undefined));
  let answered = false;
  const looking = store.look().then(() => {
    answered = true;
  });
  world.advance(stateLimitTable.configLookMs.value - 1);
  await new Promise((done) => setImmediate(done));
  expect(answered).toBe(false);
  world.advance(1);
  await looking;
  expect(world.pendingTimers).toBe(0);
});

test("a change that was written in place says so", async () => {
  await open("{}", async (...given) => {
    await replaceFile(...given);
    return "in place";
  });
  const { remarks } = await store.exclusive(async (turn) => {
    const plan = await turn.plan({ kind: "set", path: "gateway.name", value: "two" });
    await turn.commit(plan);
    return turn.apply(plan);
  });
  expect(remarks).toHaveLength(1);
  expect(remarks[0]).toMatch(/^written in place/);
});
