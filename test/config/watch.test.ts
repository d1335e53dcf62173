import { mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ConfigError } from "../../src/config/errors.ts";
import { type LoadedConfig, loadConfig } from "../../src/config/load.ts";
import { ConfigWatcher } from "../../src/config/watch.ts";
import { systemWorld } from "../../src/lib/world.ts";
import { shell } from "../../src/protocol/command.ts";
import { temporaryFolder, until } from "./support.ts";

let folder = "";
let path = "";
let watcher: ConfigWatcher | undefined;
let seen: LoadedConfig[] = [];
let failures: ConfigError[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, "openclaw.json");
  seen = [];
  failures = [];
});

afterEach(() => watcher?.close());

async function start(): Promise<void> {
  const { source } = await loadConfig({ path });
  watcher = new ConfigWatcher({
    path,
    hash: source.hash,
    world: systemWorld,
    quietMs: 20,
    lookMs: 60_000,
    onChange: (loaded) => seen.push(loaded),
    onError: (error) => failures.push(error),
  });
}

const withPort = (port: number) => `{"gateway": {"port": ${port}}}`;
const ports = () => seen.map((loaded) => loaded.config.gateway.port);
const quiet = () => new Promise((resolve) => setTimeout(resolve, 120));

it("tells each new content once, through writes and replacements", async () => {
  await writeFile(path, withPort(1));
  await start();
  await writeFile(path, withPort(2));
  await until(() => seen.length === 1);
  for (const port of [3, 4]) {
    await writeFile(`${path}.tmp`, withPort(port));
    await rename(`${path}.tmp`, path);
    await until(() => ports().at(-1) === port);
  }
  await writeFile(path, withPort(4));
  await writeFile(join(folder, "other.json"), "x");
  await quiet();
  expect(ports()).toEqual([2, 3, 4]);
});

it("sees a file appear, and one that changed before watching began", async () => {
  await start();
  await writeFile(path, withPort(5));
  await until(() => seen.length === 1);
  watcher?.close();
  const old = { path, hash: "absent", world: systemWorld, quietMs: 1, lookMs: 60_000 };
  watcher = new ConfigWatcher({ ...old, onChange: (it) => seen.push(it), onError: () => {} });
  await until(() => seen.length === 2);
  expect(ports()).toEqual([5, 5]);
});

it("reports a file that vanished or was emptied as an error", async () => {
  await writeFile(path, withPort(1));
  await start();
  await unlink(path);
  await until(() => seen.length === 1);
  await writeFile(path, "");
  await until(() => seen.length === 2);
  expect(seen.map((loaded) => loaded.errors[0]?.code)).toEqual(["CONFIG_GONE", "CONFIG_GONE"]);
  await writeFile(path, withPort(1));
  await until(() => seen.length === 3);
  expect(seen[2]?.errors).toEqual([]);
});

it("follows a symbolic link and notices when it leads elsewhere", async () => {
  await mkdir(join(folder, "a"));
  await mkdir(join(folder, "b"));
  await writeFile(join(folder, "a/c.json"), withPort(1));
  await writeFile(join(folder, "b/c.json"), withPort(2));
  await symlink("a/c.json", path);
  await start();
  await writeFile(join(folder, "a/c.json"), withPort(3));
  await until(() => seen.length === 1);
  await symlink("b/c.json", `${path}.tmp`);
  await rename(`${path}.tmp`, path);
  await until(() => seen.length === 2);
  await writeFile(join(folder, "b/c.json"), withPort(4));
  await until(() => seen.length === 3);
  expect(ports()).toEqual([3, 2, 4]);
});

it("is silent after close, and says when the folder can't be watched", async () => {
  await writeFile(path, withPort(1));
  await start();
  await writeFile(path, withPort(2));
  watcher?.close();
  watcher?.close();
  await quiet();
  expect(seen).toEqual([]);
  await rm(folder, { recursive: true });
  await start();
  expect(failures).toMatchObject([{ code: "CONFIG_WATCH", next: shell`ls -ld ${folder}` }]);
});

it("finds the folder again when it was replaced", async () => {
  await writeFile(path, withPort(1));
  await start();
  await mkdir(`${folder}.new`);
  await writeFile(join(`${folder}.new`, "openclaw.json"), withPort(2));
  await rm(folder, { recursive: true });
  await rename(`${folder}.new`, folder);
  await until(() => ports().at(-1) === 2);
  await writeFile(path, withPort(3));
  await until(() => ports().at(-1) === 3);
});
