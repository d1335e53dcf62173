import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, runScript } from "./support.ts";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "undo-"));
  for (const folder of ["work", "keeps/backup"]) mkdirSync(join(root, folder), { recursive: true });
  put("keeps/journal", "");
  put("state", "installed");
  put("shipped", "");
  put("verified", "");
  program("dpkg-query", `cat '${root}/state'`);
  program("dpkg", `if [ "$1" = -L ]; then cat '${root}/shipped'; else cat '${root}/verified'; fi`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
/** A program of Debian's as far as the installer asks it. */
function program(name: string, line: string): void {
  put(`bin/${name}`, `#!/bin/sh\n${line}\n`);
  chmodSync(join(root, `bin/${name}`), 0o755);
}
const has = (path: string): boolean => existsSync(join(root, path));
const text = (path: string): string => readFileSync(join(root, path), "utf8");

/** Each in a file that `nginx -T` prints: what it says in the http block. */
function sites(found: Readonly<Record<string, string>>): void {
  const files = Object.entries(found).map(
    ([path, words]) => `# configuration file ${join(root, path)}:\n${words}\n`,
  );
  put(
    "dump",
    `# configuration file ${root}/nginx/nginx.conf:\nhttp { include ${root}/nginx/*/*; }\n${files.join("")}`,
  );
}

/** The installer's functions on a machine of which `root` holds what they look at; then `call`. */
function undo(call: string, options: { purge?: boolean } = {}): Promise<Ran> {
  const lines = [
    "set -eu",
    `here='${here}' work='${root}/work' prefix='${root}/prefix'`,
    `opt_purge='${options.purge === false ? "" : "1"}' opt_json= dry= silent= logging= stops=0 left_certificate=`,
    "opt_no_nginx= opt_no_tls= opt_cert= opt_domain=gw.test",
    'for file in lib/say lib/journal lib/written lib/change lib/packages lib/nginx-config lib/nginx-reload lib/certificates; do . "$here/$file.sh"; done',
    'for file in steps/nginx steps/certificate steps/authority steps/tune steps/uninstall; do . "$here/$file.sh"; done',
    `keeps='${root}/keeps' journal='${root}/keeps/journal' written='${root}/keeps/written' set_aside='${root}/aside'`,
    `last_dump='${root}/keeps/nginx-dump' letsencrypt='${root}/letsencrypt' nginx_folder='${root}/nginx'`,
    `debian_default='${root}/nginx/sites-enabled/default' nginx_conf='${root}/nginx/nginx.conf' log_file=/dev/null`,
    `dpkg_updates='${root}/dpkg-updates'`,
    "close_line() { :; }",
    `note() { printf '%s\\n' "$*" >>'${root}/log'; }`,
    `say() { printf '%s\\n' "$*"; }`,
    `quiet() { note "$*"; }`,
    `apt() { note "apt $*"; }`,
    "removable() { return 0; }",
    "untouched_default() { return 0; }",
    "untouched_conf() { return 0; }",
    `nginx() { if [ "$1" = -T ]; then cat '${root}/dump' 2>/dev/null; fi; }`,
    `: >"$work/kept"`,
    call,
  ];
  writeFileSync(join(root, "script"), lines.join("\n"));
  return runScript(join(root, "script"), [], { PATH: `${root}/bin:${process.env["PATH"]}` });
}
const log = (): string => (has("log") ? text("log") : "");

describe("certificates that others got since", () => {
  beforeEach(() => {
    put("letsencrypt/renewal/gw.test.conf", "");
    put("letsencrypt/renewal/shop.test.conf", "");
    put("keeps/journal", "certificate gw.test\n");
    put("keeps/packages-1", "certbot\n");
  });

  test.each(["uninstall", "failure"])("stay, with certbot: %s", async (how) => {
    put("work/undo", `data ${root}/letsencrypt\npackages packages-1\n`);
    const { code, stdout } = await undo(`undo_all "$work/undo" ${how}`);
    expect(code).toBe(0);
    expect(has("letsencrypt/renewal/shop.test.conf")).toBe(true);
    expect(stdout).toContain(`${root}/letsencrypt is kept`);
    expect(log()).not.toContain("apt");
    expect(text("work/kept")).toBe("");
  });

  test("the gateway's own alone keeps nothing", async () => {
    rmSync(join(root, "letsencrypt/renewal/shop.test.conf"));
    put("work/undo", `data ${root}/letsencrypt\npackages packages-1\n`);
    expect((await undo('undo_all "$work/undo" uninstall')).code).toBe(0);
    expect(has("letsencrypt")).toBe(false);
    expect(log()).toContain("apt purge -y certbot");
  });
});

describe("nginx that came with the gateway", () => {
  const ours = { "nginx/conf.d/openclaw-gateway.conf": "server { listen 80; }" };
  const example = { "nginx/sites-enabled/default": "server { listen 80; }" };
  const other = { "nginx/vhosts/shop.conf": "server { listen 8080; }" };
  const uninstall = "undo_packages uninstall packages-1";
  beforeEach(() => put("keeps/packages-1", "nginx\nnginx-common\n"));

  const lay = (found: Readonly<Record<string, string>>): void => {
    sites(found);
    put("nginx/nginx.conf", "");
    for (const path of Object.keys(found)) put(path, "");
    put("shipped", `${root}/nginx/nginx.conf\n${root}/nginx/vhosts/shop.conf\n`);
  };

  test("goes where nothing but Debian's example and the gateway's site is in it", async () => {
    lay({ ...ours, ...example });
    await undo(uninstall);
    expect(log()).toContain("apt purge -y nginx nginx-common");
  });

  test.each([
    ["a site in a folder of their own", { ...example, ...other }, ":"],
    ["Debian's example, changed", example, "untouched_default() { return 1; }"],
    ["nginx.conf, changed", {}, "untouched_conf() { return 1; }"],
  ])("stays where others have %s", async (_, found, facts) => {
    lay(found);
    const { stdout } = await undo(`${facts}; ${uninstall}`);
    expect(stdout).toContain("kept, because other things here use them now: nginx nginx-common");
    expect(log()).not.toContain("apt");
  });

  test("goes where nginx.conf was changed before it came, and that file stays", async () => {
    lay(example);
    put("keeps/packages-1.older", "nginx-common\n");
    await undo(`untouched_conf() { return 1; }; ${uninstall}`);
    expect(log()).toContain("apt remove -y nginx-common");
  });

  test("is not purged where a file that it brought was changed", async () => {
    put("nginx/vhosts/shop.conf", "");
    put("shipped", `${root}/nginx/vhosts/shop.conf\n`);
    put("verified", `??5?????? c ${root}/nginx/vhosts/shop.conf\n`);
    await undo("undo_packages failure packages-1");
    expect(log()).toContain("apt remove -y nginx-common");
    expect(log()).toMatch(/apt purge -y nginx *$/m);
  });

  test.each(["stop-nginx nginx.service", "disable-nginx nginx.service"])(
    "%s: not where it serves others by now",
    async (line) => {
      sites({ ...ours, ...other });
      expect((await undo(`undo_one uninstall ${line}`)).stdout).toContain("serves others");
      expect(log()).not.toContain("systemctl");
      await undo(`undo_one failure ${line}`);
      sites(ours);
      await undo(`undo_one uninstall ${line}`);
      expect(log().match(/systemctl/g)).toHaveLength(2);
    },
  );
});

describe("packages of which an installation was cut off", () => {
  test.each(["unpacked", "half-configured", "half-installed", "triggers-pending"])(
    "%s: they are taken off, and what they wrote over is left to dpkg till then",
    async (state) => {
      put("keeps/packages-1", "nginx\n");
      put("keeps/backup/a", "old\n");
      put("file", "dpkg's\n");
      put("state", state);
      await undo("undo_packages failure packages-1");
      expect(log()).toContain("apt purge -y nginx");
      await undo(`undo_overwritten failure '${root}/file' a nginx`);
      expect(text("file")).toBe("dpkg's\n");
    },
  );

  test("are brought to an end first where dpkg was in the middle: apt does nothing then", async () => {
    put("keeps/packages-1", "nginx\n");
    await undo("undo_packages failure packages-1");
    expect(log()).not.toContain("--configure");
    put("dpkg-updates/0001", "");
    await undo('quiet() { note "$*"; return 1; }; undo_packages failure packages-1');
    expect(log()).toMatch(/dpkg .*--configure -a\napt purge -y nginx *\n$/);
  });

  test.each([
    ["Debian 12", "another process with pid 1"],
    ["Debian 13", "/usr/bin/dpkg process with pid 1"],
  ])(
    "are waited for where a dpkg goes on that outlived its installer, and known by what it left: %s",
    async (_of, holder) => {
      put("keeps/packages-1", "nginx\n");
      put("state", "not-installed");
      put("dpkg-updates/0001", "");
      const locked = `dpkg: error: dpkg database lock was locked by ${holder}`;
      const { stdout } = await undo(
        `sleep() { echo installed >'${root}/state'; }; quiet() { note "$*"; [ "$(cat '${root}/state')" = installed ] || { echo '${locked}' >&2; return 1; }; }; undo_packages failure packages-1`,
      );
      expect(stdout).toContain("waiting for another program that installs packages");
      expect(log()).toMatch(/(dpkg .*--configure -a\n.*){2}apt purge -y nginx *\n$/s);
    },
  );

  test("a package whose name has signs in it is known by it", async () => {
    put("keeps/packages-1", "libstdc++6:amd64\nlibx\n");
    expect((await undo("ours_before libstdc++6")).code).toBe(0);
    expect((await undo("ours_before 'lib.'")).code).toBe(1);
  });
});

describe("a disk that is full", () => {
  const fails = 'cp() { echo half >"$3"; return 1; }';
  beforeEach(() => {
    put("keeps/written", `${"0".repeat(64)} ${root}/site\n`);
    put("keeps/backup/a", "old\n");
    put("site", "theirs\n");
  });

  test.each([
    ["remove", ""],
    ["restore", "a"],
  ])("nothing is lost by %s, and it is said to be still undone", async (verb, copy) => {
    put("keeps/journal", `${verb} ${root}/site${copy && ` ${copy}`}\n`);
    put("work/undo", text("keeps/journal"));
    const { code, stdout } = await undo(`${fails}; undo_all "$work/undo" uninstall`);
    expect(code).toBe(1);
    expect(stdout).toContain(`could not undo: ${verb} ${root}/site`);
    expect(stdout).not.toContain("is kept as");
    expect(text("site")).toBe("theirs\n");
    expect(text("keeps/backup/a")).toBe("old\n");
    expect(text("keeps/journal")).not.toBe("");
  });

  test("what is put back takes the place of what is there only when it is whole", async () => {
    rmSync(join(root, "keeps/written"));
    // As between two file systems, where a move is a copy: the second is full.
    const apart = 'stat() { echo "$3"; }';
    const half = `mv() { case "$*" in *keeps/backup*) return 1 ;; esac; command mv "$@"; }; ${fails}`;
    const before = readdirSync(root).sort();
    expect((await undo(`${apart}; ${half}; restore '${root}/site' a || exit 9`)).code).toBe(9);
    expect([text("site"), text("keeps/backup/a")]).toEqual(["theirs\n", "old\n"]);
    expect((await undo(`${apart}; restore '${root}/site' a`)).code).toBe(0);
    expect([text("site"), has("keeps/backup/a")]).toEqual(["old\n", false]);
    expect(readdirSync(root).sort()).toEqual([...new Set([...before, "script"])].sort());
  });

  test("what lies on the same file system comes back on a full one too", async () => {
    rmSync(join(root, "keeps/written"));
    expect((await undo(`${fails}; restore '${root}/site' a`)).code).toBe(0);
    expect(text("site")).toBe("old\n");
  });

  test("also a folder for a file, and a file for a folder", async () => {
    put("folder/in", "theirs\n");
    put("keeps/backup/f/in", "old\n");
    await undo(`restore '${root}/folder' a; restore '${root}/site' f`);
    expect([text("folder"), text("site/in")]).toEqual(["old\n", "old\n"]);
  });
});

describe("a certificate that lies there", () => {
  const names = (list: string) =>
    `mkdir -p '${root}/letsencrypt/live/gw.test'; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -addext subjectAltName=${list} -keyout '${root}/letsencrypt/live/gw.test/privkey.pem' -out '${root}/letsencrypt/live/gw.test/fullchain.pem' 2>/dev/null`;
  const look =
    'wrong() { echo "refused: $1"; }; caution() { :; }; choose_certificate; check_certificate; echo "state: $certificate_state"';
  const over = "certificate_in_time() { return 1; }";
  beforeEach(() => put("letsencrypt/renewal/gw.test.conf", "authenticator = standalone\n"));

  test("is not renewed for one name alone where it is for several", async () => {
    const several = await undo(`${names("DNS:gw.test,DNS:shop.test")}; ${over}; ${look}`);
    expect(several.stdout).toMatch(/^refused: .*certbot renew --cert-name gw\.test/m);
    const one = await undo(`${names("DNS:gw.test")}; ${over}; ${look}`);
    expect(one.stdout).toBe("state: renew\n");
  });

  /** Asks the authority as far as what is written down before. */
  const asks = (state: string) =>
    undo(
      `put_folder() { :; }; keep_authority() { :; }; prove_first() { :; }; choose_certificate; certificate_state=${state}; opt_acme_server= opt_acme_ca= opt_email= no_email=1 changes=/dev/null; ask_authority`,
    );

  test("is not written down as the gateway's own, and how it was renewed comes back", async () => {
    for (const state of ["missing", "renew"]) {
      put("keeps/journal", "");
      expect((await asks(state)).code).toBe(0);
      expect(text("keeps/journal")).not.toContain("certificate gw.test");
      expect(text("keeps/journal")).toContain(`restore ${root}/letsencrypt/renewal/gw.test.conf`);
    }
    rmSync(join(root, "letsencrypt"), { recursive: true });
    put("keeps/journal", "");
    await asks("missing");
    expect(text("keeps/journal")).toContain("certificate gw.test");
  });

  test("is looked at as soon as openssl is there, if it was not before", async () => {
    put("work/wrong", "");
    const late = (list: string) =>
      `fail() { echo "failed: $2"; exit "$1"; }; wrong() { echo "$1" >>"$work/wrong"; }; caution() { :; }; ask_authority() { echo asked; }; keep_renewing() { echo kept; }; choose_certificate; command() { return 1; }; check_certificate; unset -f command; ${names(list)}; certificate`;
    expect((await undo(late("DNS:gw.test"))).stdout).toBe("kept\n");
    const wrong = await undo(late("DNS:other.test"));
    expect(wrong.stdout).toMatch(/^failed: .* is not for gw\.test/);
    expect(wrong.code).toBe(1);
  });

  const renewal = (hooks: string) => `${hooks}authenticator = standalone\nserver = x\n`;
  const keep =
    'put_folder() { :; }; keep_authority() { :; }; put_file() { :; }; parents() { :; }; change() { echo "$1"; }; choose_certificate; renewal_way=ours; keep_renewing';

  test("loses only the hooks that stop and start a web server, and that is said", async () => {
    const mail = "post_hook = systemctl restart postfix\n";
    put("letsencrypt/renewal/gw.test.conf", renewal(`pre_hook = service nginx stop\n${mail}`));
    const { stdout } = await undo(keep);
    expect(stdout).toContain("without pre_hook = service nginx stop");
    expect(stdout).not.toContain("postfix");
    const now = text("letsencrypt/renewal/gw.test.conf");
    expect(now).toContain(mail);
    expect(now).not.toContain("pre_hook");
    expect(now).toContain("authenticator = webroot");
  });

  test("does not come back when it was deleted, and what was changed since is kept", async () => {
    const conf = "letsencrypt/renewal/gw.test.conf";
    put(conf, renewal(""));
    await undo(keep);
    const journal = text("keeps/journal");
    const back = `undo_lines all >"$work/undo"; undo_all "$work/undo" uninstall`;
    put(conf, `${text(conf)}server = y\n`);
    const { stdout } = await undo(back);
    expect(text(conf)).toBe(renewal(""));
    const aside = /kept as (\S+)/.exec(stdout)?.[1] ?? "";
    expect(readFileSync(aside, "utf8")).toContain("server = y");

    put("keeps/journal", journal);
    put(`keeps/backup/${/restore \S+ (\S+)/.exec(journal)?.[1]}`, "old\n");
    rmSync(join(root, conf));
    expect((await undo(back)).code).toBe(0);
    expect(has(conf)).toBe(false);
  });
});

describe("what a purge says", () => {
  const consents = `opt_yes=; say_undo 'data|certificate|packages'`;
  const lines = (path: string) =>
    `remove /x\ndata ${path}\ndata ${path}\ncertificate gw.test\npackages packages-1\n`;
  beforeEach(() => put("keeps/packages-1", "nginx\ncertbot\n"));

  test("before it: all that goes for good, once each, and nothing of others", async () => {
    put("work/undo", lines(`${root}/data`));
    const said = (await undo(consents)).stdout.trim().split("\n");
    expect(said).toEqual([
      `remove ${root}/data`,
      "  remove the certificate of gw.test",
      "  remove the packages that came with it, unless something else uses them: nginx certbot",
    ]);
    put("letsencrypt/renewal/shop.test.conf", "");
    put("work/undo", lines(`${root}/letsencrypt`));
    expect((await undo(consents)).stdout).toContain(`keep ${root}/letsencrypt`);
  });

  test("after it: what stays", async () => {
    expect((await undo("what_stays")).stdout).toBe("Nothing of the gateway is left.\n");
    put("aside/site.1", "");
    put("letsencrypt/renewal/shop.test.conf", "");
    put("work/undo", `data ${root}/letsencrypt\npackages packages-1\n`);
    const { stdout } = await undo('undo_all "$work/undo" uninstall; what_stays');
    expect(stdout.trim().split("\n").at(-1)).toBe(
      `What stays: ${root}/letsencrypt, ${root}/aside (files that somebody changed), the packages that other things use: nginx certbot.`,
    );
  });
});
