import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FindingRow } from "../../src/cli/commands/doctor/verdict.ts";
import { GatewayProcess } from "../kit/process.ts";
import { until } from "../kit/until.ts";

/** A configuration whose changes the system tells of badly or not at all, with the real system. */

let folder = "";
let gateway: GatewayProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-watch-"));
});
afterEach(async () => {
  await gateway?.close();
  rmSync(folder, { recursive: true });
});

/** The gateway as process of its own namespaces, in which `script` was run before it. */
const within = (script: string, ...words: string[]) => [
  "unshare",
  "--map-root-user",
  "--mount",
  "sh",
  "-ec",
  `${script}; shift ${words.length}; exec "$@"`,
  "sh",
  ...words,
];

const denying = (name: string) =>
  JSON.stringify({ gateway: { name, nodes: { commands: { deny: [`${name}.run`] } } } });

async function inForce(running: GatewayProcess): Promise<string> {
  const { config } = await running.json<{ config: { gateway: { name?: string } } }>([
    "config",
    "get",
  ]);
  return config.gateway.name ?? "";
}

async function finding(running: GatewayProcess, id: string): Promise<FindingRow | undefined> {
  const { stdout } = await running.cli(["doctor", "--json"]);
  const findings: FindingRow[] = JSON.parse(stdout);
  return findings.find((one) => one.id === id);
}

/** What a shell where the gateway runs does with a line. */
function typed({ run }: GatewayProcess, line: string): string {
  const where = ["--target", String(run.pid), "--user", "--mount", "--preserve-credentials"];
  return execFileSync("nsenter", [...where, "sh", "-c", line], { encoding: "utf8" });
}

/** The command that `text` names last. */
const named = (text: string) => /(?:next|see): (findmnt .*)$/m.exec(text)?.[1] ?? "";

test("a file that is mounted by itself is followed, and written in place", async () => {
  const source = join(folder, "mounted.json");
  writeFileSync(source, denying("one"), { mode: 0o600 });
  const stateDir = join(folder, "state");
  const file = join(stateDir, "openclaw.json");
  const runner = within(
    'mkdir -p -m 700 "$2"; : > "$3"; mount --bind "$1" "$3"',
    source,
    stateDir,
    file,
  );
  const running = await GatewayProcess.start({ stateDir, runner });
  gateway = running;
  expect(await inForce(running)).toBe("one");

  // Where it is edited it is no mount, and nothing is asked of the gateway meanwhile.
  writeFileSync(source, denying("two"));
  await until(() => running.output.includes("the file was edited"), "the edit to be noticed");
  expect(await inForce(running)).toBe("two");

  const { ino } = statSync(source);
  const set = await running.cli(["config", "set", "gateway.name", "three"]);
  expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining("written in place") });
  expect(statSync(source).ino).toBe(ino);
  expect(JSON.parse(readFileSync(source, "utf8")).gateway.name).toBe("three");
  expect(await inForce(running)).toBe("three");

  typed(running, `mount -o remount,bind,ro ${file}`);
  const locked = await running.cli(["config", "set", "gateway.name", "locked"]);
  expect(locked.stderr).toContain("the config can't be written");
  expect(typed(running, named(locked.stderr))).toMatch(/\bro\b/);
  typed(running, `mount -o remount,bind,rw ${file}`);
  expect(await running.ok(["config", "set", "gateway.name", "three"])).toContain("so already");

  // This program stands outside of the container, so to say, and sees another file there.
  expect(await finding(running, "config.in-force")).toMatchObject({
    level: "fail",
    message: expect.stringContaining("does not see"),
  });

  writeFileSync(`${source}.new`, denying("four"));
  renameSync(`${source}.new`, source);
  const status = await running.ok(["status"]);
  expect(status).toContain("was replaced where it comes from");
  // That what is mounted there is gone where it came from.
  expect(typed(running, named(status))).toContain("mounted.json//deleted");
  expect(await finding(running, "config.in-force")).toMatchObject({
    level: "fail",
    message: expect.stringContaining("was replaced where it comes from"),
  });
  const lost = await running.cli(["config", "set", "gateway.name", "five"]);
  expect(lost).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining("lost") });
  expect(lost.code).not.toBe(0);
  expect(typed(running, named(lost.stderr))).toContain("mounted.json//deleted");
});

test("without inotify instances edits are found, and it is said why they come late", async () => {
  const runner = within("echo 0 > /proc/sys/user/max_inotify_instances");
  const running = await GatewayProcess.start({ runner });
  gateway = running;
  const file = join(running.stateDir, "openclaw.json");
  for (const name of ["one", "two"]) {
    writeFileSync(file, denying(name), { mode: 0o600 });
    expect(await inForce(running)).toBe(name);
  }
  expect(running.output).toContain("no inotify instance left");
  expect(running.output).not.toContain("too many files");
  expect(await running.ok(["status"])).toContain("no inotify instance left");
  expect(await finding(running, "config.in-force")).toMatchObject({
    level: "warn",
    next: expect.stringMatching(/^sudo sysctl -w fs\.inotify\.max_user_instances=|^sysctl/),
  });
});
