import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signFile } from "../../scripts/release/manifest.mjs";
import { makeKey, partsOf, RELEASE_MS, root, target } from "../release/support/release.ts";
import { named } from "../vps/support/told.ts";
import { Publisher, type Ran, runScript } from "./support.ts";

let temp: string;
let publisher: Publisher;
let folder: string;
let version: string;

/** Dry runs with what does not depend on this machine's services. */
const DRY = ["--dry-run", "--no-nginx", "--supervisor", "none", "--port", "29479"];

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), "install-verify-"));
  publisher = await Publisher.start();
  folder = join(temp, "release");
  const key = await makeKey(temp);
  // As the script of a clone says, which has nothing to install from.
  const refused = await runScript(join(root, "scripts/install.sh"), ["--dry-run"]);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  await typesRelease(refused, "npm run release -- --base-url URL --sign KEY", key);
  expect((await install(DRY)).code).toBe(0);
  // And as the script that was made then says of an archive that lacks what it should hold.
  const empty = join(temp, "empty.tar");
  await promisify(execFile)("tar", ["-cf", empty, "-C", temp, "key.pub"]);
  const lacking = await install([...DRY, "--offline", empty]);
  expect(lacking).toMatchObject({ code: 5, stderr: expect.stringContaining("holds no manifest") });
  await typesRelease(lacking, "npm run release -- --sign KEY --offline", key);
  const manifest = await readFile(join(folder, "manifest"), "utf8");
  version = /^version (.*)$/m.exec(manifest)?.[1] ?? "";
}, RELEASE_MS);
afterAll(async () => {
  await publisher.close();
  await rm(temp, { recursive: true, force: true });
});

/**
 * Types in the clone what `said` names, with the reader's own key, folder and target; the address is where
 * the folder is published, typed once and known from the environment later.
 */
async function typesRelease(said: Ran, command: string, key: string): Promise<void> {
  publisher.publish(folder);
  const fill = { URL: publisher.url, KEY: `${key} --out ${folder} --target ${target}` };
  const line = named(said, command, fill);
  const env = { ...process.env, OPENCLAW_RELEASE_URL: publisher.url };
  await promisify(execFile)("bash", ["-c", line], { cwd: root, env });
}

/** Runs the published script; what it leaves in its folder for temporary files must be nothing. */
async function install(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const own = await mkdtemp(join(temp, "tmp-"));
  const ran = await runScript(join(folder, "install.sh"), words, { TMPDIR: own, ...env });
  expect(await readdir(own)).toEqual([]);
  expect(existsSync("/var/lib/openclaw-gateway-installer")).toBe(false);
  return ran;
}

/** A folder with every program of the path but one. */
async function pathWithout(name: string): Promise<string> {
  const bin = await mkdtemp(join(temp, "bin-"));
  for (const place of (process.env["PATH"] ?? "").split(":")) {
    for (const program of await readdir(place).catch(() => [])) {
      if (program !== name)
        await symlink(join(place, program), join(bin, program)).catch(() => undefined);
    }
  }
  return bin;
}

/** Publishes a copy of the release after `change`. */
async function tampered(change: (copy: string) => Promise<void>): Promise<void> {
  const copy = await mkdtemp(join(temp, "tampered-"));
  await cp(folder, copy, { recursive: true });
  await change(copy);
  publisher.publish(copy);
}

async function edit(file: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(file, change(await readFile(file)));
}

const flipped = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
};

describe("install.sh", () => {
  test("plans what it would do, verified, and changes nothing", async () => {
    publisher.publish(folder);
    const { code, stdout, stderr } = await install(DRY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`OpenClaw gateway ${version} for`);
    expect(stdout).toContain(`openclaw-gateway-${version}-linux-${target}.tar.gz, verify it`);
    expect(stdout).toContain("would make the user openclaw-gateway");
    expect(existsSync("/opt/openclaw-gateway")).toBe(false);
  });

  test.each<[string, (copy: string) => Promise<void>]>([
    ["a manifest that was changed", (copy) => edit(join(copy, "manifest"), flipped)],
    ["a signature that was changed", (copy) => edit(join(copy, "manifest.sig"), flipped)],
    [
      "a manifest signed by another key",
      async (copy) => {
        const manifest = join(copy, "manifest");
        await rm(`${manifest}.sig`);
        await signFile(manifest, await makeKey(copy, "other"));
      },
    ],
    [
      "an installer that was changed",
      async (copy) => {
        const manifest = await readFile(join(copy, "manifest"), "utf8");
        const name = partsOf(manifest).find(({ kind }) => kind === "installer")?.name ?? "";
        await edit(join(copy, version, name), flipped);
      },
    ],
    [
      "an installer with something behind it",
      async (copy) => {
        const manifest = await readFile(join(copy, "manifest"), "utf8");
        const name = partsOf(manifest).find(({ kind }) => kind === "installer")?.name ?? "";
        await edit(join(copy, version, name), (bytes) => Buffer.concat([bytes, bytes]));
      },
    ],
  ])("refuses %s, before anything of it is unpacked", async (_what, change) => {
    await tampered(change);
    const { code, stdout, stderr } = await install(DRY);
    expect(code).toBe(4);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: .*(not signed by the key|not what the signed manifest names)/);
    expect(stderr).toContain("\n  next: ");
  });

  test("a person's own settings of curl and wget make no other bytes of it", async () => {
    publisher.publish(folder);
    const home = await mkdtemp(join(temp, "home-"));
    await writeFile(join(home, ".curlrc"), "include\nproxy = http://127.0.0.1:1\n");
    await writeFile(join(home, ".wgetrc"), "save_headers = on\n");
    const { code, stderr } = await install(DRY, { HOME: home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // Without curl it is wget.
    const bin = await pathWithout("curl");
    const byWget = await install(DRY, { HOME: home, PATH: bin });
    expect({ code: byWget.code, stderr: byWget.stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("refuses another version than the one asked for", async () => {
    await tampered((copy) => cp(join(copy, version), join(copy, "9.9.9"), { recursive: true }));
    const { code, stderr } = await install([...DRY, "--version", "9.9.9"]);
    expect(code).toBe(4);
    expect(stderr).toContain(`version 9.9.9 was asked for and ${version} was delivered`);
  });

  test("says so when nothing is published there", async () => {
    publisher.publish(join(temp, "nowhere"));
    const { code, stderr } = await install(DRY);
    expect(code).toBe(5);
    expect(stderr).toContain(`${publisher.url}/manifest could not be fetched`);
  });

  test("goes through the proxy that the environment names", async () => {
    publisher.publish(folder);
    const copy = join(temp, "elsewhere.sh");
    const script = await readFile(join(folder, "install.sh"), "utf8");
    await writeFile(copy, script.replace(publisher.url, "http://downloads.invalid"));
    publisher.asked.length = 0;
    const { code } = await runScript(copy, DRY, { http_proxy: publisher.url });
    expect(code).toBe(0);
    expect(publisher.asked).toContain("http://downloads.invalid/manifest");
  });

  test("installs from a file where there is no network", async () => {
    publisher.publish(join(temp, "nowhere"));
    publisher.asked.length = 0;
    const file = join(folder, version, `openclaw-gateway-${version}-linux-${target}-offline.tar`);
    const { code, stdout } = await install([...DRY, "--offline", file]);
    expect(code).toBe(0);
    expect(stdout).toContain(`OpenClaw gateway ${version} for`);
    expect(publisher.asked).toEqual([]);
    const bad = join(temp, "bad.tar");
    await edit(file, (bytes) => bytes);
    await writeFile(bad, flipped(await readFile(file)).subarray(0, 4096));
    expect((await install([...DRY, "--offline", bad])).code).toBeGreaterThan(3);
  });

  test.each([
    [["--dryrun"], "unknown option: --dryrun"],
    [["--dry-run", "extra"], "unknown option: extra"],
    [["--port"], "--port needs a value"],
    [["--port", "--yes"], "--port needs a value"],
    [["--port", "70000"], "--port: expected a port from 1 to 65535"],
    [["--domain", "a b"], "has characters that don't belong there"],
    [["--domain", "$(touch x)"], "has characters that don't belong there"],
    [["--domain=-x"], "--domain needs a value"],
    [["--supervisor", "upstart"], "--supervisor: expected systemd, pm2 or none"],
    [["--cert", "/etc/hostname"], "--cert needs --key"],
    [["--purge"], "--purge goes with --uninstall"],
    [["--version", "../1"], "--version: expected a version"],
    [["--address", "gw.example"], "--address: expected an address such as"],
    [["--address", "fe80::zz"], "--address: expected an address such as"],
    [["--cert", "none", "--key", "/k"], "--key needs --cert"],
  ])("stops with 2 at %j", async (words, why) => {
    const { code, stderr } = await install(words);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
  });

  test.each([
    [{ OPENCLAW_INSTALL_PORT: "0" }, "--port: expected a port"],
    [{ OPENCLAW_INSTALL_DRY_RUN: "maybe" }, "OPENCLAW_INSTALL_DRY_RUN: expected 1 or 0"],
    [{ OPENCLAW_INSTALL_SUPERVISOR: "launchd" }, "--supervisor: expected systemd"],
    [{ OPENCLAW_INSTALL_DOMAIN: "a;b" }, "has characters that don't belong there"],
  ])("reads the environment as it reads options: %j", async (env, why) => {
    const { code, stderr } = await install([], env as Record<string, string>);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
  });

  test("does by the environment what it does by options", async () => {
    publisher.publish(folder);
    const env = {
      OPENCLAW_INSTALL_DRY_RUN: "1",
      OPENCLAW_INSTALL_NO_NGINX: "1",
      OPENCLAW_INSTALL_SUPERVISOR: "none",
      OPENCLAW_INSTALL_PORT: "29479",
    };
    expect((await install([], env)).stdout).toBe((await install(DRY)).stdout);
  });

  test("answers as JSON where asked, progress aside", async () => {
    publisher.publish(folder);
    const { stdout, stderr } = await install([...DRY, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, dryRun: true, changed: true, version });
    expect(stderr).toContain("would make the user openclaw-gateway");
  });

  test("refuses a machine that is not fit, with everything that is wrong and the facts", async () => {
    publisher.publish(folder);
    const own = join(temp, "none");
    await mkdir(own, { recursive: true });
    const words = ["--dry-run", "--no-nginx", "--cert", "/nowhere/c", "--key", "/nowhere/k"];
    const { code, stderr } = await install([...words, "--supervisor", "none"]);
    expect(code).toBe(3);
    expect(stderr).toContain("this machine is not fit");
    expect(stderr).toContain("there is no file /nowhere/c");
    expect(stderr).toContain("there is no file /nowhere/k");
    expect(stderr).toMatch(/C library +glibc 2\.\d+/);
  });
});
