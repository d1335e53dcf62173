import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { longTest } from "../kit/long.ts";
import { until } from "../kit/until.ts";
import {
  digests,
  type MadeRelease,
  makeKey,
  makeRelease,
  partsOf,
  RELEASE_MS,
  root,
  target,
  verifies,
} from "./support/release.ts";

const exec = promisify(execFile);
const URL_THERE = "https://downloads.example.com/gateway";

let temp: string;
let release: MadeRelease;
let version: string;
let manifest: string;
const inVersion = (name: string) => join(release.folder, version, name);
const named = (kind: string) => {
  const part = partsOf(manifest).find((row) => row.kind === kind);
  if (!part) throw new Error(`the manifest names no ${kind}`);
  return part;
};

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), "release-test-"));
  const key = await makeKey(temp);
  release = await makeRelease(join(temp, "one"), ["--base-url", URL_THERE, "--sign", key]);
  version = JSON.parse(await readFile(join(root, "package.json"), "utf8")).version;
  manifest = await readFile(join(release.folder, "manifest"), "utf8");
}, RELEASE_MS);
afterAll(() => rm(temp, { recursive: true, force: true }));

describe("a release", () => {
  test("has the same bytes however, when and as whom it is made", async () => {
    const odd = { umask: "077", zone: "Pacific/Apia" };
    const args = ["--base-url", URL_THERE, "--sign", join(temp, "key")];
    const other = await makeRelease(join(temp, "two"), args, odd);
    expect(await digests(other.folder)).toEqual(await digests(release.folder));
  });

  test("is published with its current manifest and its script on top", async () => {
    expect((await readdir(release.folder)).sort()).toEqual(
      [version, "install.sh", "manifest", "manifest.sig"].sort(),
    );
    expect(await readFile(inVersion("manifest"), "utf8")).toBe(manifest);
    expect(release.said).toContain(`curl -fsSL ${URL_THERE}/install.sh | bash`);
  });

  test("names every file of it with its SHA-256 and length", async () => {
    const found = await digests(join(release.folder, version));
    const parts = partsOf(manifest);
    const files = Object.keys(found).filter((name) => !name.startsWith("manifest"));
    expect(parts.map(({ name }) => name).sort()).toEqual(files.sort());
    for (const { name, sha256, length } of parts) {
      expect(sha256).toBe(found[name]);
      expect(length).toBe((await stat(inVersion(name))).size);
    }
  });

  test("is signed by the key in its script, for this purpose alone", async () => {
    const script = await readFile(join(release.folder, "install.sh"), "utf8");
    const key = /^public_key='(ssh-ed25519 \S+)'$/m.exec(script)?.[1];
    expect(script).toContain(`\nbase_url='${URL_THERE}'\n`);
    const signers = join(temp, "signers");
    await writeFile(signers, `release ${key}\n`);
    const signature = join(release.folder, "manifest.sig");
    expect(await verifies(manifest, signature, signers)).toBe(0);
    expect(await verifies(manifest, signature, signers, "git")).not.toBe(0);
    expect(await verifies(manifest.replace("0", "1"), signature, signers)).not.toBe(0);
  });

  test("weighs at most 15 MB without Node.js, and says what it weighs", () => {
    const { name, length } = named("gateway");
    expect(length).toBeLessThanOrEqual(15 * 1024 * 1024);
    expect(release.said).toContain(`${(length / 1024 / 1024).toFixed(2)} MiB  ${name}`);
  });

  test("holds native modules of its own platform and Node.js alone, and no process manager", async () => {
    const { stdout } = await exec("tar", ["-tzf", inVersion(named("gateway").name)]);
    const names = stdout.split("\n");
    const natives = names.filter((name) => name.endsWith(".node"));
    const argon2 = process.arch === "x64" ? "argon2.glibc.node" : "argon2.armv8.glibc.node";
    expect(natives.sort()).toEqual([
      `node_modules/argon2/prebuilds/linux-${process.arch}/${argon2}`,
      `node_modules/uWebSockets.js/uws_linux_${process.arch}_115.node`,
    ]);
    expect(names.filter((name) => /\bpm2\b/.test(name))).toEqual([]);
  });

  test("contains nothing whose licence asks for more than its notice, and says what it contains", async () => {
    const sbom = JSON.parse(await readFile(inVersion("sbom.cdx.json"), "utf8"));
    const notices = await readFile(inVersion("LICENSES.txt"), "utf8");
    const names = sbom.components.map(({ name }: { name: string }) => name);
    for (const name of ["uwebsockets", "argon2", "commander", "pino", "typebox", "node"]) {
      expect(names).toContain(name);
    }
    for (const { name, version: of, licenses } of sbom.components) {
      expect(licenses[0].license.id).toMatch(/^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD)$/);
      expect(notices).toContain(name === "node" ? "Node.js" : `${name} ${of} (`);
    }
    expect(names).not.toContain("pm2");
    expect(notices).not.toMatch(/AFFERO/i);
  });

  test("runs with the Node.js beside it, native modules and all", async () => {
    const folder = join(temp, "unpacked");
    await mkdir(folder);
    for (const kind of ["gateway", "node"]) {
      await exec("tar", ["-xzf", inVersion(named(kind).name), "-C", folder]);
    }
    const env = { PATH: "/nowhere", HOME: temp, OPENCLAW_STATE_DIR: join(temp, "state") };
    const node = join(folder, "bin/node");
    const program = join(folder, "dist/index.js");
    const run = exec(node, [program, "gateway", "run", "--port", "0"], { env });
    const ended = run.catch((error: Error) => error);
    const health = () =>
      exec(node, [program, "health"], { env }).then(
        () => true,
        () => false,
      );
    try {
      await until(health, "the gateway to answer");
      // Hashing a secret loads argon2.
      const { stdout } = await exec(node, [program, "token", "new"], { env });
      expect(stdout.trim()).toMatch(/^\S{20,}$/);
    } finally {
      run.child.kill("SIGTERM");
      await ended;
    }
  });
});

describe("npm run release", () => {
  test("makes the archive of Node.js of the same bytes whatever the commit", async () => {
    const { stdout } = await exec("tar", ["-tvzf", inVersion(named("node").name)], {
      env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
    });
    const times = stdout.match(/\d{4}-\d\d-\d\d \d\d:\d\d/g);
    expect(new Set(times)).toEqual(new Set(["2001-09-09 01:46"]));
  });

  test("names what the archives weigh unpacked", async () => {
    const folder = join(temp, "weighed");
    await mkdir(folder);
    await exec("tar", ["-xzf", inVersion(named("node").name), "-C", folder]);
    const { stdout } = await exec("du", ["-sk", folder]);
    const said = new RegExp(`^unpacked (\\d+) ${named("node").name}$`, "m").exec(manifest)?.[1];
    expect(Math.abs(Number(said) / 1024 - Number.parseInt(stdout, 10))).toBeLessThan(100);
  });

  test("leaves the releases of other versions where it publishes", async () => {
    const folder = join(temp, "several");
    await mkdir(join(folder, "0.0.9"), { recursive: true });
    await writeFile(join(folder, "0.0.9/manifest"), "of another version");
    const args = ["--base-url", URL_THERE, "--sign", join(temp, "key")];
    await makeRelease(folder, args);
    expect(await readFile(join(folder, "0.0.9/manifest"), "utf8")).toBe("of another version");
    expect((await readdir(folder)).sort()).toEqual(
      ["0.0.9", version, "install.sh", "manifest", "manifest.sig"].sort(),
    );
  });

  describe("in a fresh clone", () => {
    let clone: string;
    beforeAll(async () => {
      clone = join(temp, "clone");
      await exec("git", ["clone", "-q", "--no-hardlinks", root, clone]);
      // What is not committed yet is tried too.
      const { stdout } = await exec("git", ["-C", root, "ls-files", "-mo", "--exclude-standard"]);
      for (const name of stdout.split("\n").filter(Boolean)) {
        await cp(join(root, name), join(clone, name)).catch(() => rm(join(clone, name)));
      }
    }, RELEASE_MS);
    const inClone = (...words: string[]) =>
      exec("npm", ["run", "-s", "release", "--", ...words], { cwd: clone }).then(
        ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
      );

    test("tells its options, and looks at the key before anything else", async () => {
      expect((await inClone("--help")).stdout).toContain("--base-url URL");
      const { code, stderr } = await inClone("--sign", "/nowhere/key");
      expect(code).toBe(1);
      expect(stderr).toContain("--sign: /nowhere/key does not sign");
      expect(stderr).toContain("next: name a private SSH key");
      expect(await inClone("--target", "sparc")).toMatchObject({ code: 1 });
      expect(await inClone("--base-url", "ftp://x")).toMatchObject({ code: 1 });
      // No archive would be made, and nothing would say so.
      const unsigned = await inClone("--offline");
      expect(unsigned).toMatchObject({ code: 1, stderr: expect.stringContaining("--sign KEY") });
      expect(await readdir(clone)).not.toContain("node_modules");
    });

    // Fetches all packages anew.
    longTest(
      "gets what it needs, and makes a release",
      async () => {
        const { stdout } = await inClone("--target", target, "--out", join(temp, "of-clone"));
        expect(stdout).toContain(`Release ${version} of commit`);
        expect(await readdir(clone)).toContain("node_modules");
      },
      RELEASE_MS,
    );
  });

  test("makes no install.sh that would have nothing to trust", async () => {
    const { folder, said } = await makeRelease(join(temp, "unsigned"), []);
    expect(await readdir(folder)).toEqual([version]);
    expect(await readdir(join(folder, version))).not.toContain("manifest.sig");
    expect(said).toContain("No install.sh: it needs --base-url URL");
  });

  test("throws away no folder that holds anything else", async () => {
    const folder = join(temp, "photos");
    await mkdir(folder);
    await writeFile(join(folder, "cat.jpeg"), "");
    await expect(makeRelease(folder, [])).rejects.toThrow("holds more than releases: cat.jpeg");
    expect(await readdir(folder)).toEqual(["cat.jpeg"]);
  });
});
