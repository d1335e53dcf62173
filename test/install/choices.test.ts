import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const lib = (name: string) =>
  fileURLToPath(new URL(`../../deploy/install/${name}.sh`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "choices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Options = Readonly<Record<string, string>>;

/** What a run in the folder `cwd` goes by that is given `options`, after runs that chose `kept`. */
function recalled(kept: readonly string[], options: Options = {}, cwd = folder): string {
  writeFileSync(join(folder, "choices"), kept.map((line) => `${line}\n`).join(""));
  const lines = [
    `keeps='${folder}' work='${folder}'`,
    'say() { echo "$*"; }',
    'fail() { echo "$2"; exit 0; }',
    ...Object.entries(options).map(([name, value]) => `opt_${name}='${value}'`),
    `. '${lib("lib/choices")}'`,
    "recall_choices",
    'for name in $value_choices $flag_choices; do eval "value=\\$opt_$name"; [ -z "$value" ] || echo "$name=$value"; done',
  ];
  // From a folder of its own, as files may be named by relative paths.
  return execFileSync("sh", ["-euc", lines.join("\n")], { encoding: "utf8", cwd }).trim();
}

describe("a run that chooses", () => {
  test.each<[string, string[], Options, string]>([
    [
      "nothing goes by what was",
      ["domain a.test", "no_nginx 1"],
      {},
      "as before: --domain a.test --no-nginx\ndomain=a.test\nno_nginx=1",
    ],
    ["nothing and had nothing says nothing", [], {}, ""],
    [
      "another name keeps the port",
      ["domain a.test", "https_port 8443"],
      { domain: "b.test" },
      "as before: --https-port 8443\ndomain=b.test\nhttps_port=8443",
    ],
    ["to give a value up has none", ["domain a.test"], { forget: " domain" }, ""],
    [
      "to give the certificate up has neither half",
      ["cert /c", "key /k"],
      { forget: " cert cert key" },
      "",
    ],
    ["nginx after all", ["no_nginx 1"], { nginx: "1" }, ""],
    ["TLS after all", ["no_tls 1"], { tls: "1" }, ""],
    ["a certificate, and so TLS", ["no_tls 1"], { cert: "/c", key: "/k" }, "cert=/c\nkey=/k"],
    ["to tune", ["no_tune_nginx 1"], { tune_nginx: "1" }, "tune_nginx=1"],
    ["not to tune", ["tune_nginx 1"], { no_tune_nginx: "1" }, "no_tune_nginx=1"],
    [
      "files by relative paths",
      [],
      { cert: "c.pem", key: "./k.pem" },
      `cert=${folder}/c.pem\nkey=${folder}/k.pem`,
    ],
    [
      "a supervisor",
      ["supervisor pm2", "port 18790"],
      { supervisor: "systemd" },
      "as before: --port 18790\nport=18790\nsupervisor=systemd",
    ],
    [
      "as an older install.sh does, which knows no opposites",
      ["no_nginx 1"],
      {},
      "as before: --no-nginx\nno_nginx=1",
    ],
  ])("%s", (_name, kept, options, expected) => {
    expect(recalled(kept, options)).toBe(expected);
  });
});

test.each(["my certificates", "a;b"])(
  "a file in the folder %j is refused before anything is done",
  (name) => {
    const within = join(folder, name);
    mkdirSync(within);
    const said = recalled([], { cert: "c.pem", key: "k.pem" }, within);
    expect(said).toContain(`--cert: "${within}/c.pem" has characters that don't belong there`);
  },
);

/** What is found out of an installation that kept no choices. */
function found(files: Readonly<Record<string, string>>, limits = true): string {
  const prefix = join(folder, "prefix");
  rmSync(prefix, { recursive: true, force: true });
  mkdirSync(join(prefix, "current"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(prefix, name), text);
  if (limits) writeFileSync(join(prefix, "limits"), "");
  const at = (name: string) => `'${join(prefix, name)}'`;
  const lines = [
    `keeps=${at("")} prefix=${at("")} journal=${at("journal")} unit_file=${at("unit")}`,
    `config_file=${at("config")} nginx_file=${at("site")} limit_file=${at("limits")}`,
    "own_folder=/etc/nginx/openclaw-gateway",
    "untouched_conf() { return 0; }",
    `. '${lib("lib/choices")}'`,
    "choices_of_machine",
  ];
  return execFileSync("sh", ["-euc", lines.join("\n")], { encoding: "utf8" }).trim();
}

const site = (name: string, cert: string, https = "443") =>
  `server {\n  listen 80;\n  server_name ${name};\n}\nserver {\n  listen ${https} ssl http2;\n  server_name ${name};\n` +
  (cert === ""
    ? "}\n"
    : `\n  ssl_certificate ${cert}.pem;\n  ssl_certificate_key ${cert}.key;\n}\n`);
const own = site("_", "/etc/nginx/openclaw-gateway/cert");

describe("an installation that kept no choices", () => {
  const made = { journal: "unit openclaw-gateway.service\n", unit: "" };
  test.each<[string, Record<string, string>, string]>([
    ["as it comes", { ...made, site: own }, ""],
    [
      "with a name",
      { ...made, site: site("a.test", "/etc/letsencrypt/live/a.test/fullchain") },
      "domain a.test",
    ],
    [
      "with a given certificate and port",
      { ...made, site: site("a.test", "/c", "8443") },
      "domain a.test\ncert /c.pem\nkey /c.key\nhttps_port 8443",
    ],
    ["without nginx", { ...made, config: '{\n    "port": 18790\n}' }, "port 18790\nno_nginx 1"],
    ["under pm2", { journal: "pm2 openclaw-gateway\n", site: own }, "supervisor pm2"],
    ["started by its owner", { journal: "x\n", site: own }, "supervisor none"],
    [
      "with an address",
      { ...made, site: own, config: '    "publicUrl": "https://10.0.0.1",\n' },
      "public_url https://10.0.0.1",
    ],
    ["none at all", { site: own }, ""],
  ])("%s", (_name, files, expected) => {
    expect(found(files)).toBe(expected);
  });

  test("with an nginx that it left as it was", () => {
    expect(found({ ...made, site: own }, false)).toBe("no_tune_nginx 1");
  });
});
