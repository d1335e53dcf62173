import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Publisher } from "../install/support.ts";
import { MemoryGroup } from "../kit/memory-group.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { LOG } from "./support/installing.ts";
import { publishRelease } from "./support/published.ts";
import { RENTED } from "./support/rented.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CONF = "/etc/nginx/nginx.conf";
const [PORT, HTTP, HTTPS] = [29_491, 29_490, 29_493];

const reason = whyNoVps();
if (reason) console.log(`The tests of the installer's choices are skipped: ${reason}.`);

let temp: string;
let publisher: Publisher;
let vps: Vps;

function installs(...words: (string | number)[]): Promise<string> {
  const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- ${words.join(" ")}`;
  return vps.ok(["bash", "-c", line]);
}

/** What nginx's own configuration says of how much a worker holds. */
async function holds(): Promise<string> {
  return (await vps.ok(["grep", "-o", "worker_connections [0-9]*;", CONF])).trim();
}

describe.skipIf(reason !== undefined).each(RENTED)("what may be told: %s", (kind) => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "install-choices-"));
    publisher = await Publisher.start(join(temp, "release"));
    const publication = { url: publisher.url, key: await makeKey(temp), kind };
    await publishRelease(join(temp, "release"), publication);
  }, RELEASE_MS);
  beforeEach(async () => {
    vps = await Vps.boot(kind);
  }, BASE_MS);
  afterEach(() => vps?.close());
  afterAll(async () => {
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  test(
    "--cert and --key: a certificate of one's own is served; it stays when the gateway goes, and so does nginx as Debian ships it",
    async () => {
      const [cert, key] = [join(temp, "cert.pem"), join(temp, "key.pem")];
      const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
      const name = ["-subj", "/CN=gateway.test", "-addext", "subjectAltName=DNS:gateway.test"];
      const to = ["-keyout", key, "-out", cert, "-days", "2"];
      await promisify(execFile)("openssl", ["req", "-x509", ...curve, ...to, ...name]);
      await vps.ok(["mkdir", "-p", "/etc/ssl/mine"]);
      await cp(cert, vps.path("/etc/ssl/mine/cert.pem"));
      await cp(key, vps.path("/etc/ssl/mine/key.pem"));
      await vps.ok(["sh", "-c", "apt-get update -q && apt-get install -qy nginx"]);
      const before = await snapshot(vps);
      const given = ["--cert", "/etc/ssl/mine/cert.pem", "--key", "/etc/ssl/mine/key.pem"];
      const site = ["--domain", "gateway.test", "--http-port", HTTP, "--https-port", HTTPS];

      const untuned = await installs(...given, ...site, "--no-tune-nginx");
      expect(await commonName()).toBe("gateway.test");
      expect(untuned).not.toContain(CONF);
      expect(await holds()).toBe("worker_connections 768;");

      // As before, it leaves nginx alone; told to, it lets nginx hold more, and says so before it does.
      expect(await installs()).toContain("Nothing to change");
      const tunes = `change ${CONF}: -worker_connections 768; +worker_connections 16384;`;
      expect(await installs("--tune-nginx", "--dry-run")).toContain(`would ${tunes}`);
      expect(await holds()).toBe("worker_connections 768;");
      await installs("--tune-nginx");
      expect(await vps.ok(["cat", LOG])).toContain(tunes);
      expect(await holds()).toBe("worker_connections 16384;");
      expect(await commonName()).toBe("gateway.test");
      await vps.ok([
        "sh",
        "/opt/openclaw-gateway/current/install/install.sh",
        "--uninstall",
        "--purge",
      ]);
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );

  test(
    "--supervisor pm2: pm2 runs it as its own user, restarts it, and lets it go",
    async () => {
      await vps.ok([
        "sh",
        "-c",
        "apt-get update -q && apt-get install -qy --no-install-recommends nodejs",
      ]);
      for (const name of await needs("pm2")) {
        await cp(join(root, "node_modules", name), vps.path(`/opt/pm2/node_modules/${name}`), {
          recursive: true,
        });
      }
      await vps.ok(["ln", "-s", "/opt/pm2/node_modules/pm2/bin/pm2", "/usr/local/bin/pm2"]);
      await refusesUnderPm2();
      const said = await installs("--supervisor", "pm2", "--no-nginx", "--port", PORT);
      const status = JSON.parse(await vps.ok(["openclaw", "gateway", "status", "--json"]));
      expect(status).toMatchObject({ running: true, supervisor: "pm2" });
      // pm2's daemon starts others' programs too: with what the person has, not with what the installer has.
      const daemon = (await vps.ok(["cat", "/root/.pm2/pm2.pid"])).trim();
      expect(await vps.ok(["cat", `/proc/${daemon}/status`])).toMatch(/^Umask:\t0022$/m);
      expect(await vps.ok(["cat", `/proc/${daemon}/environ`])).not.toContain("LC_ALL=");
      const user = await vps.ok(["ps", "-o", "user=", "-p", String(status.pid)]);
      expect(user.trim()).toMatch(/^opencla/);
      expect(await vps.ok(["openclaw", "gateway", "restart"])).toContain(
        "accepts connections again",
      );
      const again = JSON.parse(await vps.ok(["openclaw", "gateway", "status", "--json"]));
      expect(again.pid).not.toBe(status.pid);

      // The line that it prints brings it back after a reboot; then it prints it no more.
      const [, line = ""] = /^ {2}start at boot {2}(pm2 startup .*?) {3}\(/m.exec(said) ?? [];
      expect(line).toBe("pm2 startup -u root --hp /root");
      await vps.ok(line.split(" "));
      // By the link, which an update moves on.
      const kept = await vps.ok(["cat", "/root/.pm2/dump.pm2"]);
      expect(kept).toContain('"pm_exec_path": "/opt/openclaw-gateway/current/dist/index.js"');
      await vps.reboot();
      const state = () => vps.exec(["openclaw", "gateway", "status", "--json"]);
      await until(async () => (await state()).stdout.includes('"running": true'), "the gateway");
      const third = await installs();
      expect(third).toContain(`as before: --port ${PORT} --supervisor pm2 --no-nginx`);
      expect(third).toContain("Nothing to change");
      expect(third).not.toContain("pm2 startup");

      // Another supervisor takes over, and this one again.
      expect(await installs("--supervisor", "systemd")).toMatch(
        /^ {2}the gateway was away for \d+\.\d s; no client was connected\.$/m,
      );
      expect((await state()).stdout).toContain('"supervisor": "systemd"');
      expect(await vps.ok(["pm2", "jlist"])).toMatch(/\[\]\s*$/);
      await installs("--supervisor", "pm2");
      expect((await state()).stdout).toContain('"supervisor": "pm2"');
      const unit = await vps.exec(["systemctl", "is-enabled", "openclaw-gateway"]);
      expect(unit.code).not.toBe(0);
      await vps.ok([
        "sh",
        "/opt/openclaw-gateway/current/install/install.sh",
        "--uninstall",
        "--purge",
      ]);
      expect(await vps.ok(["pm2", "jlist"])).toMatch(/\[\]\s*$/);
      const gone = await fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => undefined);
      expect(gone).toBeUndefined();
    },
    STEP_MS,
  );
});

/** A gateway that cannot start: what is advised is pm2's, and nothing of it stays. */
async function refusesUnderPm2(): Promise<void> {
  const folder = "/etc/openclaw-gateway";
  await vps.ok(["sh", "-c", `mkdir ${folder} && echo '{ "gateway": ' >${folder}/openclaw.json`]);
  const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- --supervisor pm2 --no-nginx`;
  const { code, stderr } = await vps.exec(["bash", "-c", line]);
  expect(code).toBe(1);
  expect(stderr).toContain("the gateway did not start under pm2");
  const [, typed = ""] = /next: (tail -n 100 \S+)/.exec(stderr) ?? [];
  expect(await vps.ok(typed.split(" "))).toContain("openclaw.json:2:1: not valid JSON");
  expect(stderr).not.toContain("journalctl");
  expect(await vps.ok(["pm2", "jlist"])).toMatch(/\[\]\s*$/);
  await vps.ok(["rm", "-r", folder]);
}

const memory = await MemoryGroup.make(`openclaw-test-${process.pid}`, 512 * 1024 * 1024);
afterAll(() => memory?.remove());

describe.skipIf(reason !== undefined || !memory)("with 512 MB of memory, enforced", () => {
  test(
    "it installs behind nginx with TLS, pairs a device, restarts, and nothing is killed for memory",
    async () => {
      if (!memory) throw new Error("no memory group");
      const folder = await mkdtemp(join(tmpdir(), "install-small-"));
      const server = await Publisher.start(join(folder, "release"));
      await publishRelease(join(folder, "release"), {
        url: server.url,
        key: await makeKey(folder),
      });
      const small = await Vps.boot("rented", memory);
      try {
        const flags = `--http-port ${HTTP} --https-port ${HTTPS}`;
        const line = `curl -fsSL ${server.url}/install.sh | bash -s -- ${flags}`;
        // Its proof pairs a device through nginx and removes it again.
        expect(await small.ok(["bash", "-c", line])).toMatch(/Proof {2}\d+\.\d s/);
        const resident = await memory.resident();
        await small.ok(["systemctl", "restart", "openclaw-gateway"]);
        const url = `wss://127.0.0.1:${HTTPS}`;
        const pin = await small.ok(["sh", "-c", FINGERPRINT]);
        await small.ok(["openclaw", "gateway", "prove", url, "--tls-fingerprint", pin.trim()]);
        const mb = (bytes: number) => Math.round(bytes / 1024 / 1024);
        const peak = mb(await memory.peak());
        console.log(
          `512 MB enforced: peak ${peak} MB with files cached, programs ${mb(resident)} MB`,
        );
        expect(await memory.kills()).toBe(0);
      } finally {
        await small.close();
        await server.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
    RELEASE_MS + STEP_MS,
  );
});

const FINGERPRINT =
  "openssl x509 -in /etc/nginx/openclaw-gateway/cert.pem -noout -sha256 -fingerprint | cut -d= -f2";

/** Whom the certificate is made out to that is served here. */
function commonName(): Promise<string> {
  return new Promise((resolve, reject) => {
    // On a connection of its own each time: one that is resumed shows no certificate.
    const options = { port: HTTPS, path: "/healthz", rejectUnauthorized: false, agent: false };
    const asked = request({ ...options, headers: { host: "gateway.test" } }, (answer) => {
      const { subject } = (answer.socket as TLSSocket).getPeerCertificate();
      answer.resume();
      resolve(String(subject.CN));
    });
    asked.on("error", reject).end();
  });
}

/** A package and all that it needs, as they lie in node_modules. */
async function needs(first: string): Promise<Set<string>> {
  const all = new Set<string>();
  const queue = [first];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (all.has(name)) continue;
    const path = join(root, "node_modules", name, "package.json");
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    all.add(name);
    queue.push(...Object.keys(JSON.parse(text).dependencies ?? {}));
  }
  return all;
}
