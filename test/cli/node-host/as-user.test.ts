import { chmod, chown, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asUser } from "../../../src/cli/node-host/as-user.ts";
import { nodeKeys } from "../../../src/cli/node-host/folder.ts";

/** Whoever the service runs as: `nobody` where this may become somebody else. */
const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const ids = me.uid === 0 ? { uid: 65_534, gid: 65_534 } : me;

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "as-user-"));
  await chmod(root, 0o711);
  folder = join(root, "state");
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, ids.uid, ids.gid);
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("keys that are made for a service are the service's own", async () => {
  const { identity } = await asUser(ids, async () => nodeKeys(folder));
  const { uid, gid, mode } = await lstat(join(folder, "identity.json"));
  expect([uid, gid, mode & 0o777]).toEqual([ids.uid, ids.gid, 0o600]);
  expect(identity.deviceId).toMatch(/^[0-9a-f]{64}$/);
  expect([process.geteuid?.(), process.getegid?.()]).toEqual([me.uid, me.gid]);
});

test("a link in the service's folder changes no file of root's, and root's rights come back", async () => {
  const target = join(root, "of-root.json");
  await writeFile(target, JSON.stringify({ privateKeyPem: "none" }));
  await chmod(target, me.uid === 0 ? 0o644 : 0o600);
  await symlink(target, join(folder, "identity.json"));
  await expect(asUser(ids, async () => nodeKeys(folder))).rejects.toThrow("holds no usable key");
  // Root itself would have made it private, as it does with its own keys.
  expect((await lstat(target)).mode & 0o777).toBe(me.uid === 0 ? 0o644 : 0o600);
  expect([process.geteuid?.(), process.getegid?.()]).toEqual([me.uid, me.gid]);
});
