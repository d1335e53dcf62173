import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { longTest } from "../kit/long.ts";
import { until } from "../kit/until.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { Authority } from "./support/authority.ts";
import { InUse, site } from "./support/in-use.ts";
import { RENTED } from "./support/rented.ts";

const reason = whyNoVps();
if (reason) console.log(`The tests of certificates that lie there are skipped: ${reason}.`);

const NAME = "gw.test";
const LIVE = `/etc/letsencrypt/live/${NAME}`;
const RENEWAL = `/etc/letsencrypt/renewal/${NAME}.conf`;
let machine: InUse;
let authority: Authority;

const acme = (more = "") =>
  `--domain ${NAME} --acme-server ${authority.directory} --acme-ca ${authority.caFile} ${more}`;
const certbot = (words: string) =>
  machine.sh(`REQUESTS_CA_BUNDLE=${authority.caFile} certbot --non-interactive ${words}`);

/** The serial number of the certificate that nginx shows, or that lies in a file. */
const shown = () =>
  machine.sh(
    `openssl s_client -connect 127.0.0.1:443 -servername ${NAME} </dev/null 2>/dev/null | openssl x509 -noout -serial`,
  );
const serial = (file = `${LIVE}/fullchain.pem`) =>
  machine.sh(`openssl x509 -noout -serial -in ${file}`);

/** A reload has returned before nginx's new workers serve. */
const showsNew = () =>
  until(
    async () => (await shown()) === (await serial()),
    "nginx to show the certificate that lies there",
  );

const head = () => machine.sh(`curl -qskI --resolve ${NAME}:443:127.0.0.1 https://${NAME}/`);

const CERTBOT = "#!/usr/bin/python3\nimport sys\nfrom certbot.main import main\nsys.exit(main())\n";
const SNAP_UNIT = "/etc/systemd/system/snap.certbot.renew";

/** certbot as snap lays it out, with its timer: for a login whose path has no /snap/bin. */
async function snapsCertbot(): Promise<void> {
  await machine.write("/snap/certbot/5000/bin/certbot", CERTBOT);
  await machine.write(
    `${SNAP_UNIT}.timer`,
    "[Timer]\nUnit=snap.certbot.renew.service\nOnCalendar=*-*-* 04:20\n[Install]\nWantedBy=timers.target\n",
  );
  await machine.write(
    `${SNAP_UNIT}.service`,
    "[Service]\nExecStart=/snap/bin/certbot -q renew\nType=oneshot\n",
  );
  await machine.sh(`chmod 755 /snap/certbot/5000/bin/certbot && mkdir /snap/bin
    ln -s 5000 /snap/certbot/current && ln -s /snap/certbot/current/bin/certbot /snap/bin/certbot
    rm /usr/bin/certbot; systemctl enable -q --now snap.certbot.renew.timer`);
}

/** A key and a certificate for the name whose time was in 2020, in a folder; openssl of Debian 12 can do that so. */
const expired = (folder: string, key: string, cert: string) =>
  machine.sh(`cd ${folder}
    printf '[ca]\\ndefault_ca=d\\n[d]\\nnew_certs_dir=/tmp\\ndatabase=/tmp/index\\nrand_serial=yes\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n[e]\\nsubjectAltName=DNS:${NAME}\\n' >/tmp/ca
    : >/tmp/index
    openssl req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout ${key} -out /tmp/csr 2>/dev/null
    openssl ca -batch -config /tmp/ca -selfsign -keyfile ${key} -in /tmp/csr -extensions e -notext \
      -startdate 20200101000000Z -enddate 20200201000000Z -out ${cert} 2>/dev/null
    rm -f /tmp/ca /tmp/index* /tmp/csr /tmp/*.pem`);

/** A certificate as it may lie there, without certbot's records of it. */
async function lay(names: string): Promise<void> {
  await machine.sh(`mkdir -p ${LIVE} && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x \
    -addext subjectAltName=${names} -keyout ${LIVE}/privkey.pem -out ${LIVE}/fullchain.pem  2>/dev/null`);
}

/** What it says when it fails by this setting of the gateway's unit; it leaves nothing. */
async function failsWith(setting: string, options: string): Promise<string> {
  const before = await machine.state();
  const folder = "/etc/systemd/system/openclaw-gateway.service.d";
  await machine.write(`${folder}/fails.conf`, `[Service]\n${setting}\n`);
  const { code, stdout } = await machine.install(options);
  await machine.sh(`rm -r ${folder}`);
  expect({ code, stdout }).toMatchObject({ code: 1 });
  expect(await machine.changesSince(before)).toEqual([]);
  return stdout;
}

describe.skipIf(reason !== undefined).each(RENTED)(
  "a machine with certificates of its own: %s",
  (kind) => {
    beforeAll(async () => {
      machine = await InUse.boot(kind);
      authority = await Authority.start(machine.vps, {
        name: NAME,
        port: 14_000,
        challengePort: 80,
      });
      // certbot as its own instructions lay it out; the libraries are Debian's, so that none are fetched.
      await machine.sh("apt-get install -qy --no-install-recommends nginx python3-certbot");
      await machine.sh("rm /etc/nginx/sites-enabled/default && systemctl stop nginx");
      await machine.write("/opt/certbot/bin/certbot", CERTBOT);
      await machine.sh(
        "chmod 755 /opt/certbot/bin/certbot && ln -s /opt/certbot/bin/certbot /usr/bin/certbot",
      );
    }, RELEASE_MS + BASE_MS);
    afterEach(async () => {
      await machine.uninstall("--purge");
      await machine.sh("rm -rf /etc/letsencrypt /var/lib/letsencrypt");
    });
    afterAll(() => machine?.close());

    longTest(
      "what an authority refuses is said by its type, and nothing else is left of it",
      async () => {
        const before = await machine.state();
        const none = await machine.install(acme("--http-port 8080"));
        expect(none.stdout).toContain(`could not connect to port 80 of ${NAME}`);
        await machine.write("/etc/nginx/sites-enabled/shop", site("shop.test"));
        await machine.sh("systemctl start nginx");
        const other = await machine.install(acme("--http-port 8080"));
        expect(other.stdout).toContain("something else than this machine answered the authority");
        expect([none.code, other.code]).toEqual([1, 1]);
        await machine.sh("rm /etc/nginx/sites-enabled/shop && systemctl stop nginx");
        expect(await machine.changesSince(before)).toEqual([]);
      },
      STEP_MS,
    );

    test(
      "no authority is asked before the gateway has been reached through nginx",
      async () => {
        const shut = "ExecStartPost=+/bin/chmod 0700 /run/openclaw-gateway/public";
        const said = await failsWith(shut, acme());
        expect(said).toContain("could not be used through");
        // What it advises is still there once all is undone.
        const [, advised = ""] = /next: (tail .*)/.exec(said) ?? [];
        expect(await machine.sh(advised)).toContain("everything it did was undone");
        expect((await machine.vps.exec(["test", "-e", "/etc/letsencrypt"])).code).toBe(1);
      },
      STEP_MS,
    );

    test(
      "a certificate that was got is all that a failed run leaves, and the next run uses it",
      async () => {
        const before = await machine.state();
        const failed = await machine.install(acme(), { OPENCLAW_INSTALL_FAIL_AFTER: "prove" });
        expect(failed.code).toBe(1);
        expect(failed.stdout.trim().split("\n").at(-1)).toContain(LIVE);
        const left = (await machine.changesSince(before)).map((line) => line.split(":")[0]);
        const places = /^\/(etc\/letsencrypt|var\/lib\/(letsencrypt|openclaw-gateway-installer))/;
        expect(left.filter((path) => !places.test(path ?? ""))).toEqual([]);

        const first = await serial();
        await machine.installs(acme());
        expect([await serial(), await shown()]).toEqual([first, first]);
        // Browsers are told to come by HTTPS only once they would trust the certificate.
        expect(await head()).not.toMatch(/strict-transport-security/i);
        await machine.write("/usr/local/share/ca-certificates/test.crt", authority.root);
        await machine.sh("update-ca-certificates");
        await machine.installs(acme());
        expect(await head()).toMatch(/strict-transport-security/i);
        await machine.sh(
          "rm /usr/local/share/ca-certificates/test.crt; update-ca-certificates --fresh",
        );
        await certbot(`renew --cert-name ${NAME} --force-renewal --no-random-sleep-on-renew`);
        expect(await serial()).not.toBe(first);
        await showsNew();

        expect((await machine.uninstall("--purge")).code).toBe(0);
        expect(await machine.changesSince(before)).toEqual([]);
        expect((await machine.sh("readlink /usr/bin/certbot")).trim()).toBe(
          "/opt/certbot/bin/certbot",
        );
      },
      STEP_MS,
    );

    test(
      "one that was made with nothing on port 80 goes on being renewed, and comes back as it was",
      async () => {
        await certbot(
          `certonly --standalone -d ${NAME} --agree-tos --register-unsafely-without-email --server ${authority.directory}`,
        );
        const before = await machine.state();
        const first = await serial();
        expect(await machine.installs(acme("--dry-run"))).toContain("(was: standalone)");
        await machine.installs(acme());
        expect(await shown()).toBe(first);
        expect(await machine.installs(acme())).toContain("Nothing to change");
        await certbot(`renew --cert-name ${NAME} --force-renewal --no-random-sleep-on-renew`);
        await showsNew();
        expect(await shown()).not.toBe(first);
        await machine.uninstall("--purge");
        expect(await machine.sh(`cat ${RENEWAL}`)).toContain("authenticator = standalone");
        const left = (await machine.changesSince(before)).map((line) => line.split(":")[0] ?? "");
        expect(
          left.filter(
            (path) =>
              !/^\/(etc\/letsencrypt\/(archive|live|csr|keys)|var\/backups\/openclaw-gateway)\b/.test(
                path,
              ),
          ),
        ).toEqual([]);
      },
      STEP_MS,
    );

    test(
      "snap's certbot is used as it is, and its own timer renews the certificate",
      async () => {
        await snapsCertbot();
        const before = await machine.state();
        const said = await machine.installs(acme());
        expect(said).not.toContain("nothing on this machine starts certbot");
        expect((await machine.vps.exec(["dpkg", "-s", "certbot"])).code).toBe(1);
        const first = await serial();
        expect(await shown()).toBe(first);
        // As it is when the certificate's time comes.
        const due = "force-renewal = true\nno-random-sleep-on-renew = true\n";
        await machine.write("/etc/letsencrypt/cli.ini", due);
        await machine.write(`${SNAP_UNIT}.timer.d/now.conf`, "[Timer]\nOnActiveSec=0\n");
        await machine.sh("systemctl daemon-reload; systemctl restart snap.certbot.renew.timer");
        await until(async () => (await serial()) !== first, "the timer to renew it");
        await showsNew();
        expect(await machine.sh(`cat ${RENEWAL}`)).toContain("authenticator = webroot");
        await machine.sh(`rm -r ${SNAP_UNIT}.timer.d; systemctl daemon-reload`);
        expect((await machine.uninstall("--purge")).code).toBe(0);
        await machine.sh("rm -rf /etc/letsencrypt /var/lib/letsencrypt");
        expect(await machine.changesSince(before)).toEqual([]);
        await machine.sh(`systemctl disable -q --now snap.certbot.renew.timer
          rm -r /snap ${SNAP_UNIT}.*; ln -s /opt/certbot/bin/certbot /usr/bin/certbot`);
      },
      STEP_MS,
    );

    test(
      "one that nobody would accept is told before anything is changed",
      async () => {
        await machine.sh(`mkdir -p ${LIVE}`);
        await expired(LIVE, "privkey.pem", "fullchain.pem");
        expect(await machine.refused(acme())).toContain("is not valid now");
        const given = `--domain ${NAME} --cert ${LIVE}/fullchain.pem --key ${LIVE}/privkey.pem`;
        expect(await machine.refused(given)).toContain("is not valid now");
        await lay("DNS:other.test");
        expect(await machine.refused(acme())).toContain(`is not for ${NAME}`);
        await lay(`DNS:${NAME}`);
        await machine.sh(`openssl genrsa -out ${LIVE}/privkey.pem 2048 2>/dev/null`);
        expect(await machine.refused(given)).toContain("is not the key of");
        await lay(`DNS:${NAME}`);
        const reused = await machine.installs(acme("--dry-run"));
        expect(reused).toContain("it will not be renewed");
        expect(reused).toContain(`browsers will refuse ${LIVE}/fullchain.pem`);
      },
      STEP_MS,
    );

    test(
      "a sandbox that the machine does not allow is named, with the way out",
      async () => {
        const said = await failsWith("BindPaths=/nowhere", "--no-nginx");
        expect(said).toContain("226/NAMESPACE");
        expect(said).toContain("--supervisor none");
      },
      STEP_MS,
    );

    longTest(
      "one that expired is renewed, and stays renewed when the gateway goes",
      async () => {
        await certbot(
          `certonly --standalone -d ${NAME} --agree-tos --register-unsafely-without-email --server ${authority.directory}`,
        );
        // As it is when nobody renewed it: certbot's files in their places, and their time over.
        const archive = `/etc/letsencrypt/archive/${NAME}`;
        await expired(archive, "privkey1.pem", "cert1.pem");
        await machine.sh(`cp ${archive}/cert1.pem ${archive}/fullchain1.pem`);
        const old = await serial();
        expect(await machine.installs(acme())).toContain("certbot will be asked to renew it");
        expect(await serial()).not.toBe(old);
        expect(await shown()).toBe(await serial());
        await machine.uninstall("--purge");
        expect(await serial()).not.toBe(old);
      },
      STEP_MS,
    );

    longTest(
      "a dead repository does not end it, and a firewall is named with the command that opens it",
      async () => {
        await machine.sh(
          "apt-get install -qy --no-install-recommends nftables && apt-get purge -qy nginx nginx-common",
        );
        await machine.write("/etc/apt/sources.list.d/dead.list", "deb file:/nowhere stable main\n");
        await machine.write(
          "/root/rules",
          `flush ruleset
table inet guard {
  chain incoming {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    tcp dport 22 accept
  }
}
`,
        );
        await machine.sh("nft -f /root/rules");
        const before = await machine.state();
        expect(await machine.installs(acme("--dry-run"))).toContain(
          "nft insert rule inet guard incoming tcp dport 80 accept",
        );
        const said = await machine.installs();
        const opens = [...said.matchAll(/to open it: (.*)/g)].map((found) => found[1] ?? "");
        expect(opens).toHaveLength(2);
        for (const command of opens) await machine.sh(command);
        expect(await machine.installs()).not.toContain("to open it");
        await machine.uninstall("--purge");
        await machine.sh("nft flush ruleset");
        expect(await machine.changesSince(before)).toEqual([]);
      },
      STEP_MS,
    );
  },
);
