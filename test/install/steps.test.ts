import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "steps-"));
  writeFileSync(join(work, "journal"), "");
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** Stubs for what the steps call: a machine whose changes are recorded and told. */
const MACHINE = [
  "opt_no_nginx='' opt_domain='' opt_port='' opt_purge='' opt_forget='' dry='' stops=0 named=' '",
  'has_systemd() { :; }; say() { echo "say $*"; }; quiet() { echo "$*"; }; now_ms() { echo 1; }; count_clients() { :; }',
  'as_person() { echo "person $*" >>"$work/person"; "$@"; }',
  'change() { echo "$1" >>"$changes"; }; close_line() { :; }; runs_now() { :; }',
];

/** What is told where these functions of the installer's run, file by file as it reads them. */
function run(files: readonly string[], ...lines: readonly string[]): string[] {
  const script = [
    `here='${here}' work='${work}' changes='${work}/changes' prefix='${work}/prefix' unit_file='${work}/unit'`,
    ': >"$changes"',
    ...["lib/journal", "lib/written", ...files].map((file) => `. "$here/${file}.sh"`),
    `keeps='${work}' journal='${work}/journal' config_file='${work}/openclaw.json' unit=openclaw-gateway.service`,
    ...MACHINE,
    ...lines,
  ];
  return execFileSync("sh", ["-euc", script.join("\n")], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "");
}

const journal = () => readFileSync(join(work, "journal"), "utf8").trim().split("\n");
const write = (name: string, text: string) => writeFileSync(join(work, name), text);
const UNDO = 'set +e; undo_lines all >"$work/undo"; undo_all "$work/undo" failure';

/** What is undone of this run alone. */
const UNDO_RUN = 'undo_lines after-done >"$work/undo"; undo_all "$work/undo" failure';

describe("a gateway that pm2 has from before", () => {
  const pm2 = 'pm2() { echo "pm2 $*"; }; restart_needed() { :; }';

  /** What is told where this step of the next run is undone. */
  function undone(step: string): string[] {
    write("journal", "pm2 openclaw-gateway\ndone 1 x\n");
    return run(
      ["steps/leave", "steps/start"],
      pm2,
      'record "resume-pm2 openclaw-gateway"; record "back /opt/current"',
      `${step} >/dev/null`,
      'undo_back() { echo "back"; }',
      `set +e; ${UNDO_RUN}`,
    );
  }

  test("is not taken from it when a later step fails: it runs again from what it ran from", () => {
    const said = undone("start_pm2");
    expect(said.join("\n")).not.toContain("pm2 delete");
    expect(said.findIndex((line) => line.includes("startOrReload"))).toBeGreaterThan(
      said.indexOf("back"),
    );
    expect(journal()).toEqual(["pm2 openclaw-gateway", "done 1 x"]);
  });

  test("that another supervisor took over comes back after its files", () => {
    const said = undone("leave_pm2");
    expect(said[0]).toBe("back");
    expect(said.join("\n")).toContain("startOrReload");
  });

  test("and that nothing was told is not restarted", () => {
    write("journal", "pm2 openclaw-gateway\ndone 1 x\nresume-pm2 openclaw-gateway\n");
    const said = run(["steps/leave", "steps/start"], pm2, UNDO);
    expect(said.join("\n")).not.toContain("startOrReload");
  });

  test("one that was not there goes again", () => {
    const said = run(["steps/leave", "steps/start"], pm2, "start_pm2 >/dev/null", UNDO);
    expect(said.join("\n")).toContain("pm2 delete openclaw-gateway");
  });
});

describe("a unit from before", () => {
  const inactive = 'systemctl() { [ "$1" != is-active ] && [ "$1" != is-enabled ]; }';
  const files = ["steps/leave", "steps/start", "steps/unit"];

  test("that stood still does so again after a failure", () => {
    write("journal", "unit openclaw-gateway.service\ndone 1 x\n");
    const lines = [inactive, "unit=openclaw-gateway.service", "start_unit >/dev/null"];
    const said = run(files, ...lines, UNDO_RUN);
    expect(said).toContain("systemctl stop openclaw-gateway.service");
  });

  test("that ran but was disabled is disabled again, and still runs", () => {
    write("journal", "unit openclaw-gateway.service\ndone 1 x\n");
    const said = run(
      files,
      inactive,
      'supervisor=systemd unit_file="$work/unit"; render_unit() { echo u; }; echo u >"$unit_file"',
      "systemd_unit >/dev/null",
      UNDO_RUN,
    );
    expect(said).toEqual(["systemctl disable openclaw-gateway.service"]);
  });
});

describe("the site of nginx that a run without nginx takes away", () => {
  test("is the one among nginx's own files, whatever of that name came after it", () => {
    const site = join(work, "conf.d/openclaw-gateway.conf");
    mkdirSync(join(work, "conf.d"));
    writeFileSync(site, "");
    const others = ["sysctl.d", "systemd/system/certbot.service.d"];
    write(
      "journal",
      [`remove ${site}`, ...others.map((name) => `remove /etc/${name}/openclaw-gateway.conf`)].join(
        "\n",
      ),
    );
    const said = run(
      ["lib/nginx-config", "steps/leave", "steps/nginx"],
      'drop_file() { echo "drop $1"; }; reload_nginx_if_runs() { :; }',
      "leave_nginx",
    );
    expect(said).toContain(`drop ${site}`);
  });
});

describe("a port that was chosen before", () => {
  const files = ["lib/choices", "steps/config"];
  const get =
    'installed_cli() { echo 19000; }; mkdir -p "$prefix/current/bin"; node="$prefix/current/bin/node"';
  const gateway = `${get}; : >"$node"; chmod +x "$node"; : >"$config_file"; opt_no_nginx=1`;
  const sets = [
    'setting_is() { [ "$2" = 19000 ]; }; want_public_url() { :; }; want_way_in() { :; }; save() { :; }',
    "choose_port; command_name=openclaw; configuration; echo $gateway_port $opt_port",
  ];

  test("is not written over what its owner set since, and is not asked for any more", () => {
    const said = run(files, gateway, "opt_port=18801", ...sets);
    expect(said).toEqual([expect.stringContaining("19000"), "19000 19000"]);
  });

  test("is set where it is named now", () => {
    const said = run(files, gateway, "opt_port=18801 named=' port '", ...sets);
    expect(said).toEqual(["/usr/local/bin/openclaw config set gateway.port 18801", "18801 18801"]);
  });

  test("is read of a configuration that outlived its gateway", () => {
    write("openclaw.json", '{ "gateway": {\n    "port": 19001\n  }\n}\n');
    expect(run(files, "opt_port=18801", "choose_port", "echo $gateway_port")).toContain("19001");
  });
});

describe("nginx", () => {
  test("is asked about its errors once its folder of sites is known", () => {
    const found = [
      "find_facts",
      "check_machine",
      "check_release",
      "check_supervisor",
      "check_room",
    ];
    const more = ["check_ports", "check_files", "check_certificate", "check_openings"];
    const stubs = [...found, ...more, "find_command"].map((name) => `${name}() { :; }`);
    const said = run(
      ["steps/preflight"],
      ...stubs,
      'check_in_use() { nginx_file=/etc/nginx/vhosts/ours; }; check_nginx() { echo "$nginx_file"; }',
      "nginx_file=/etc/nginx/conf.d/ours",
      "preflight",
    );
    expect(said).toEqual(["/etc/nginx/vhosts/ours"]);
  });

  test.each([
    ["another program has port 80 and nginx stands still", "", "apache2", ["way"]],
    ["nginx runs", "4711", "nginx", []],
    ["nginx runs, though its number is not known", "", "nginx", []],
  ])("with a name: Debian's example steps aside where %s", (_, master, listener, expected) => {
    const said = run(
      ["lib/nginx-config", "steps/nginx"],
      `nginx_master() { echo ${master}; }; listener() { echo ${listener}; }; listens() { :; }`,
      "make_way() { echo way; }; addresses_for() { :; }; nginx_workers() { :; }; nginx_connections() { :; }",
      "sh() { :; }; put_file() { :; }; http2_word() { :; }",
      'opt_domain=gw.test http_port=8080 https_port=8443 site_name=gw.test; put_site "" "" ""',
    );
    expect(said).toEqual(expected);
  });
});
