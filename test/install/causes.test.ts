import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "causes-"));
const etc = join(work, "etc");
afterAll(() => rmSync(work, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(etc, { recursive: true, force: true });
  mkdirSync(etc);
});

const run = (...lines: string[]): string =>
  execFileSync(
    "sh",
    ["-euc", [`here='${here}' work='${work}' keeps='${work}'`, ...lines].join("\n")],
    {
      encoding: "utf8",
    },
  ).trim();

describe("a package that was removed and left its configuration", () => {
  const oursBefore = () =>
    run(
      `keeps='${etc}'`,
      '. "$here/lib/packages.sh"',
      "if ours_before nginx-common; then echo ours; else echo older; fi",
    );

  test("is older than the installation, and never purged", () => {
    expect(oursBefore()).toBe("older");
    writeFileSync(join(etc, "packages-1-2"), "nginx\n");
    writeFileSync(join(etc, "packages-1-2.older"), "nginx-common\n");
    expect(oursBefore()).toBe("older");
  });

  test("unless a run of the installer brought it", () => {
    writeFileSync(join(etc, "packages-1-2"), "nginx\nnginx-common\n");
    expect(oursBefore()).toBe("ours");
  });
});

describe("what a certificate authority refused is said by the type of its error", () => {
  /** An answer of an authority, as certbot's log has it. */
  const answer = (type: string, detail = "why") =>
    `{\n  "type": "urn:ietf:params:acme:error:${type}",\n  "detail": "${detail}",\n  "status": 400\n}\n`;
  const words = (log: string) => {
    writeFileSync(join(etc, "log"), log);
    return run(
      "opt_domain=gw.test address=198.51.100.7 asked_at=0",
      "opens() { echo 'open it'; }",
      '. "$here/steps/authority.sh"',
      `certbot_log='${etc}/log'`,
      "acme_words",
      'echo "$acme_why | $acme_next"',
    );
  };

  test.each([
    ["dns", /finds no address for the name \(why\) \| make the record gw\.test A 198\.51\.100\.7/],
    ["connection", /could not connect to port 80 of gw\.test.* \| .*open it/],
    ["unauthorized", /something else than this machine answered/],
    ["incorrectResponse", /something else than this machine answered/],
    ["rateLimited", /no more certificates for it for now.* \| wait as long as the authority says/],
    ["caa", /CAA record does not allow/],
    ["rejectedIdentifier", /gives no certificates for this name/],
    ["invalidContact", /does not take the address --email/],
    ["serverInternal", /trouble of its own/],
    ["userActionRequired", /refused with userActionRequired/],
  ])("%s", (type, expected) => {
    expect(words(answer("badNonce", "again") + answer(type) + answer("badNonce", "why"))).toMatch(
      expected,
    );
  });

  test("and without an answer, that there was none", () => {
    expect(words("nothing\n")).toMatch(/did not get an answer from the authority \| less /);
  });
});

describe("a firewall that keeps a port out is named with the command that opens it", () => {
  const opening = (port: number, ...programs: string[]) =>
    run(
      "iptables() { return 1; }",
      "nft() { return 1; }",
      ...programs,
      '. "$here/lib/firewall.sh"',
      `ufw_folder='${etc}' ufw_defaults='${etc}/defaults'`,
      `opening ${port}`,
    );
  const prints = (name: string, text: string) => `${name}() { cat <<'END'\n${text}\nEND\n}`;

  test.each([
    ["allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", "ufw allow 443/tcp"],
    ["allow tcp 443 0.0.0.0/0 any 198.51.100.0/24 in", "ufw allow 443/tcp"],
    ["deny tcp 443 0.0.0.0/0 any 0.0.0.0/0 in", "ufw allow 443/tcp"],
    ["allow udp 443 0.0.0.0/0 any 0.0.0.0/0 in", "ufw allow 443/tcp"],
    ["allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Nginx%20Full - in", ""],
    ["limit any 400:500 0.0.0.0/0 any 0.0.0.0/0 in", ""],
  ])("ufw: %s", (rule, command) => {
    writeFileSync(join(etc, "ufw.conf"), "ENABLED=yes\n");
    writeFileSync(join(etc, "user.rules"), `### tuple ### ${rule}\n-A ufw-user-input …\n`);
    expect(opening(443)).toBe(command);
    writeFileSync(join(etc, "ufw.conf"), "ENABLED=no\n");
    expect(opening(443)).toBe("");
  });

  test.each([
    [
      "-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
      "iptables -I INPUT -p tcp --dport 443 -j ACCEPT",
    ],
    [
      "-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited",
      "iptables -I INPUT -p tcp --dport 443 -j ACCEPT",
    ],
    ["-P INPUT DROP\n-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT", ""],
    ["-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 400:500 -j ACCEPT", ""],
    ["-P INPUT ACCEPT", ""],
  ])("iptables: %j", (rules, command) => {
    expect(opening(443, prints("iptables", rules))).toBe(command);
  });

  const table = (rule: string, policy = "drop") =>
    `table inet guard {\n  chain incoming {\n    type filter hook input priority filter; policy ${policy};\n    ${rule}\n  }\n}`;
  test.each([
    [table("tcp dport 22 accept"), "nft insert rule inet guard incoming tcp dport 443 accept"],
    [
      table("tcp dport { 22, 80 } accept"),
      "nft insert rule inet guard incoming tcp dport 443 accept",
    ],
    [table("tcp dport { 22, 443 } ct state new accept"), ""],
    [table("tcp dport 80-443 accept"), ""],
    [table("tcp dport @open accept"), ""],
    [table("tcp dport 22 accept", "accept"), ""],
  ])("nftables: %j", (rules, command) => {
    expect(opening(443, prints("nft", rules))).toBe(command);
  });
});
