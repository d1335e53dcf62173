import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { longTest } from "../kit/long.ts";
import type { Result } from "../kit/outcome.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import {
  answers,
  CONFIG,
  giveCertificate,
  Installing,
  OWN_CERT,
  SITE,
} from "./support/installing.ts";
import { RENTED } from "./support/rented.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";
import { Reader } from "./support/told.ts";

const UNIT = "openclaw-gateway.service";
const NAME = "gw.example";
const GIVEN = ["--cert", "/etc/ssl/mine/cert.pem", "--key", "/etc/ssl/mine/key.pem"];

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  "no nginx": ["--no-nginx"],
  "no TLS": ["--no-tls"],
  "a certificate": ["--domain", NAME, ...GIVEN],
  "an HTTPS port": ["--https-port", "8443"],
  "an HTTP port": ["--http-port", "8080"],
  "a port of its own": ["--port", "18801"],
  "nginx as it is": ["--no-tune-nginx"],
};

/** Where the gateway answers after these choices, one after the other. */
function leadsTo(chosen: readonly string[]): { url: string; host?: string } {
  const has = (choice: string) => chosen.includes(choice);
  if (has("no nginx"))
    return { url: `http://127.0.0.1:${has("a port of its own") ? 18801 : 18789}` };
  const host = has("a certificate") ? NAME : undefined;
  // A certificate is given to be used.
  const isPlain = has("no TLS") && chosen.at(-1) !== "a certificate";
  const port = isPlain ? (has("an HTTP port") ? ":8080" : "") : has("an HTTPS port") ? ":8443" : "";
  const url = `${isPlain ? "http" : "https"}://${host ?? "127.0.0.1"}${port}`;
  return { url, ...(host !== undefined && { host }) };
}

const reason = whyNoVps();
if (reason) console.log(`The tests of installing again are skipped: ${reason}.`);

let installing: Installing;
let vps: Vps;
let before: Map<string, string>;

const again = (...words: readonly string[]) => installing.ok(vps, ...words);
const asBefore = (said: string) => /^as before: (.*)$/m.exec(said)?.[1];
const read = (path: string) => readFile(vps.path(path), "utf8");
const setting = async (key: string) => {
  const { stdout, stderr } = await vps.exec(["openclaw", "config", "get", key]);
  return stdout.trim() || /is (not set)/.exec(stderr)?.[1];
};
const isActive = () => vps.property(UNIT, "ActiveState");

/** A run that names nothing changes nothing, and says what it goes by. */
async function expectSettled(choices: string): Promise<void> {
  const settled = await snapshot(vps);
  const said = await again();
  expect(said).toContain("Nothing to change: version");
  expect(asBefore(said)).toBe(choices);
  expect(changesOf(settled, await snapshot(vps))).toEqual([]);
}

/** A gateway that nothing supervises, started as the installer tells people to. */
async function startsByHand(said: Result): Promise<void> {
  const { stdout } = await new Reader(vps).types(
    said,
    "runuser -u openclaw-gateway -- openclaw gateway run",
    {
      meanwhile: "until openclaw gateway status 2>/dev/null; do sleep 0.1; done",
      until: "listen",
    },
  );
  expect(stdout).toContain("running");
  // It is the service's user's, or the service could not go on with its state.
  expect(
    await vps.ok(["find", "/var/lib/openclaw-gateway", "!", "-user", "openclaw-gateway"]),
  ).toBe("");
}

describe.skipIf(reason !== undefined).each(RENTED)("install.sh that is run again: %s", (kind) => {
  beforeAll(
    async () => {
      installing = await Installing.publish(kind);
      vps = await Vps.boot(kind);
      await giveCertificate(vps, "/etc/ssl/mine", NAME);
      // There already, so that each test takes seconds.
      await vps.ok(["sh", "-c", "apt-get update -q && apt-get install -qy nginx"]);
      before = await snapshot(vps);
    },
    RELEASE_MS + BASE_MS + STEP_MS,
  );
  afterEach(async () => {
    await installing.takeOff(vps, "--purge", "--yes");
    expect(changesOf(before, await snapshot(vps))).toEqual([]);
  }, STEP_MS);
  afterAll(async () => {
    await vps?.close();
    await installing?.close();
  });

  test(
    "goes by what was chosen before, and changes what is named: name, certificate, ports",
    async () => {
      // From the folder that it lies in, as people do.
      const first = installing.line("--domain", NAME, "--cert", "cert.pem", "--key", "./key.pem");
      await vps.ok(["bash", "-c", `cd /etc/ssl/mine && ${first}`]);
      expect(await answers(vps, `https://${NAME}`, NAME)).toBe("200");
      const chosen = `--domain ${NAME} ${GIVEN.join(" ")}`;
      await expectSettled(chosen);
      expect(await read(SITE)).toContain("ssl_certificate /etc/ssl/mine/cert.pem;");

      const ported = await again("--https-port", "8443");
      expect(asBefore(ported)).toBe(chosen);
      expect(await setting("gateway.publicUrl")).toBe(`https://${NAME}:8443`);
      expect(await answers(vps, `https://${NAME}:8443`, NAME)).toBe("200");
      await expectSettled(`${chosen} --https-port 8443`);

      // What the owner set since is the owner's.
      await vps.ok(["openclaw", "config", "set", "gateway.publicUrl", "https://cdn.example"]);
      await again("--https-port", "8444");
      expect(await setting("gateway.publicUrl")).toBe("https://cdn.example");
      expect(await answers(vps, `https://${NAME}:8444`, NAME)).toBe("200");

      // All of it is given up: back to the machine's own certificate and the usual port.
      const plain = await again("--domain", "none", "--cert", "none", "--https-port", "none");
      expect(asBefore(plain)).toBeUndefined();
      expect(await read(SITE)).toContain(`ssl_certificate ${OWN_CERT};`);
      expect(await answers(vps, "https://127.0.0.1")).toBe("200");
    },
    STEP_MS,
  );

  test(
    "without nginx first, with it later, and without it again",
    async () => {
      const alone = await again("--no-nginx", "--supervisor", "none");
      await startsByHand({ code: 0, stdout: alone, stderr: "" });
      expect(asBefore(await again("--supervisor", "systemd", "--port", "18801"))).toBe(
        "--no-nginx",
      );
      expect(await isActive()).toBe("active");
      await expectSettled("--port 18801 --supervisor systemd --no-nginx");

      expect(asBefore(await again("--nginx"))).toBe("--port 18801 --supervisor systemd");
      expect(await answers(vps, "https://127.0.0.1")).toBe("200");
      await expectSettled("--port 18801 --supervisor systemd");

      await again("--no-nginx", "--port", "none");
      expect(await answers(vps, "http://127.0.0.1:18789")).toBe("200");
      // nginx closes its port a moment after it was told to.
      await until(
        async () => (await answers(vps, "https://127.0.0.1")) === "000",
        "nginx to let go",
      );
      expect(await setting("gateway.publicUrl")).toBe("not set");
      await expectSettled("--supervisor systemd --no-nginx");

      // The choices outlive a gateway whose devices stay.
      await installing.takeOff(vps);
      expect(asBefore(await again())).toBe("--supervisor systemd --no-nginx");
    },
    STEP_MS,
  );

  test(
    "heals a certificate of its own that is gone, and keeps one that is there over an uninstall",
    async () => {
      await again();
      const pin = () => vps.ok(["openssl", "x509", "-in", OWN_CERT, "-noout", "-fingerprint"]);
      const first = await pin();
      await vps.ok(["rm", OWN_CERT]);
      expect(await again()).toContain("Done in");
      expect(await answers(vps, "https://127.0.0.1")).toBe("200");
      const second = await pin();
      expect(second).not.toBe(first);
      await vps.ok(["sh", "-c", `: >${OWN_CERT.replace("cert", "key")}`]);
      expect(await again()).toContain("Done in");
      expect(await answers(vps, "https://127.0.0.1")).toBe("200");

      const kept = await pin();
      await installing.takeOff(vps);
      await again();
      expect(await pin()).toBe(kept);
      expect(await answers(vps, "https://127.0.0.1")).toBe("200");
    },
    STEP_MS,
  );

  test(
    "finds the choices of an installation that kept none",
    async () => {
      await again("--domain", NAME, ...GIVEN, "--https-port", "8443", "--no-tune-nginx");
      await vps.ok(["rm", "/var/lib/openclaw-gateway-installer/choices"]);
      const said = await again();
      expect(asBefore(said)).toBe(
        `--domain ${NAME} ${GIVEN.join(" ")} --https-port 8443 --no-tune-nginx`,
      );
      expect(await answers(vps, `https://${NAME}:8443`, NAME)).toBe("200");
      expect(await read(CONFIG)).toContain(`"publicUrl": "https://${NAME}:8443"`);
    },
    STEP_MS,
  );

  test(
    "with a certificate of its own the line for a node works as it is printed",
    async () => {
      const said = await again();
      const pin = /^ +([0-9a-f]{64})$/m.exec(said)?.[1] ?? "";
      expect(said).toContain("ERR_CERT_AUTHORITY_INVALID");
      expect(said).toMatch(/the gateway's words: (\w{4}-){7}\w{4}/);
      expect(said).toMatch(/^Note: 10\.0\.2\.100 is a private address: .*--address ADDRESS/m);
      expect(await vps.ok(["openclaw", "status"])).toContain(`SHA-256 ${pin}`);
      const { stderr } = await vps.exec(["openclaw", "devices", "invite", "--role", "node"]);
      const line = /on that machine: (echo .*connect - .*)$/m.exec(stderr)?.[1] ?? "";
      expect(line).toContain(`--tls-fingerprint ${pin}`);
      // By the link alone as well.
      const bare = line.replace(/ --tls-fingerprint \S+/, "");
      const byHand = [
        "systemd-run",
        "--quiet",
        "--collect",
        "--unit=by-hand",
        "--setenv=HOME=/root",
      ];
      await vps.ok([...byHand, "bash", "-c", bare]);
      const nodes = async () => JSON.parse(await vps.ok(["openclaw", "nodes", "list", "--json"]));
      await until(
        async () => JSON.stringify(await nodes()).includes('"connected":true'),
        "the node",
      );
      await vps.ok(["systemctl", "stop", "by-hand"]);
      await vps.ok(["rm", "-r", "/root/.openclaw-node"]);
    },
    STEP_MS,
  );

  test(
    "on a machine with IPv6 alone leads there by that address, in links and certificate",
    async () => {
      const ip = "2001:db8:0:1::7";
      const route = (await vps.ok(["ip", "-4", "route", "show", "default"])).trim();
      const inet = (await vps.ok(["ip", "-4", "-o", "addr", "show", "dev", "tap0"])).split(
        /\s+/,
      )[3];
      await vps.ok([
        "sh",
        "-c",
        `ip -4 addr flush dev tap0; ip -6 addr add ${ip}/64 dev tap0 nodad`,
      ]);
      await vps.exec(["ip", "-6", "route", "add", "default", "dev", "tap0"]);
      try {
        const said = await again();
        expect(said).toContain(`address   https://[${ip}]\n`);
        expect(await setting("gateway.publicUrl")).toBe(`https://[${ip}]`);
        const names = ["-noout", "-ext", "subjectAltName"];
        const shown = await vps.ok(["openssl", "x509", "-in", OWN_CERT, ...names]);
        expect(shown).toContain("IP Address:2001:DB8:0:1:0:0:0:7");
        expect(await answers(vps, `https://[${ip}]`)).toBe("200");
        const link = (await vps.ok(["openclaw", "devices", "invite"])).trim();
        expect(link).toContain(`https://[${ip}]/#invite=`);
      } finally {
        await vps.ok(["ip", "-6", "addr", "flush", "dev", "tap0", "scope", "global"]);
        await vps.ok(["sh", "-c", `ip addr add ${inet} dev tap0; ip route add ${route}`]);
      }
    },
    STEP_MS,
  );

  test(
    "an address that is not the machine's own is taken where it is named, and kept",
    async () => {
      const said = await again("--address", "203.0.113.7");
      expect(said).not.toContain("private address");
      expect(said).toContain("address   https://203.0.113.7\n");
      await expectSettled("--address 203.0.113.7");
    },
    STEP_MS,
  );

  // Each after each: what the first chose stays, unless the second says otherwise.
  const pairs = Object.keys(CHOICES).flatMap((first) =>
    Object.keys(CHOICES)
      .filter((second) => second !== first)
      .map((second) => [first, second] as const),
  );
  longTest.each(pairs)(
    "%s, and later %s",
    async (first, second) => {
      await again(...(CHOICES[first] ?? []));
      await again(...(CHOICES[second] ?? []));
      expect(await again()).toContain("Nothing to change: version");
      const { url, host } = leadsTo([first, second]);
      expect(await answers(vps, url, host)).toBe("200");
    },
    STEP_MS,
  );
});
