import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "in-use-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What is refused or said where `nginx -T` prints this configuration, after the file that it is in. */
function looks(sites: string, options: { domain?: string; stream?: string } = {}): string[] {
  const { domain = "gw.test", stream = "" } = options;
  const dump = `# configuration file /etc/nginx/nginx.conf:
http { include conf.d/*.conf; include sites/*; }
${stream && `stream { ${stream} }`}
# configuration file /etc/nginx/sites/shop:
${sites}
`;
  writeFileSync(join(work, "dump"), dump);
  const lines = [
    `here='${here}' work='${work}' keeps='${work}' opt_no_nginx='' opt_domain='${domain}' debian_default=/none`,
    "http_port=80 https_port=443 cert_file=/cert nginx_version=1.26 site_name=x",
    `nginx() { cat '${work}/dump'; }`,
    "ip() { :; }",
    "listens() { return 1; }; has_systemd() { return 1; }",
    'say() { echo "$1"; }',
    'wrong() { echo "refused: $1"; }',
    '. "$here/lib/nginx-config.sh"',
    '. "$here/steps/in-use.sh"',
    "check_in_use",
  ];
  return execFileSync("sh", ["-euc", lines.join("\n")], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "");
}

const named = "listen 443 ssl default_server; listen 80 default_server;";

describe("what sites there are is looked at before anything is changed", () => {
  test.each([
    ["the name itself", `server { ${named} server_name a.test GW.test; }`],
    ["a name with all below it", `server { ${named} server_name .gw.test; }`],
  ])("%s is another's: refused, and its file is named", (_, sites) => {
    expect(looks(sites)).toEqual([
      expect.stringMatching(/^refused: .*answers to gw\.test already: \/etc\/nginx\/sites\/shop;/),
    ]);
  });

  test("on another port it is nobody's", () => {
    expect(looks("server { listen 8080; server_name gw.test; }")).toEqual([]);
  });

  test("a site for all names like it is told of, and no other", () => {
    const site = (name: string) => `server { ${named} server_name ${name}; }`;
    expect(looks(site("*.test"))).toEqual([
      expect.stringMatching(/^Note: \/etc\/nginx\/sites\/shop answers for all names like gw\.test/),
    ]);
    expect(looks(site("*.example.test w.test"))).toEqual([]);
  });

  test.each([
    [
      "server { listen 443 ssl proxy_protocol default_server; }",
      {},
      /awaits the PROXY protocol on port 443.*--https-port 8443/,
    ],
    ["server { listen 443 default_server; }", {}, /answers plain HTTP on port 443.*--https-port/],
    ["server { listen 80 ssl default_server; }", {}, /answers HTTPS on port 80.*--http-port 8080/],
    [
      "",
      { stream: "server { listen 443; proxy_pass x; }" },
      /passes port 443 on in a stream block/,
    ],
    [`server { ${named} }`, { domain: "" }, /answers whatever has no name of its own on port 80/],
  ])("%s is refused", (sites, options, words) => {
    const [first, ...more] = looks(sites, options);
    expect(first).toMatch(/^refused: /);
    expect([first, ...more].join("\n")).toMatch(words);
  });

  test("who answers what has no name, by being first, is told of it on each port", () => {
    const sites = "server { listen 80; } server { listen 80; listen 443 ssl; }";
    for (const domain of ["", "gw.test"]) {
      expect(looks(sites, { domain })).toEqual([
        expect.stringMatching(/^Note: on port 80 .* as \/etc\/nginx\/sites\/shop does now/),
        expect.stringMatching(/^Note: on port 443 .* as \/etc\/nginx\/sites\/shop does now/),
      ]);
    }
    expect(looks(`server { ${named} }`)).toEqual([]);
  });
});
