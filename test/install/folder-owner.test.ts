import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runScript } from "./support.ts";

/** Whoever the service runs as: `nobody` where this may become somebody else. */
const [uid, gid] =
  process.getuid?.() === 0 ? [65_534, 65_534] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const lib = new URL("../../deploy/install/lib/change.sh", import.meta.url).pathname;

/** Writes a file with the installer's own function, as the installer calls it. */
const script = `
set -eu
dry= silent= changes=/dev/null
note() { :; }
save() { :; }
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
