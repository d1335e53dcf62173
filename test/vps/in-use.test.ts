import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { longTest } from "../kit/long.ts";
import type { Result } from "../kit/outcome.ts";
import { until } from "../kit/until.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { InUse, site } from "./support/in-use.ts";
import { LOG } from "./support/installing.ts";
import { RENTED } from "./support/rented.ts";
import { Reader } from "./support/told.ts";

const reason = whyNoVps();
if (reason) console.log(`The tests of a machine that is in use are skipped: ${reason}.`);

const ENABLED = "/etc/nginx/sites-enabled";
const PUBLIC = "203.0.113.5";
let machine: InUse;

/** Holds a port at one address of loopback, as a unit of that name, until it is stopped. */
const HOLD = `set -e
perl='use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.9:443", Listen => 1) or die; sleep 600'
systemctl is-active -q "$1" || systemd-run -q --collect --unit="$1" perl -e "$perl"
timeout 30 sh -c 'until ss -Htln | grep -q 127.0.0.9:443; do sleep 0.1; done'
`;

const OTHER_CONFIGURATION = `pid /run/web.pid;\nevents {}\nhttp { ${site("shop.test")} }\n`;

/** Another computer, at the end of a wire: what comes over loopback no firewall keeps out. */
const OUTSIDE = `set -e
ip netns add outside
ip link add inside type veth peer name wire netns outside
ip address add 198.51.100.1/24 dev inside && ip link set inside up
ip -n outside address add 198.51.100.2/24 dev wire && ip -n outside link set wire up
`;
const reachedFromOutside = async () => {
  const asks = "curl -qs -m 1 -o /dev/null --resolve gw.test:80:198.51.100.1 http://gw.test/";
  return (await machine.vps.exec(["sh", "-c", `ip netns exec outside ${asks}`])).code === 0;
};

/** Firewalls that let in nothing but SSH, as people set them up, and how they go again. */
const FIREWALLS = {
  ufw: {
    shut: "ufw default deny incoming; ufw allow 22/tcp; ufw --force enable",
    open: "ufw --force disable",
  },
  iptables: {
    shut: `iptables -F INPUT; iptables -A INPUT -i lo -j ACCEPT
      iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
      iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -P INPUT DROP`,
    open: "iptables -P INPUT ACCEPT; iptables -F INPUT",
  },
  nftables: {
    shut: `nft add table inet guard
      nft add chain inet guard incoming '{ type filter hook input priority 0; policy drop; }'
      nft add rule inet guard incoming iif lo accept
      nft add rule inet guard incoming ct state established,related accept
      nft add rule inet guard incoming tcp dport 22 accept`,
    open: "nft delete table inet guard",
  },
};
const reloads = "nginx -t -q && systemctl reload-or-restart nginx";
const fails = (step: string) => ({ OPENCLAW_INSTALL_FAIL_AFTER: step });

/** The installer's log, as a failure tells people to look at it. */
const typesLook = async (failed: Result) =>
  (await new Reader(machine.vps).types(failed, `tail -n 100 ${LOG}`)).stdout;

/** The folder that Debian's nginx was made for, where relative paths of its main block start. */
const MADE_FOR = "/usr/share/nginx";

/** nginx as somebody compiled it: no package owns it, and its sites, its log and its number lie where they like. */
async function compiled(include: string): Promise<void> {
  await machine.sh(`
    cd /tmp && apt-get download -qq nginx && dpkg-deb -x nginx_*.deb nginx
    cp nginx/usr/sbin/nginx /usr/sbin/nginx && rm -rf nginx nginx_*.deb
    mkdir -p /var/log/nginx /var/lib/nginx ${MADE_FOR}/run ${MADE_FOR}/logs`);
  const main = `user www-data;\npid run/nginx.pid;\nerror_log logs/error.log warn;\nevents {}\nhttp { ${include} }\n`;
  await machine.write("/etc/nginx/nginx.conf", main);
  await machine.write("/etc/nginx/vhosts/shop.conf", site("shop.test"));
  await machine.sh("nginx >/dev/null 2>&1");
}

describe.skipIf(reason !== undefined).each(RENTED)(
  "a machine that already serves something: %s",
  (kind) => {
    beforeAll(async () => {
      machine = await InUse.boot(kind);
      await machine.sh("apt-get update -qq");
    }, RELEASE_MS + BASE_MS);
    afterAll(() => machine?.close());

    describe("before nginx comes from Debian", () => {
      test(
        "a nginx that no package owns is used, and stays with its sites",
        async () => {
          await compiled("include vhosts/*.conf;");
          const before = await machine.state();
          const failed = await machine.install("", fails("prove"));
          expect(failed.stdout).toContain("everything it did was undone");
          expect(await machine.changesSince(before)).toEqual([]);
          expect(await machine.asks("shop.test")).toBe("shop.test");

          await machine.installs("--domain gw.test --no-tls");
          expect(await machine.sh("ls /etc/nginx/vhosts")).toContain("openclaw-gateway.conf");
          expect(await machine.asks("shop.test")).toBe("shop.test");
          expect((await machine.uninstall("--purge")).code).toBe(0);
          expect(await machine.changesSince(before)).toEqual([]);
          expect(await machine.asks("shop.test")).toBe("shop.test");
        },
        STEP_MS,
      );

      test(
        "one that reads no folder of sites is told before anything is changed",
        async () => {
          await machine.write(
            "/etc/nginx/nginx.conf",
            "pid run/nginx.pid;\nerror_log logs/error.log;\nevents {}\nhttp { include /etc/nginx/vhosts/shop.conf; }\n",
          );
          await machine.sh("nginx -s reload");
          const before = await machine.state();
          const { code, stdout } = await machine.install();
          expect(stdout).toContain("include /etc/nginx/conf.d/*.conf;");
          expect(code).toBe(3);
          expect(await machine.changesSince(before)).toEqual([]);
          await machine.sh(
            `nginx -s quit; rm -rf /usr/sbin/nginx /etc/nginx /var/l*/nginx ${MADE_FOR}`,
          );
        },
        STEP_MS,
      );

      test(
        "packages that were removed keep what they left, and a file in the way comes back",
        async () => {
          await machine.sh("apt-get install -qy nginx && systemctl stop nginx");
          await machine.sh("apt-get remove -qy nginx nginx-common");
          await machine.sh("echo '# mine' >>/etc/nginx/nginx.conf; rm /etc/nginx/win-utf");
          await machine.write("/etc/nginx/sites-available/shop", site("shop.test"));
          await machine.write("/usr/share/nginx/html/index.html", "mine\n");
          // And a repository that is dead ends nothing.
          await machine.write(
            "/etc/apt/sources.list.d/dead.list",
            "deb file:/nowhere stable main\n",
          );
          const before = await machine.state();
          const failed = await machine.install("", fails("prove"));
          expect(failed.stdout).toContain("going on with what is known of them");
          expect(failed.stdout).toContain("everything it did was undone");
          expect(await machine.changesSince(before)).toEqual([]);
          await machine.sh("rm /etc/apt/sources.list.d/dead.list");
          expect(await machine.sh("cat /usr/share/nginx/html/index.html")).toBe("mine\n");
          await machine.sh("apt-get purge -qy nginx nginx-common; rm -rf /usr/share/nginx");
        },
        STEP_MS,
      );
    });

    describe("with nginx from Debian", () => {
      beforeAll(async () => {
        await machine.sh("apt-get install -qy nginx");
        await machine.sh("rm /etc/nginx/sites-enabled/default && systemctl reload nginx");
        await machine.write("/root/hold", HOLD);
        await machine.sh(`ip address replace ${PUBLIC}/32 dev lo`);
        await machine.sh("useradd --system nginx");
      }, BASE_MS);

      /** Lays out one site, and takes it away again whatever comes. */
      async function withSite(text: string, run: () => Promise<void>): Promise<void> {
        await machine.write(`${ENABLED}/shop`, text);
        await machine.sh(reloads);
        const before = await machine.state();
        try {
          await run();
          await machine.uninstall("--purge");
          expect(await machine.changesSince(before)).toEqual([]);
        } finally {
          await machine.uninstall("--purge");
          // systemd counts starts (five in ten seconds), and these tests follow each other closely.
          await machine.sh(
            `rm ${ENABLED}/shop; systemctl reset-failed nginx; systemctl restart nginx`,
          );
        }
      }

      test(
        "a name that another site answers to is not taken over, and its file is named",
        async () => {
          await withSite(site("shop.test\n    GW.test"), async () => {
            expect(await machine.refused("--domain gw.test --no-tls")).toContain(`${ENABLED}/shop`);
            expect(await machine.asks("gw.test")).toBe("shop.test\n    GW.test");
          });
        },
        STEP_MS,
      );

      test(
        "sites that listen by number, and `user nginx;`: the gateway listens as they do, and is proven there",
        async () => {
          await machine.sh("sed -i 's/^user www-data;/user nginx;/' /etc/nginx/nginx.conf");
          const theirs = `listen ${PUBLIC}:80; listen [::1]:80;`;
          await withSite(site("shop.test", theirs), async () => {
            await machine.installs("--domain gw.test --no-tls");
            expect(await machine.sh("cat /var/log/openclaw-gateway-install.log")).toMatch(
              new RegExp(`answers.mjs \\S+ ${PUBLIC} `),
            );
            expect(await machine.asks("shop.test", PUBLIC)).toBe("shop.test");
            expect(await machine.asks("gw.test", PUBLIC)).toContain("<");
            expect(await machine.asks("gw.test", "::1")).toContain("<");
          });
          await machine.sh("sed -i 's/^user nginx;/user www-data;/' /etc/nginx/nginx.conf");
        },
        STEP_MS,
      );

      longTest(
        "a site that listens for IPv4 and IPv6 at once: so does the gateway",
        async () => {
          await withSite(site("shop.test", "listen [::]:80 ipv6only=off;"), async () => {
            await machine.installs("--domain gw.test --no-tls");
            expect(await machine.asks("shop.test")).toBe("shop.test");
            expect(await machine.asks("gw.test")).toContain("<");
            expect(await machine.asks("gw.test", "::1")).toContain("<");
          });
        },
        STEP_MS,
      );

      test(
        "a port where another site awaits the PROXY protocol is told beforehand",
        async () => {
          await withSite(site("shop.test", "listen 80 proxy_protocol;"), async () => {
            const said = await machine.refused("--domain gw.test --no-tls");
            expect(said).toContain(`${ENABLED}/shop`);
            expect(said).toContain("--http-port");
          });
        },
        STEP_MS,
      );

      test(
        "a site that answers what has no name, by being first, is named in the plan",
        async () => {
          await withSite(site("shop.test"), async () => {
            const said = await machine.installs("--dry-run");
            expect(said).toContain(`${ENABLED}/shop`);
            expect(said).toMatch(/port 80\b/);
          });
        },
        STEP_MS,
      );

      test(
        "an nginx that reads another configuration than its own is told, and goes on as it was",
        async () => {
          const unit = "/etc/systemd/system/nginx.service.d/own.conf";
          await machine.write("/srv/web/nginx.conf", OTHER_CONFIGURATION);
          await machine.write(
            unit,
            "[Service]\nPIDFile=/run/web.pid\nExecStartPre=\nExecStart=\nExecStart=/usr/sbin/nginx -c /srv/web/nginx.conf\n",
          );
          await machine.sh("systemctl daemon-reload; systemctl restart nginx");
          expect(await machine.asks("shop.test")).toBe("shop.test");
          const said = await machine.refused("--http-port 8080 --https-port 8443");
          expect(said).toContain("nginx -c /srv/web/nginx.conf");
          expect(await machine.refused("")).toContain("port 80 is taken by nginx (");
          expect(await machine.asks("shop.test")).toBe("shop.test");
          await machine.sh(`systemctl stop nginx; rm -r /srv/web $(dirname ${unit})
            systemctl daemon-reload; systemctl reset-failed nginx; systemctl start nginx`);
        },
        STEP_MS,
      );

      test(
        "ports that other programs hold are told before anything is changed",
        async () => {
          await withSite(site("shop.test"), async () => {
            await machine.sh("sh /root/hold held");
            const said = await machine.refused("");
            expect(said).toContain("port 443 is taken by perl");
            expect(said).toContain("--https-port");
            await machine.sh("systemctl stop held");
          });
        },
        STEP_MS,
      );

      test(
        "a reload that did not take is a failure, with what nginx's log says of it",
        async () => {
          await withSite(site("shop.test"), async () => {
            const before = await machine.state();
            // A port that only nginx's own bind can find held: it is taken between look and reload.
            await machine.write(
              "/etc/systemd/system/nginx.service.d/late.conf",
              "[Service]\nExecReload=\nExecReload=/bin/sh -c 'sh /root/hold late; nginx -s reload'\n",
            );
            await machine.sh("systemctl daemon-reload");
            const { code, stdout } = await machine.install();
            await machine.sh(
              "systemctl stop late; rm -r /etc/systemd/system/nginx.service.d; systemctl daemon-reload",
            );
            expect(stdout).toMatch(/bind\(\) to .*:443 failed/);
            const log = await typesLook({ code, stdout, stderr: "" });
            expect(log).toMatch(/nginx's log since: .*bind\(\) to .*:443 failed/);
            expect(code).toBe(1);
            expect(await machine.changesSince(before)).toEqual([]);
            expect(await machine.asks("shop.test")).toBe("shop.test");
          });
        },
        STEP_MS,
      );

      test(
        "a firewall that lets only SSH in is named with a command that opens it: ufw, iptables, nftables",
        async () => {
          await machine.sh("apt-get install -qy --no-install-recommends ufw nftables");
          await machine.sh(OUTSIDE);
          try {
            await machine.installs("--domain gw.test --no-tls");
            await until(reachedFromOutside, "the gateway to be reached from outside");
            for (const [name, { shut, open }] of Object.entries(FIREWALLS)) {
              await machine.sh(shut);
              expect([name, await reachedFromOutside()]).toEqual([name, false]);
              const said = await machine.installs();
              const [, command = ""] = /nobody in on port 80; to open it: (.*)/.exec(said) ?? [];
              await machine.sh(command);
              await until(reachedFromOutside, `the gateway to be reached after ${command}`);
              expect(await machine.installs()).not.toContain("to open it");
              await machine.sh(open);
            }
          } finally {
            await machine.uninstall("--purge");
            await machine.sh("ip netns delete outside");
          }
        },
        STEP_MS,
      );

      test(
        "what an uninstall could not take off, the next one does",
        async () => {
          const before = await machine.state();
          await machine.installs("--no-nginx");
          await machine.sh("systemd-run -q --unit=busy -p User=openclaw-gateway sleep 600");
          const first = await machine.uninstall("--purge");
          expect(first.stdout).toContain("could not undo: account openclaw-gateway");
          expect(first.code).toBe(1);
          expect(await typesLook(first)).toContain("is currently used by process");
          await machine.sh("systemctl stop busy");
          // Its own copy went with the rest.
          expect((await machine.install("--uninstall --purge")).code).toBe(0);
          expect(await machine.changesSince(before)).toEqual([]);
        },
        STEP_MS,
      );

      test(
        "what somebody wrote into a file of ours is kept, and their broken site keeps nothing of ours there",
        async () => {
          await withSite(site("shop.test"), async () => {
            const ours = "/etc/nginx/conf.d/openclaw-gateway.conf";
            await machine.installs("--domain gw.test --no-tls");
            await machine.sh(`echo '# mine' >>${ours}`);
            const said = await machine.installs("--domain gw.test --no-tls");
            const copy = /\/var\/backups\/\S+/.exec(said)?.[0] ?? "";
            expect(await machine.sh(`tail -n 1 ${copy}`)).toBe("# mine\n");
            expect(await machine.sh(`cat ${ours}`)).not.toContain("# mine");
            await machine.sh(`echo '# again' >>${ours}`);
            await machine.write(`${ENABLED}/broken`, "nonsense;\n");
            const gone = await machine.uninstall("--purge");
            const { code, stdout } = gone;
            expect(stdout).toContain(`${ENABLED}/broken`);
            expect(code).toBe(0);
            await machine.sh(`rm ${ENABLED}/broken`);
            await new Reader(machine.vps).types(gone, "nginx -t && nginx -s reload");
            expect(await machine.asks("shop.test")).toBe("shop.test");
            const last = /\/var\/backups\/\S+/.exec(stdout)?.[0] ?? "";
            expect(await machine.sh(`tail -n 1 ${last}`)).toBe("# again\n");
            await machine.sh("rm -r /var/backups/openclaw-gateway");
          });
        },
        STEP_MS,
      );
    });
  },
);
