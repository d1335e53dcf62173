import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemdNotifier } from "../../src/host/systemd.ts";

let folder: string;
const warnings: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "systemd-"));
  warnings.length = 0;
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Puts a program in the place of systemd-notify(1) that writes down how it was called. */
async function stage(exit = 0): Promise<() => Promise<string[]>> {
  const calls = join(folder, "calls");
  const lines = [
    "#!/bin/sh",
    `printf '%s|' "$@" >> ${calls}`,
    "echo no manager >&2",
    `exit ${exit}`,
  ];
  await writeFile(join(folder, "systemd-notify"), lines.join("\n"));
  await chmod(join(folder, "systemd-notify"), 0o755);
  return async () => (await readFile(calls, "utf8").catch(() => "")).split("|").slice(0, -1).sort();
}

const notifier = (env: Record<string, string> = { NOTIFY_SOCKET: "/run/systemd/notify" }) =>
  systemdNotifier(env, (message) => warnings.push(message));

const pid = `--pid=${process.pid}`;

test.each([
  ["ready", ["--ready", pid, "--status=1 operator"]],
  ["status", [pid, "--status=1 operator"]],
  ["stopping", [pid, pid, "--status=1 operator", "STOPPING=1"]],
  ["alive", [pid, pid, "--status=1 operator", "WATCHDOG=1"]],
] as const)("%s is told to systemd, with its status and for this process", async (what, args) => {
  const calls = await stage();
  await notifier()[what]("1 operator");
  expect(await calls()).toEqual([...args].sort());
  expect(warnings).toEqual([]);
});

test("a ping without news is one call, and more time is asked for in microseconds", async () => {
  const calls = await stage();
  await notifier().alive();
  expect(await calls()).toEqual([pid, "WATCHDOG=1"]);
  await notifier().extend(1500.5);
  expect(await calls()).toEqual([pid, pid, "EXTEND_TIMEOUT_USEC=1500500", "WATCHDOG=1"].sort());
});

test.each(["ready", "stopping", "alive"] as const)(
  "where %s can't be told, one warning says why and nothing is thrown",
  async (what) => {
    await stage(1);
    await notifier()[what]("1 operator");
    expect(warnings).toEqual(["systemd-notify failed: no manager"]);
  },
);

test("nothing is started where no systemd asks", async () => {
  const calls = await stage();
  const quiet = notifier({});
  await quiet.ready("1 operator");
  await quiet.stopping("bye");
  expect([quiet.wanted, await calls()]).toEqual([false, []]);
});
