import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "nginx-config-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const MAIN = "# configuration file /etc/nginx/nginx.conf:\n";

/** What a function of the installer says where `nginx -T` prints `dump`; how a test of it ends. */
function ask(dump: string, call: string): string[] {
  writeFileSync(join(work, "dump"), dump);
  const lines = [
    `here='${here}' work='${work}' keeps='${work}'`,
    `nginx() { if [ "$1" = -T ]; then cat '${work}/dump' && ! grep -q broken '${work}/dump'; else echo 'configure arguments: --user=built' >&2; fi; }`,
    "ip() { [ \"$2\" = -4 ] && echo '2: eth0    inet 198.51.100.7/24 scope global eth0' || echo '2: eth0    inet6 2001:db8::7/64 scope global'; }",
    '. "$here/lib/nginx-config.sh"',
    "read_nginx",
    call,
  ];
  return execFileSync("sh", ["-euc", lines.join("\n")], { encoding: "utf8" })
    .replace(/\n$/, "")
    .split("\n");
}

const http = (text: string): string => `${MAIN}http {\n${text}\n}\n`;
const server = (listen: string): string => `server { ${listen} }`;

describe("nginx's configuration is read as nginx reads it", () => {
  const dump = `${MAIN}user "web" staff; # not "user other;"
events {}
http {
  map $a \${b} { default 1; "~^x{2};" '}'; }
  include conf.d/*.conf;
  server { listen 8080
    default_server; server_name a.test "B.test"; location ~ "a{1}" { return 200 "x;y}"; } }
}
stream { include stream.d/*.conf; }
# configuration file /etc/nginx/conf.d/a.conf:
server { server_name none.test; }
# configuration file /etc/nginx/conf.d/openclaw-gateway.conf:
server { listen 443 ssl; }
# configuration file /etc/nginx/stream.d/b.conf:
server { listen 9443; proxy_pass x; }
`;

  test("words, quotes, comments and blocks, and included files in the blocks of their include", () => {
    expect(ask(dump, 'cut -f 2,5 "$directives"')).toEqual([
      "\tuser web staff",
      "events\tevents {",
      "http\thttp {",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: nginx's own way to name a variable
      "http>map\tmap $a ${b} {",
      "http>map\tdefault 1",
      "http>map\t~^x{2}; }",
      "http\tinclude conf.d/*.conf",
      "http>server\tserver {",
      "http>server\tlisten 8080 default_server",
      "http>server\tserver_name a.test B.test",
      "http>server>location\tlocation ~ a{1} {",
      "http>server>location\treturn 200 x;y}",
      "stream\tstream {",
      "stream\tinclude stream.d/*.conf",
      "http>server\tserver {",
      "http>server\tserver_name none.test",
      "http>server\tserver {",
      "http>server\tlisten 443 ssl",
      "stream>server\tserver {",
      "stream>server\tlisten 9443",
      "stream>server\tproxy_pass x",
    ]);
  });

  test("where the servers of others listen, and ours not among them", () => {
    expect(ask(dump, 'cut -f 1-4 "$listens"')).toEqual([
      "http\t8080\t*\tdefault_server",
      "http\t80\t*\t",
      "stream\t9443\t*\t",
    ]);
  });

  test("listen lines that several servers include stand in each of them", () => {
    const shared = `${http(`server { include tls.conf; server_name a.test; }
server { server_name b.test; include tls.conf; } server { listen 81; }`)}
# configuration file /etc/nginx/tls.conf:
listen 203.0.113.5:443 ssl;
`;
    expect(ask(shared, 'cut -f 1-4,6 "$listens"')).toEqual([
      "http\t443\t203.0.113.5\tssl\t2",
      "http\t443\t203.0.113.5\tssl\t3",
      "http\t81\t*\t\t4",
    ]);
    expect(ask(shared, "addresses_for 443")).toEqual(["203.0.113.5", "[::]"]);
  });

  test("where it has an error, what was there when nginx last took it", () => {
    expect(ask("broken", "last_dump=/none; read_nginx; site_folder")).toEqual([""]);
    writeFileSync(join(work, "last"), http("include vhosts/*.conf;"));
    expect(ask("broken", `last_dump='${work}/last'; read_nginx; site_folder`)).toEqual([
      "/etc/nginx/vhosts",
    ]);
  });

  test("the folder that sites are read from", () => {
    expect(ask(dump, "site_folder")).toEqual(["/etc/nginx/conf.d"]);
    expect(ask(http("include vhosts/*.conf;"), "site_folder")).toEqual(["/etc/nginx/vhosts"]);
    expect(ask(http("include vhosts/shop.conf;"), "site_folder")).toEqual([""]);
    const both = http("include /srv/sites/*; include conf.d/*.conf;");
    expect(ask(both, "site_folder")).toEqual(["/etc/nginx/conf.d"]);
  });

  test.each([
    ["user web staff;", "web staff", "staff"],
    ["user web;", "web", "web"],
    ["", "built", "built"],
    ["user web;", "other", "www-data"],
  ])("%j where there are the groups %s: nginx's workers are in %s", (line, groups, group) => {
    const known = `getent() { case " ${groups} " in *" $2 "*) ;; *) return 2 ;; esac; }; id() { echo gone; }`;
    expect(ask(`${MAIN}${line}\nevents {}\n`, `${known}; nginx_group`)).toEqual([group]);
  });
});

describe("what is relative in nginx's configuration starts from the folder that it was made for", () => {
  /** Where its log and its number are looked for, and what comes of them. */
  function finds(config: string, built: string): string[] {
    const call = [
      '. "$here/lib/nginx-reload.sh"',
      `nginx() { echo 'configure arguments: ${built}' >&2; }`,
      "kill() { :; }",
      "nginx_log; nginx_master",
    ];
    return ask(`${MAIN}${config}\nevents {}\n`, call.join("\n"));
  }
  const prefix = join(work, "made-for");
  mkdirSync(join(prefix, "logs"), { recursive: true });
  writeFileSync(join(prefix, "logs/nginx.pid"), "4711\n");
  writeFileSync(join(prefix, "own.pid"), "4712\n");
  const own = `--prefix=${prefix}`;

  test.each([
    ["pid own.pid; error_log err.log warn;", own, "err.log", "4712"],
    [`pid ${prefix}/own.pid; error_log ${prefix}/err.log;`, own, "err.log", "4712"],
    ["", `${own} --pid-path=own.pid --error-log-path=err.log`, "err.log", "4712"],
    ["", `${own} --pid-path=${prefix}/own.pid`, "logs/error.log", "4712"],
    ["", own, "logs/error.log", "4711"],
  ])("%j, made with %s", (config, built, log, pid) => {
    expect(finds(config, built)).toEqual([join(prefix, log), pid]);
  });

  test("which is /usr/local/nginx where nobody chose another", () => {
    expect(finds("error_log err.log;", "--user=x")[0]).toBe("/usr/local/nginx/err.log");
  });

  test.each(["stderr", "syslog:server=unix:/dev/log", "memory:32m"])(
    "and %s is no file",
    (place) => {
      expect(finds(`error_log ${place} warn;`, own)[0]).toBe("/dev/null");
    },
  );
});

describe("ours listens as the others do", () => {
  test.each([
    ["nobody else", "", ["*", "[::]"]],
    ["everywhere", "listen 443 ssl; listen [::]:443 ssl;", ["*", "[::]"]],
    ["by number", "listen 203.0.113.5:443 ssl;", ["203.0.113.5", "[::]"]],
    [
      "by number and everywhere",
      "listen 203.0.113.5:443; listen 0.0.0.0:443;",
      ["*", "203.0.113.5", "[::]"],
    ],
    ["at loopback alone", "listen 127.0.0.1:443;", ["127.0.0.1", "198.51.100.7", "[::]"]],
    ["by number of IPv6", "listen [2001:db8::5]:443;", ["*", "[2001:db8::5]"]],
    ["at loopback of IPv6 alone", "listen [::1]:443;", ["*", "[::1]", "[2001:db8::7]"]],
    ["for both at once", "listen [::]:443 ipv6only=off;", ["[::]"]],
    ["on other ports", "listen 203.0.113.5:8443; listen 127.0.0.1;", ["*", "[::]"]],
    [
      "by a socket, or over QUIC",
      "listen unix:/run/x; listen 203.0.113.5:443 quic;",
      ["*", "[::]"],
    ],
  ])("%s", (_, listen, expected) => {
    expect(ask(http(listen && server(listen)), "addresses_for 443")).toEqual(expected);
  });

  test.each([
    ["", ["127.0.0.1", "198.51.100.7", "::1", "2001:db8::7"]],
    ["listen 203.0.113.5:443;", ["::1", "2001:db8::7", "203.0.113.5"]],
    ["listen [::]:443 ipv6only=off;", ["127.0.0.1", "198.51.100.7", "::1", "2001:db8::7"]],
    [
      "listen [::1]:443; listen localhost:443;",
      ["127.0.0.1", "198.51.100.7", "::1", "2001:db8::7"],
    ],
  ])("and is asked at every address: %j", (listen, expected) => {
    expect(ask(http(listen && server(listen)), "reached_at 443").sort()).toEqual(expected.sort());
  });
});
