import { watch } from "node:fs";
import { mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConfigError } from "../../src/config/errors.ts";
import { type LoadedConfig, loadConfig } from "../../src/config/load.ts";
import { ConfigWatcher } from "../../src/config/watch.ts";
import { placesOf } from "../../src/config/watched-places.ts";
import { systemWorld } from "../../src/lib/world.ts";
import { plainText } from "../../src/protocol/text.ts";
import { HandWorld } from "../kit/world.ts";
import { temporaryFolder, until } from "./support.ts";

const LOOK_MS = 30_000;

let folder = "";
let path = "";
let watcher: ConfigWatcher | undefined;
let seen: LoadedConfig[] = [];
let failures: ConfigError[] = [];
let world: HandWorld;
/** What `fs.watch` says, while it is set. */
let refusal: string | undefined;
let asked = 0;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, "openclaw.json");
  seen = [];
  failures = [];
  // Its clock is far ahead of the files', so that nothing counts as written just now.
  world = new HandWorld(Date.now() + 1e9);
  refusal = undefined;
  asked = 0;
  await writeFile(path, withPort(1));
});
afterEach(() => watcher?.close());

const refusing: typeof watch = ((...args: Parameters<typeof watch>) => {
  asked += 1;
  if (refusal === undefined) return watch(...args);
  throw Object.assign(new Error("no"), { code: refusal });
}) as typeof watch;

/** Tells of nothing, as the system does of a file on another machine. */
const deaf: typeof watch = ((file: string) => watch(file, { persistent: false })) as typeof watch;

async function start(how: typeof watch = refusing): Promise<void> {
  const { source } = await loadConfig({ path });
  watcher = new ConfigWatcher({
    path,
    hash: source.hash,
    world,
    lookMs: LOOK_MS,
    watch: how,
    onChange: (loaded) => seen.push(loaded),
    onError: (error) => failures.push(error),
  });
  world.advance(150);
  await watcher.look();
}

const withPort = (port: number) => `{"gateway": {"port": ${port}}}`;
const ports = () => seen.map((loaded) => loaded.config.gateway.port);

describe("without an inotify instance", () => {
  test("that is said as what it is, once, and changes are found by comparing", async () => {
    refusal = "EMFILE";
    await start();
    expect(failures).toHaveLength(1);
    expect(failures[0]?.message).toMatch(
      /^the config file can't be watched, so it is compared every 30 s instead: this user has no inotify instance left \(fs\.inotify\.max_user_instances/,
    );
    expect(plainText(failures[0]?.next ?? "")).toMatch(
      /^sudo sysctl -w fs\.inotify\.max_user_instances=\d+$/,
    );
    for (const port of [2, 3]) {
      await writeFile(path, withPort(port));
      world.advance(LOOK_MS);
      await until(() => ports().at(-1) === port);
    }
    expect(failures).toHaveLength(1);
    expect(watcher?.problem?.message).toBe(failures[0]?.message);
  });

  test("it is tried again, and then watched", async () => {
    refusal = "EMFILE";
    await start();
    refusal = undefined;
    world.advance(LOOK_MS);
    await until(() => watcher?.problem === undefined);
    await watcher?.look();
    const before = world.pendingTimers;
    await writeFile(path, withPort(2));
    // The system tells of it: nothing is looked at.
    await until(() => world.pendingTimers > before);
    world.advance(150);
    await until(() => seen.length === 1);
    await watcher?.look();
    expect(world.pendingTimers).toBe(0);
  });

  test("no watches left is no full disk", async () => {
    refusal = "ENOSPC";
    await start();
    expect(failures[0]?.message).toContain("no inotify watch left (fs.inotify.max_user_watches");
    expect(failures[0]?.message).not.toContain("disk");
  });
});

test("a folder that is gone is watched again once it is there", async () => {
  path = join(folder, "etc", "openclaw.json");
  await start();
  expect(failures).toMatchObject([{ code: "CONFIG_WATCH" }]);
  await mkdir(join(folder, "etc"));
  await writeFile(path, withPort(2));
  world.advance(LOOK_MS);
  await until(() => seen.length === 1);
  expect(watcher?.problem).toBeUndefined();
});

describe("a change that the system does not tell of", () => {
  test("is found by a look, which reads nothing where nothing changed", async () => {
    await start(deaf);
    await writeFile(path, withPort(2));
    await watcher?.look();
    expect(ports()).toEqual([2]);
    const { mark } = watcher ?? {};
    await watcher?.look();
    expect(watcher?.mark).toBe(mark);
  });

  test("is found though length and time are the same", async () => {
    await start(deaf);
    await utimes(path, 1000, 1000);
    await watcher?.look();
    await writeFile(path, withPort(2));
    await utimes(path, 1000, 1000);
    await watcher?.look();
    expect(ports()).toEqual([2]);
  });

  test("is found within the same instant of a coarse clock", async () => {
    // As if the file had been written in this very moment, both times.
    world = new HandWorld(Date.now());
    await start(deaf);
    const { mark } = watcher ?? {};
    await watcher?.look();
    expect(watcher?.mark).not.toBe(mark);
  });

  test("of another file put in its place is found", async () => {
    await start(deaf);
    await writeFile(`${path}.new`, withPort(2));
    await rename(`${path}.new`, path);
    await watcher?.look();
    expect(ports()).toEqual([2]);
  });

  test("makes no timer run where the system tells of changes", async () => {
    await start();
    expect(world.pendingTimers).toBe(0);
    expect(asked).toBe(2);
  });
});

describe("what is watched", () => {
  const names = () =>
    Object.fromEntries(placesOf(path).map((place) => [place.path, place.names ?? "itself"]));

  test("is the file and its folder", () => {
    expect(names()).toEqual({ [folder]: ["openclaw.json"], [path]: "itself" });
  });

  test("is every link on the way, as Kubernetes makes them", async () => {
    const mount = join(folder, "mount");
    await mkdir(join(mount, "..1"), { recursive: true });
    await writeFile(join(mount, "..1", "openclaw.json"), withPort(1));
    await symlink("..1", join(mount, "..data"));
    await symlink("..data/openclaw.json", join(mount, "openclaw.json"));
    path = join(mount, "openclaw.json");
    expect(names()).toEqual({
      [mount]: ["openclaw.json", "..data"],
      [join(mount, "..1")]: ["openclaw.json"],
      [join(mount, "..1", "openclaw.json")]: "itself",
    });
  });

  test("is a folder that is a link", async () => {
    await mkdir(join(folder, "real"));
    await symlink("real", join(folder, "etc"));
    path = join(folder, "etc", "openclaw.json");
    expect(names()).toEqual({
      [folder]: ["etc"],
      [join(folder, "real")]: ["openclaw.json"],
    });
  });

  test("ends where links lead in a circle", async () => {
    path = join(folder, "loop");
    await symlink("loop", path);
    expect(names()).toEqual({ [folder]: ["loop"] });
  });
});

test("a swap of a link in the middle of the way is told at once", async () => {
  const mount = join(folder, "mount");
  for (const [n, port] of [
    ["..1", 1],
    ["..2", 2],
  ] as const) {
    await mkdir(join(mount, n), { recursive: true });
    await writeFile(join(mount, n, "openclaw.json"), withPort(port));
  }
  await symlink("..1", join(mount, "now"));
  await symlink("mount/now/openclaw.json", join(folder, "link.json"));
  path = join(folder, "link.json");
  const { source } = await loadConfig({ path });
  watcher = new ConfigWatcher({
    path,
    hash: source.hash,
    world: systemWorld,
    quietMs: 5,
    lookMs: LOOK_MS,
    onChange: (loaded) => seen.push(loaded),
    onError: (error) => failures.push(error),
  });
  await watcher.look();
  await symlink("..2", join(mount, "now.new"));
  await rename(join(mount, "now.new"), join(mount, "now"));
  await until(() => ports().at(-1) === 2);
  expect(failures).toEqual([]);
});
