import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runScript } from "./support.ts";

/** The user that the service runs as: the system's `nobody` where this may become another user. */
const [uid, gid] =
  process.getuid?.() === 0 ? [65_534, 65_534] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const lib = new URL("../../deploy/install/lib/change.sh", import.meta.url).pathname;

/** Writes a file with the installer's own function, as the installer calls it. */
const script = `
set -eu
dry= silent= changes=/dev/null
note() { :; }
save() { :; }
changed_since() { return 1; }
keep_changed() { :; }
wrote() { :; }
. "$1"
put_file "$2" "$3" 640 "$4"
`;

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "owner-"));
  await chmod(root, 0o711);
  folder = join(root, "etc");
  await writeFile(join(root, "script"), script);
  await writeFile(join(root, "new"), "of the installer\n");
  await writeFile(join(root, "secret"), "of root\n", { mode: 0o600 });
  await mkdir(folder);
  await chown(folder, uid, gid);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes a folder in the service's own with the installer's function. */
const inside = `
set -eu
record() { :; }
. "$1"
put_inside "$2" admin 2750 "$3"
`;

const putInside = async () => {
  await writeFile(join(root, "inside"), inside);
  return runScript(join(root, "inside"), [lib, folder, `${uid}:${gid}`]);
};

const put = () => {
  const words = [lib, join(root, "new"), join(folder, "openclaw.json"), `${uid}:${gid}`];
  return runScript(join(root, "script"), words);
};

test("a file in the service's own folder gets its owner and mode", async () => {
  expect(await put()).toMatchObject({ code: 0, stderr: "" });
  const { uid: owner, gid: group, mode } = await lstat(join(folder, "openclaw.json"));
  expect([owner, group, mode & 0o777]).toEqual([uid, gid, 0o640]);
  expect(await readFile(join(folder, "openclaw.json"), "utf8")).toBe("of the installer\n");
});

test("a link that the service put there gives it no file of root's", async () => {
  const link = join(folder, "openclaw.json.openclaw-new");
  await symlink(join(root, "secret"), link);
  await put();
  expect(await readFile(join(root, "secret"), "utf8")).toBe("of root\n");
  expect((await lstat(join(root, "secret"))).uid).toBe(process.getuid?.());
});

test("a folder in the service's own gets its owner and mode", async () => {
  expect(await putInside()).toMatchObject({ code: 0, stderr: "" });
  const made = await lstat(join(folder, "admin"));
  expect([made.isDirectory(), made.uid, made.gid, made.mode & 0o7777]).toEqual([
    true,
    uid,
    gid,
    0o2750,
  ]);
  expect((await readdir(root)).filter((name) => /^\.|openclaw-new/.test(name))).toEqual([]);
});

test("a link in place of that folder gives the service no folder of root's", async () => {
  const target = join(root, "roots");
  await mkdir(target, { mode: 0o700 });
  await writeFile(join(target, "kept"), "");
  await symlink(target, join(folder, "admin"));
  expect((await putInside()).code).toBe(0);
  const { uid: owner, mode } = await lstat(target);
  expect([owner, mode & 0o7777]).toEqual([process.getuid?.(), 0o700]);
  expect(await readdir(target)).toEqual(["kept"]);
  expect((await lstat(join(folder, "admin"))).isDirectory()).toBe(true);
});

test("no step makes a folder as root in a folder of the service in another way", async () => {
  const steps = new URL("../../deploy/install/steps/", import.meta.url);
  const found: string[] = [];
  for (const name of await readdir(steps)) {
    const lines = (await readFile(new URL(name, steps), "utf8")).split("\n");
    const makes = /\b(mkdir|install -d|put_folder)\b.*(\/(run|etc)|\/var\/lib)\/openclaw-gateway\//;
    found.push(...lines.filter((line) => makes.test(line)));
  }
  expect(found).toEqual([]);
});
