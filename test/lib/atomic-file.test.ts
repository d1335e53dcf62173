import {
  chmod,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensurePrivateFolder, replaceFile, systemFiles } from "../../src/lib/atomic-file.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

let base = "";
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "atomic-file-"));
});
afterEach(() => rm(base, { recursive: true }));

const text = (value: string) => [Buffer.from(value)];

describe("on the real file system", () => {
  test("replaces content, for the owner alone, and leaves nothing else behind", async () => {
    const path = join(base, "a.json");
    await replaceFile(path, text("old"));
    expect(await replaceFile(path, [Buffer.from("ne"), Buffer.from("w")])).toBe(3);
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(base)).toEqual(["a.json"]);
  });

  test("makes and tightens a private folder", async () => {
    const path = join(base, "one", "two");
    await ensurePrivateFolder(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await chmod(path, 0o755);
    await ensurePrivateFolder(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test.runIf(process.getuid?.() === 0)("root follows no link of another user", async () => {
    await mkdir(join(base, "roots"), { mode: 0o755 });
    await symlink(join(base, "roots"), join(base, "audit"));
    await lchown(join(base, "audit"), 65_534, 65_534);
    const making = ensurePrivateFolder(join(base, "audit"));
    await expect(making).rejects.toMatchObject({ code: "ENOTDIR" });
    expect((await stat(join(base, "roots"))).mode & 0o777).toBe(0o755);
  });

  // Node.js's own way of making parents tries for ever there.
  test.runIf(process.platform === "linux")("gives up where nothing can be made", async () => {
    const making = ensurePrivateFolder("/proc/nowhere/one");
    await expect(making).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(join(base, "file"), "x");
    await expect(ensurePrivateFolder(join(base, "file", "one"))).rejects.toMatchObject({
      code: "ENOTDIR",
    });
  });

  test("follows a link to a folder, but never one to a file", async () => {
    await ensurePrivateFolder(join(base, "one"));
    await chmod(join(base, "one"), 0o755);
    await symlink("one", join(base, "link"));
    expect(await ensurePrivateFolder(join(base, "link"))).toMatchObject({ kind: "folder" });
    expect((await stat(join(base, "one"))).mode & 0o777).toBe(0o700);
    await writeFile(join(base, "target"), "x");
    await symlink("target", join(base, "file"));
    const opening = systemFiles.openExisting(join(base, "file"));
    await expect(opening).rejects.toMatchObject({ code: "ELOOP" });
    await expect(ensurePrivateFolder(join(base, "target"))).rejects.toThrow();
  });
});

describe("when something fails", () => {
  const path = "/state/a.json";
  const steps = ["openNew", "write", "sync", "close", "rename", "syncFolder"];

  test.each(steps.slice(0, -1))(
    "in %s, the old content stays and no temporary file",
    async (at) => {
      const fs = new MemoryFiles();
      fs.put(path, Buffer.from("old"));
      fs.plan = ({ what }) => (what === at ? { error: "EIO" } : undefined);
      const options = { fs, world: new HandWorld() };
      await expect(replaceFile(path, text("new"), options)).rejects.toMatchObject({ code: "EIO" });
      expect(fs.content(path).toString()).toBe("old");
      expect([...fs.inodes.keys()]).toEqual([path]);
    },
  );

  test.each(steps)("a power cut at %s leaves the old content or the new, whole", async (at) => {
    for (const pick of [() => 0, (most: number) => most, (most: number) => most >> 1]) {
      const fs = new MemoryFiles();
      fs.put(path, Buffer.from("old"));
      fs.plan = ({ what }) => (what === at ? { crash: true } : undefined);
      void replaceFile(path, text("new"), { fs, world: new HandWorld() });
      await new Promise((done) => setImmediate(done));
      expect(fs.crashed).toBe(true);
      expect(["old", "new"]).toContain(fs.afterPowerCut(pick).content(path).toString());
    }
  });

  test("a resolved replacement survives any power cut", async () => {
    const fs = new MemoryFiles();
    fs.plan = ({ what }) => (what === "write" ? { short: 1 } : undefined);
    await replaceFile(path, text("new"), { fs, world: new HandWorld() });
    expect(
      fs
        .afterPowerCut(() => 0)
        .content(path)
        .toString(),
    ).toBe("new");
  });
});
