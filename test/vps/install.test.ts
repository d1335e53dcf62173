import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Publisher } from "../install/support.ts";
import type { Result } from "../kit/outcome.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { publishRelease } from "./support/published.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

/** In the machine's own network. */
const PORTS = ["--http-port", "29480", "--https-port", "29443"];
const BARE = ["--port", "29481", "--no-nginx"];
const LOG = "/var/log/openclaw-gateway-install.log";

const reason = whyNoVps();
if (reason) console.log(`The installer's VPS tests are skipped: ${reason}.`);

let temp: string;
let publisher: Publisher;
let vps: Vps;

/** What a person types on the machine. */
async function install(
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Result> {
  const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- ${words.join(" ")}`;
  return vps.exec(["bash", "-c", line], { env });
}

async function installs(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await install(words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** What a run with --json changed, or with --dry-run would change. */
async function changed(words: readonly string[]): Promise<{ changes: string[]; said: string }> {
  const { code, stdout, stderr } = await install([...words, "--json"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return { changes: JSON.parse(stdout).changes, said: stderr };
}

describe.skipIf(reason !== undefined)("install.sh on a rented Debian 13", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "install-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    await publishRelease(join(temp, "release"), { url: publisher.url, key: await makeKey(temp) });
  }, RELEASE_MS);
  beforeEach(async () => {
    vps = await Vps.boot("rented");
  }, BASE_MS);
  afterEach(() => vps?.close());
  afterAll(async () => {
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  test(
    "does what it planned, proves it through nginx, does nothing twice, and goes without a trace",
    async () => {
      const before = await snapshot(vps);
      const planned = await changed([...PORTS, "--dry-run"]);
      expect(planned.changes.length).toBeGreaterThan(20);
      for (const line of planned.changes) expect(planned.said).toContain(`  would ${line}\n`);
      expect(changesOf(before, await snapshot(vps))).toEqual([]);

      const { changes, said } = await changed(PORTS);
      expect(changes).toEqual(planned.changes);
      // The plan is four lines, whatever it holds.
      const plan = said.slice(said.indexOf("This will:"), said.indexOf("[1/")).trimEnd();
      expect(plan.split("\n")).toHaveLength(4);
      expect(plan).toContain(`in ${changes.length} changes`);
      expect(said).toMatch(/\[\d+\/\d+\] Proof {2}\d+\.\d s\n/);
      const { stdout: log } = await vps.exec(["cat", LOG]);
      expect(log).toContain("A device was paired through wss://127.0.0.1:29443");
      // Behind nginx it opens no TCP port of its own.
      const status = await vps.ok(["openclaw", "gateway", "status", "--json"]);
      const socket = "unix:/run/openclaw-gateway/public/gateway.sock";
      expect(JSON.parse(status)).toMatchObject({ listening: [socket] });
      console.log(/Done in .*/.exec(said)?.[0]);
      expect(await vps.ok(["stat", "-c", "%a %U", LOG])).toBe("600 root\n");
      expect(`${said}${log}`).not.toMatch(/#invite=|PRIVATE KEY/);
      expect(await vps.property("openclaw-gateway.service", "ActiveState")).toBe("active");
      const devices = JSON.parse(await vps.ok(["openclaw", "devices", "list", "--json"]));
      expect(devices).toMatchObject({ paired: [], pending: [] });

      const installed = await snapshot(vps);
      const since = await vps.property("openclaw-gateway.service", "ActiveEnterTimestamp");
      expect(await installs(PORTS)).toContain("Nothing to change: version");
      expect(changesOf(installed, await snapshot(vps))).toEqual([]);
      expect(await vps.property("openclaw-gateway.service", "ActiveEnterTimestamp")).toBe(since);

      // What was installed takes itself off, whether or not it is still published.
      const own = "/opt/openclaw-gateway/current/install/install.sh";
      await vps.ok(["sh", own, "--uninstall", "--purge"]);
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
      expect((await vps.exec(["test", "-e", LOG])).code).toBe(1);
    },
    STEP_MS,
  );

  test(
    "an update that fails leaves the version before it running",
    async () => {
      await installs(BARE);
      const before = await snapshot(vps);
      const words = [...BARE, "--domain", "gateway.example.com"];
      const { code } = await install(words, { OPENCLAW_INSTALL_FAIL_AFTER: "prove" });
      expect(code).toBe(1);
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
      expect(await vps.property("openclaw-gateway.service", "ActiveState")).toBe("active");
    },
    STEP_MS,
  );

  test(
    "what was cut off in the middle is undone before anything else",
    async () => {
      const before = await snapshot(vps);
      const line = `curl -fsSL ${publisher.url}/install.sh >/root/install.sh; echo $$ >/tmp/install.pid; exec bash /root/install.sh ${BARE.join(" ")}`;
      const dying = vps.exec(["setsid", "--wait", "bash", "-c", line]);
      await vps.ok(["bash", "-c", "until test -e /opt/openclaw-gateway/node; do sleep 0.01; done"]);
      await vps.ok(["bash", "-c", "kill -9 -- -$(cat /tmp/install.pid)"]);
      await dying;
      expect(changesOf(before, await snapshot(vps))).not.toEqual([]);
      expect(await installs(BARE)).toContain("An installation was cut off here; undoing it first");
      await installs(["--uninstall", "--purge"]);
      await vps.ok(["rm", "/root/install.sh"]);
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );

  test(
    "an uninstall keeps devices and configuration, and the next installation finds them",
    async () => {
      await installs(BARE);
      await vps.ok(["openclaw", "config", "set", "gateway.name", "kept"]);
      const key = await vps.ok(["openclaw", "gateway", "status", "--json"]);
      expect(await installs(["--uninstall"])).toContain("--uninstall --purge removes them");
      expect((await vps.exec(["openclaw"])).code).not.toBe(0);
      await installs(BARE);
      expect(await vps.ok(["openclaw", "config", "get", "gateway.name"])).toBe("kept\n");
      const { fingerprint } = JSON.parse(key).gateway ?? JSON.parse(key);
      expect(await vps.ok(["openclaw", "gateway", "status", "--json"])).toContain(fingerprint);
    },
    STEP_MS,
  );

  test(
    "goes back to an older version only when told, and touches no OpenClaw that is there",
    async () => {
      const foreign = "#!/bin/sh\necho another\n";
      await vps.ok(["sh", "-c", `printf '${foreign}' >/usr/local/bin/openclaw`]);
      await vps.ok(["chmod", "755", "/usr/local/bin/openclaw"]);
      expect(await installs(BARE)).toContain("There is another OpenClaw (/usr/local/bin/openclaw)");
      expect(await vps.ok(["openclaw"])).toBe("another\n");
      expect(await vps.ok(["openclaw-gateway"])).toContain("is running");

      const file = "/opt/openclaw-gateway/current/release.json";
      await vps.ok(["sed", "-i", 's/"version": ".*"/"version": "99.0.0"/', file]);
      const { code, stderr } = await install(BARE);
      expect(code).toBe(3);
      const older = /to go back to it: --version (\S+)/.exec(stderr)?.[1] ?? "";
      expect(older).toMatch(/^\d/);
      expect((await install([...BARE, "--version", older])).code).toBe(0);
    },
    STEP_MS,
  );

  test(
    "asks on a terminal, and shows the owner's link there and nowhere else",
    async () => {
      await vps.ok(["sh", "-c", `curl -fsSL ${publisher.url}/install.sh >/root/install.sh`]);
      const typed = `bash /root/install.sh ${BARE.join(" ")}`;
      // The terminal keeps what is typed until it is read.
      const terminal = async (keys: string) => {
        const line = `(${keys}; sleep 10) | script -qec '${typed}' /dev/null`;
        return (await vps.exec(["sh", "-c", line])).stdout;
      };
      const before = await snapshot(vps);
      expect(await terminal("echo n")).toContain("nothing was changed");
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
      const said = await terminal("echo");
      expect(said).toMatch(/#invite=[\w-]{20,}/);
      // What a download has got so far, and at its end its size.
      const [counted = "", whole] = / {2}node-\S+: \d+\.\d of (\d+\.\d) MB/.exec(said) ?? [];
      expect(said.slice(said.indexOf(counted))).toMatch(
        new RegExp(` {2}node-\\S+: ${whole} MB\r\n`),
      );
      expect(await vps.ok(["cat", LOG])).not.toContain("invite=");
      expect(await terminal("echo")).not.toContain("#invite=");
    },
    STEP_MS,
  );

  test(
    "a port that is taken, or another default site, is told before anything is changed",
    async () => {
      const before = await snapshot(vps);
      const squatter = await Publisher.start();
      const port = new URL(squatter.url).port;
      const { code, stderr } = await install(["--no-nginx", "--port", port]);
      await squatter.close();
      expect(code).toBe(3);
      expect(stderr).toContain(`port ${port} is taken`);
      expect(stderr).toContain("What was found:");
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );
});
