import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closing } from "../browser/support/closing.ts";
import { press, shows } from "../browser/support/page.ts";
import { OTHER_NAME, Profile } from "../browser/support/profile.ts";
import { Publisher } from "../install/support.ts";
import type { Frame } from "../kit/client.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { Authority } from "./support/authority.ts";
import { Crew } from "./support/crew.ts";
import { PeakMemory } from "./support/memory.ts";
import { Owner } from "./support/owner.ts";
import { publishRelease } from "./support/published.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

/** In the machine's own network. */
const [GATEWAY, HTTP, HTTPS, ACME, SSH] = [29_581, 29_580, 29_543, 29_514, 29_522];
const NAME = OTHER_NAME;
const ADDRESS = `wss://${NAME}:${HTTPS}`;
const UNIT = "openclaw-gateway.service";
const CREW = 200;
const MANY = 2_000;
/** What nobody who is paired may be told; "try again in a moment" is none of it. */
const LOCKED_OUT = /1008|pairing|unauthorized|rate.?limit|failed attempts|mismatch/i;

const reason = whyNoVps();
if (reason) console.log(`The tests of an owner's VPS are skipped: ${reason}.`);

const keep = closing();
let temp: string;
let publisher: Publisher;
let vps: Vps;
let authority: Authority;
let owner: Owner;
let crew: Crew;
let memory: PeakMemory;
let bare: Map<string, string>;

/** What the owner types, on a terminal. */
async function installs(options: string, env: Record<string, string> = {}) {
  const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- ${options}`;
  const words = ["script", "--quiet", "--return", "--command", line, "/dev/null"];
  const at = performance.now();
  const { code, stdout } = await vps.exec(words, { env });
  return { code, said: stdout, seconds: (performance.now() - at) / 1000 };
}

const options = () =>
  [
    `--yes --domain ${NAME} --email ann@example.com --port ${GATEWAY} --tune-nginx`,
    `--http-port ${HTTP} --https-port ${HTTPS}`,
    `--acme-server ${authority.directory} --acme-ca ${authority.caFile}`,
  ].join(" ");

const json = async (...words: string[]): Promise<Frame> =>
  JSON.parse(await vps.ok(["openclaw", ...words, "--json"]));

/** The certificate that is served now. */
function served(): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const at = { host: "127.0.0.1", port: HTTPS, servername: NAME, ca: authority.root };
    const socket = connect(at, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

/** Lets `more` clients in, each by a link as the owner would hand it out. */
async function letIn(more: number): Promise<void> {
  for (let left = more; left > 0; left -= CREW) {
    const clients = Math.min(CREW, left);
    const invite = await json("devices", "invite", "--uses", String(clients), "--scopes", "read");
    await crew.order({ what: "join", url: ADDRESS, clients, bootstrapToken: invite["secret"] });
  }
}

/** Resolves with the seconds until everybody was greeted once more than before `happening`. */
async function allBack(happening: () => Promise<unknown>): Promise<number> {
  const before = await crew.order({ what: "forget" });
  const at = performance.now();
  await happening();
  let now = before;
  await until(
    async () => {
      now = await crew.look();
      return now.hellos.every((count, i) => count > (before.hellos[i] ?? 0));
    },
    () => `everybody to be back: ${JSON.stringify(now.ends)}`,
  );
  const seconds = (performance.now() - at) / 1000;
  expect(now.paused, "clients that gave up").toBe(0);
  expect(Object.keys(now.ends).filter((why) => LOCKED_OUT.test(why))).toEqual([]);
  await crew.order({ what: "ask" });
  return seconds;
}

const figure = (what: string, seconds: number) => console.log(`${what}: ${seconds.toFixed(1)} s`);

describe.skipIf(reason !== undefined)("an owner and a rented Debian 13", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "owner-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    await publishRelease(join(temp, "release"), { url: publisher.url, key: await makeKey(temp) });
    vps = await Vps.boot("rented");
    authority = await Authority.start(vps, { name: NAME, port: ACME, challengePort: HTTP });
    owner = await Owner.of(vps, temp, SSH);
    crew = await Crew.start({ name: NAME, ca: authority.root });
    memory = new PeakMemory(vps);
    bare = await snapshot(vps);
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    await crew?.close();
    await memory?.close();
    await vps?.close();
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  test(
    "a certificate that was got is all that an installation leaves when it fails",
    async () => {
      const env = { OPENCLAW_INSTALL_FAIL_AFTER: "certificate" };
      const { code, said } = await installs(options(), env);
      expect(said).toContain(`undone, but for the certificate of ${NAME}`);
      expect(code).toBe(1);
      const left = changesOf(bare, await snapshot(vps));
      const its = /^[^:]*(letsencrypt|certbot|openclaw-gateway-installer|cron\.d)/;
      expect(left.filter((line) => !its.test(line))).toEqual([]);
    },
    STEP_MS,
  );

  test(
    "one command ends with a gateway behind nginx and TLS, and a link that pairs the first browser",
    async () => {
      const { code, said, seconds } = await installs(options());
      expect(said).toContain("Done in");
      expect(code).toBe(0);
      figure("from curl to ready, with nginx and certbot", seconds);
      expect(await vps.property(UNIT, "ActiveState")).toBe("active");
      expect((await served()).checkHost(NAME)).toBe(NAME);

      const [link = ""] =
        new RegExp(`https://${NAME}:${HTTPS}/#invite=[\\w-]{43}`).exec(said) ?? [];
      const trustedKey = createHash("sha256")
        .update((await served()).publicKey.export({ type: "spki", format: "der" }))
        .digest("base64");
      const profile = keep(await Profile.open({ trustedKey }));
      const page = await profile.visit(link);
      await shows(page, "invited");
      await press(page);
      await shows(page, "ready");
      const { paired } = await json("devices", "list");
      expect(paired).toHaveLength(1);
    },
    STEP_MS,
  );

  test(
    "a program that asks is approved through SSH, and is then in by itself",
    async () => {
      const made = await owner.ssh("openclaw", "token", "new");
      await crew.order({ what: "connect", url: ADDRESS, token: made.stdout.trim() });
      const asked = await until(async () => {
        const now = await crew.look();
        return now.requestId && now.firstClose ? now : undefined;
      }, "a code");
      expect(asked.firstClose).toMatchObject({ code: 1008 });
      expect(asked.firstClose?.reason).toContain("pairing required");
      const typed = await owner.ssh("openclaw", "devices", "approve", asked.requestId ?? "");
      expect(typed).toMatchObject({ code: 0, stdout: expect.stringContaining("pproved") });
      await until(async () => (await crew.look()).hellos[0] === 1, "the program to be in");
    },
    STEP_MS,
  );

  test(
    `systemctl restart, kill -9 and a hung event loop: ${CREW} clients are back each time`,
    async () => {
      await letIn(CREW - 1);
      const { paired } = await json("devices", "list");
      const restart = () => vps.ok(["systemctl", "restart", "openclaw-gateway"]);
      figure(`restart with ${CREW} clients through nginx, all back`, await allBack(restart));
      console.log(`most memory of the machine so far: ${memory.mb} MB`);
      expect(memory.mb).toBeLessThan(512);

      const signal = (name: string) => async () => {
        await vps.ok(["kill", `-${name}`, await vps.property(UNIT, "MainPID")]);
      };
      figure(`kill -9, all ${CREW} back`, await allBack(signal("KILL")));
      // As `systemctl edit` would; half a minute of waiting says nothing more.
      const dropIn = `/run/systemd/system/${UNIT}.d`;
      await vps.ok(["mkdir", "-p", dropIn]);
      await vps.ok(["tee", `${dropIn}/soon.conf`], { input: "[Service]\nWatchdogSec=8s\n" });
      await vps.ok(["systemctl", "daemon-reload"]);
      await allBack(restart);
      figure(`hung for 8 s, all ${CREW} back`, await allBack(signal("STOP")));
      await vps.ok(["rm", "-r", dropIn]);
      expect(await vps.journal(UNIT)).toContain("Watchdog timeout");
      expect((await json("devices", "list"))["paired"]).toHaveLength(paired.length);
    },
    STEP_MS,
  );

  test(
    "a renewal swaps the certificate and drops nobody",
    async () => {
      const [before, old] = [await crew.order({ what: "forget" }), await served()];
      // What its timer runs twice a day, once the certificate is near its end.
      const due = ["sed", "-i", "1i renew_before_expiry = 9999 days"];
      await vps.ok([...due, `/etc/letsencrypt/renewal/${NAME}.conf`]);
      await vps.ok(["systemctl", "start", "certbot.service"]);
      await until(
        async () => (await served()).serialNumber !== old.serialNumber,
        "another certificate",
      );
      const after = await crew.order({ what: "ask" });
      expect(after.hellos).toEqual(before.hellos);
      expect(after.ends).toEqual({});
    },
    STEP_MS,
  );

  test(
    "a second run changes nothing and says so",
    async () => {
      const before = await snapshot(vps);
      const { code, said } = await installs(options());
      expect(said).toContain("Nothing to change: version");
      expect(code).toBe(0);
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
      expect((await crew.look()).ends).toEqual({});
    },
    STEP_MS,
  );

  test(
    "the machine boots again: the service is up, everybody is still paired and comes back",
    async () => {
      const names = async () =>
        (await json("devices", "list"))["paired"].map((d: Frame) => d.deviceId);
      const before = await names();
      figure(`reboot, all ${CREW} back`, await allBack(() => vps.reboot()));
      expect(await vps.property(UNIT, "ActiveState")).toBe("active");
      expect(await names()).toEqual(before);
    },
    STEP_MS,
  );

  test(
    `${MANY} clients are in through nginx at once, and all get answers`,
    async () => {
      await crew.order({ what: "forget" });
      const at = performance.now();
      await letIn(MANY - CREW);
      figure(`${MANY - CREW} more clients paired and in`, (performance.now() - at) / 1000);
      const { ends } = await crew.order({ what: "ask" });
      expect(ends).toEqual({});
      console.log(`most memory of the machine: ${memory.mb} MB`);
      expect(memory.mb).toBeLessThan(512);
    },
    STEP_MS,
  );

  test(
    "taken off, nothing of it is left",
    async () => {
      const { code, said } = await installs("--uninstall --purge --yes");
      expect(said).toContain("Nothing of the gateway is left");
      expect(code).toBe(0);
      expect(changesOf(bare, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );
});
