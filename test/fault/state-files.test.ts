import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemWorld } from "../../src/lib/world.ts";
import { encodeHeader } from "../../src/store/journal-line.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/store/snapshot-text.ts";
import { GatewayProcess, type GatewayRun } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { grantedCapabilities } from "./support/nodes.ts";
import { listed } from "./support/owner.ts";
import { makeSample, type Sample, type StateFile, stateFiles } from "./support/state.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipped: files of another owner need root");

let sample: Sample;
let base: string;
beforeAll(async () => {
  sample = await makeSample();
  base = await mkdtemp(join(tmpdir(), "gateway-damage-"));
});
afterAll(async () => {
  await sample?.remove();
  await rm(base, { recursive: true, force: true });
});

type Spoil = (path: string, folder: string) => Promise<void> | void;

const edit =
  (change: (bytes: Buffer) => Buffer | string): Spoil =>
  async (path) =>
    writeFile(path, change(await readFile(path)));
const cut = (share: number) => edit((bytes) => bytes.subarray(0, Math.ceil(bytes.length * share)));
const flip = (share: number) =>
  edit((bytes) => {
    const at = Math.floor((bytes.length - 1) * share);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  });
const inItsPlace =
  (make: (path: string) => unknown): Spoil =>
  async (path) => {
    await rm(path);
    await make(path);
  };
/** As a later version of this program would write it, with the right checksums. */
const newer: Spoil = async (path) => {
  const bytes = await readFile(path);
  if (path.endsWith(".json")) {
    const { header, records } = await decodeSnapshot(path, bytes, systemWorld);
    const version = header.version + 1;
    return writeFile(path, await encodeSnapshot({ ...header, version, records }, systemWorld));
  }
  const [first = "", ...rest] = bytes.toString().split("\n");
  const { name, version, after } = JSON.parse(first);
  const header = encodeHeader({ name, version: version + 1, after });
  await writeFile(path, header + rest.join("\n"));
};

const others: Record<StateFile, StateFile> = {
  "gateway.json": "gateway.journal",
  "gateway.journal": "gateway.json",
  "gateway.journal.next": "gateway.json",
  "gateway.reserve": "gateway.json",
  "openclaw.json": "gateway.journal",
};

const spoils: Record<string, (file: StateFile) => Spoil> = {
  "cut to one byte": () => edit((bytes) => bytes.subarray(0, 1)),
  "cut to a quarter": () => cut(1 / 4),
  "cut to half": () => cut(1 / 2),
  "cut to three quarters": () => cut(3 / 4),
  "cut by its last byte": () => edit((bytes) => bytes.subarray(0, -1)),
  emptied: () => edit(() => ""),
  "flipped in its first byte": () => flip(0),
  "flipped in the middle": () => flip(1 / 2),
  "flipped in its last byte": () => flip(1),
  "with another file's content": (file) => (path, folder) => cp(join(folder, others[file]), path),
  "of a newer version": () => newer,
  "that is missing": () => (path) => rm(path),
  "that everybody may write": () => (path) => chmod(path, 0o666),
  "of another owner": () => (path) => chown(path, 12_345, 12_345),
  "that is a symbolic link": () => async (path) => {
    await rename(path, `${path}.real`);
    await symlink(`${path}.real`, path);
  },
  "that is a symbolic link to itself": () => inItsPlace((path) => symlink(path, path)),
  "that is a folder": () => inItsPlace((path) => mkdir(path)),
  "that is a pipe": () => inItsPlace((path) => execFileSync("mkfifo", [path])),
};

const config = ["cut by its last byte", "emptied", "that is missing", "that everybody may write"];
const kinds = [
  "that is a symbolic link",
  "that is a symbolic link to itself",
  "that is a folder",
  "that is a pipe",
];

/** The codes that a spoiled file may be refused with; `ready` if the gateway may start as well. */
function allowed(file: StateFile, what: string): string[] {
  if (file === "openclaw.json") {
    if ([...config, "of another owner", "that is a symbolic link"].includes(what)) return ["ready"];
    return kinds.includes(what) ? ["CONFIG_READ"] : ["CONFIG_SYNTAX"];
  }
  if (kinds.includes(what)) return ["STORE_NOT_A_FILE"];
  if (what === "of another owner") return ["STORE_OWNER"];
  if (what === "of a newer version") return ["STORE_NEWER"];
  if (what === "that everybody may write") return ["ready"];
  if (file.endsWith(".reserve")) return ["ready"];
  if (what === "that is missing") return file === "gateway.json" ? ["ready"] : ["STORE_DAMAGED"];
  // The end of a journal may be a write that a crash cut short: nobody was told of that one.
  return file.endsWith(".json") ? ["STORE_DAMAGED"] : ["STORE_DAMAGED", "ready"];
}

/** A case that says nothing: what has no version, and what cannot be missed when it is not there. */
function isIdle(file: StateFile, what: string): boolean {
  if (what === "of a newer version")
    return !/\.(json|journal|next)$/.test(file) || file === "openclaw.json";
  if (what === "of another owner") return !isRoot;
  return what === "that is missing" && file === "gateway.journal.next";
}

const all = stateFiles
  .flatMap((file) => Object.keys(spoils).map((what) => ({ file, what })))
  .filter(({ file, what }) => !isIdle(file, what));

interface Case {
  readonly gateway: GatewayProcess;
  readonly path: string;
}

/** A copy of the sample, removed after `use` however that ends. */
async function withCopy(file: string, use: (copy: Case) => Promise<void>): Promise<void> {
  const stateDir = join(await mkdtemp(join(base, "case-")), "state");
  await cp(sample.folder, stateDir, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const gateway = await GatewayProcess.prepare({ stateDir });
  try {
    await use({ gateway, path: join(stateDir, file) });
  } finally {
    await gateway.close();
  }
}

/** Starts and waits until it is ready or has ended. */
async function attempt(gateway: GatewayProcess): Promise<GatewayRun> {
  const run = gateway.launch();
  await until(() => run.exited ?? run.log.some(({ msg }) => msg === "gateway ready"), "a decision");
  return run;
}

/** Content of all files whose content counts, by name. */
async function contents(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    if (name.includes(".damaged-") || name.includes(".sock")) continue;
    const path = join(folder, name);
    const stat = await lstat(path);
    const bytes = stat.isFile() ? (await readFile(path)).toString("base64") : `mode ${stat.mode}`;
    found.set(name, bytes);
  }
  return found;
}

function expectRefusal(run: GatewayRun, path: string): string {
  const last = run.log.at(-1);
  const code = String(last?.["code"]);
  expect(run.exited?.code).toBe(code.startsWith("CONFIG_") ? 78 : 6);
  expect(last?.level).toBe(60);
  expect(last?.msg).toContain(path);
  expect(String(last?.["next"])).toMatch(/openclaw |ls -lL?d |chown |install |stat /);
  expect(run.output).not.toMatch(/undefined|\n {4}at /);
  return code;
}

async function expectWhole(gateway: GatewayProcess, run: GatewayRun, file: string): Promise<void> {
  const { paired, pending } = await listed(gateway);
  const dropped = run.log.some(({ msg }) => msg.startsWith("dropped the end of a write"));
  // All of the devices stand in the snapshot; behind it are only changes that nobody waits for.
  expect(paired).toEqual(sample.paired);
  expect(pending).toEqual(sample.pending);
  expect(await grantedCapabilities(gateway)).toEqual(sample.grantedCapabilities);
  if (dropped) expect(file).toMatch(/journal/);
  const failures = run.log.filter(({ level }) => level >= 50);
  expect(failures).toEqual([]);
}

describe("every file of the state", () => {
  test.concurrent.each(all)(
    "$file $what is refused by name, or nothing is lost",
    ({ file, what }) =>
      withCopy(file, async ({ gateway, path }) => {
        await spoils[what]?.(file)(path, gateway.stateDir);
        const before = await contents(gateway.stateDir);
        const run = await attempt(gateway);
        if (!run.exited) {
          expect(allowed(file, what)).toContain("ready");
          await expectWhole(gateway, run, file);
          if (file !== "openclaw.json" && what !== "that is missing") {
            expect((await lstat(path)).mode & 0o777).toBe(0o600);
          }
          return;
        }
        expect(allowed(file, what)).toContain(expectRefusal(run, file));
        expect(await contents(gateway.stateDir)).toEqual(before);
      }),
  );
});

describe("a refused state", () => {
  const cases = stateFiles.filter((file) => /\.(json|journal|next)$/.test(file));
  test.concurrent.each(cases)(
    "%s: refused again in the same words, on the command line too, until the file is back",
    (file) =>
      withCopy(file, async ({ gateway, path }) => {
        await writeFile(path, "x");
        const first = await attempt(gateway);
        const code = expectRefusal(first, file);
        const second = await attempt(gateway);
        expect(second.log.at(-1)?.msg).toBe(first.log.at(-1)?.msg);
        const copies = (await readdir(gateway.stateDir)).filter((name) => name.includes("damaged"));
        expect(copies).toHaveLength(code === "STORE_DAMAGED" ? 1 : 0);
        const offline = await gateway.cli(["devices", "list"]);
        // Of a configuration that is wrong it says so, and what shows that; the state can be used all the same.
        const isDamaged = code === "STORE_DAMAGED";
        expect(offline.code).toBe(isDamaged ? 6 : 0);
        expect(offline.stderr).toContain(isDamaged ? file : "does not start");
        expect(offline.stderr).toContain(isDamaged ? "next: " : "config validate");
        await cp(join(sample.folder, file), path);
        const run = await attempt(gateway);
        expect(run.exited).toBeUndefined();
        await expectWhole(gateway, run, file);
      }),
  );

  test("a state whose keys are missing gets no new ones", () =>
    withCopy("gateway.journal", async ({ gateway, path }) => {
      await rm(path);
      await rm(join(gateway.stateDir, "gateway.json"));
      const run = await attempt(gateway);
      expect(expectRefusal(run, path)).toBe("STORE_DAMAGED");
      expect(run.log.at(-1)?.msg).toContain(`its journal ${path} is missing`);
      await expect(lstat(path)).rejects.toThrow("ENOENT");
    }));
});

describe("sockets and folders", () => {
  const blocks: Record<string, Spoil> = {
    "a file": (path) => writeFile(path, "mine"),
    "a folder": (path) => mkdir(path).then(() => undefined),
    "a pipe": (path) => void execFileSync("mkfifo", [path]),
    "a symbolic link": (path) => symlink("elsewhere", path),
  };
  const names = ["admin.sock", "writer.sock"];
  const cases = names.flatMap((name) => Object.keys(blocks).map((what) => ({ name, what })));

  test.concurrent.each(cases)("$what in the place of $name is named and left alone", (c) =>
    withCopy(c.name, async ({ gateway, path }) => {
      await blocks[c.what]?.(path, gateway.stateDir);
      const run = await attempt(gateway);
      expect(run.exited?.code).toBe(c.name === "admin.sock" ? 1 : 6);
      const code = c.name === "admin.sock" ? "ADMIN_SOCKET_BLOCKED" : "STORE_LOCKED";
      expect(run.log.at(-1)).toMatchObject({ code, next: expect.stringMatching(/\S/) });
      expect(run.log.at(-1)?.msg).toContain(path);
      await lstat(path);
    }),
  );

  test("a state folder that is a file is named", () =>
    withCopy(".", async ({ gateway, path }) => {
      await rm(path, { recursive: true });
      await writeFile(gateway.stateDir, "");
      const run = await attempt(gateway);
      // The configuration is in it by default, and is read first.
      expect(expectRefusal(run, gateway.stateDir)).toBe("CONFIG_READ");
      await writeFile(join(base, "empty.json"), "{}");
      const elsewhere = gateway.launch({ OPENCLAW_CONFIG_PATH: join(base, "empty.json") });
      await elsewhere.end();
      expect(expectRefusal(elsewhere, gateway.stateDir)).toBe("STORE_NOT_A_FOLDER");
    }));

  test("a state folder that everybody may enter is closed", () =>
    withCopy(".", async ({ gateway }) => {
      await chmod(gateway.stateDir, 0o777);
      await expectWhole(gateway, await attempt(gateway), "");
      expect((await lstat(gateway.stateDir)).mode & 0o777).toBe(0o700);
    }));

  const files = stateFiles.filter((file) => !file.endsWith(".reserve"));
  const asService = ["setpriv", "--reuid=65534", "--clear-groups"];
  test.skipIf(!isRoot).each(files)("%s that its own service may not read is named", (file) =>
    withCopy(file, async ({ gateway, path }) => {
      // Root reads everything, so this one runs as a user of its own.
      for (const name of await readdir(gateway.stateDir)) {
        await chown(join(gateway.stateDir, name), 65_534, 65_534);
      }
      await chown(gateway.stateDir, 65_534, 65_534);
      await chmod(join(gateway.stateDir, ".."), 0o711);
      await chmod(base, 0o711);
      await chmod(path, 0);
      const { stateDir } = gateway;
      const service = await GatewayProcess.prepare({ stateDir, runner: asService });
      const run = await attempt(service);
      const code = expectRefusal(run, file);
      expect(code).toBe(file === "openclaw.json" ? "CONFIG_READ" : "STORE_DENIED");
      await service.close();
    }),
  );

  test.skipIf(!isRoot)("a state folder of another owner is not written to", () =>
    withCopy(".", async ({ gateway }) => {
      await chown(gateway.stateDir, 12_345, 12_345);
      const before = await contents(gateway.stateDir);
      const run = await attempt(gateway);
      expect(expectRefusal(run, gateway.stateDir)).toBe("STORE_OWNER");
      expect(await contents(gateway.stateDir)).toEqual(before);
    }),
  );
});
