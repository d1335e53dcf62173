// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of scripts

interface TypedThere {
  /** Below test/. */
  readonly file: string;
  /** How that test types what it saw said, in its own words. */
  readonly as: string;
}

const CURES = "vps/support/ssh-cures.ts";
const INSTALLER = "vps/support/installer-cures.ts";
const CLONE = "vps/clone.test.ts";

/** Every command that scripts of the shell tell people: a test sees it said where it is, and types it. */
export const shellTyped: Readonly<Record<string, TypedThere>> = {
  "scripts/install.sh: install.sh --help": {
    file: CURES,
    as: "types(piped, `${get} | bash -s -- --help`)",
  },
  "scripts/install.sh: curl -fsSL ${base_url:-ADDRESS}/install.sh | sudo bash": {
    file: CURES,
    as: "types(user, `${get} | sudo bash`, { fill })",
  },
  "deploy/install/steps/finish.sh: $command_name": {
    file: CURES,
    as: 'types(installed, "openclaw")',
  },
  "deploy/install/steps/finish.sh: $command_name ssh enable": {
    file: CURES,
    as: 'types(installed, "openclaw ssh enable", YES)',
  },
  "deploy/install/steps/finish.sh: $command_name devices invite --scopes owner": {
    file: CURES,
    as: 'types(installed, "openclaw devices invite --scopes owner")',
  },
  "deploy/install/steps/finish.sh: sh $prefix/current/install/install.sh --uninstall": {
    file: CURES,
    as: "this.#reader.types(this.m.installed, uninstall)",
  },
  "deploy/install/steps/finish.sh: $command_name status": {
    file: "vps/reruns.test.ts",
    as: 'vps.ok(["openclaw", "status"])',
  },
  "deploy/install/steps/finish.sh: pm2 startup -u $(id -un": {
    file: "vps/choices.test.ts",
    as: 'vps.ok(line.split(" "))',
  },
  "deploy/install/steps/start.sh: tail -n 100 $log_file": {
    file: "vps/choices.test.ts",
    as: 'vps.ok(typed.split(" "))',
  },
  "deploy/install/steps/config.sh: openclaw config set KEY VALUE": {
    file: CURES,
    as: 'types(file, "openclaw config set KEY VALUE", { fill: setting })',
  },
  "deploy/install/steps/config.sh: openclaw config validate": {
    file: CURES,
    as: 'types(file, "openclaw config validate")',
  },
  "scripts/install.sh: apt-get update && apt-get install -y $2": {
    file: INSTALLER,
    as: 'types(refused, "apt-get update && apt-get install -y openssh-client")',
  },
  "scripts/install.sh: npm run release -- --base-url URL --sign KEY": {
    file: "install/verify.test.ts",
    as: 'typesRelease(refused, "npm run release -- --base-url URL --sign KEY", key)',
  },
  "scripts/install.sh: npm run release -- --sign KEY --offline": {
    file: "install/verify.test.ts",
    as: 'typesRelease(lacking, "npm run release -- --sign KEY --offline", key)',
  },
  "scripts/lib.sh: apt-get update && apt-get install -y --no-install-recommends nodejs npm": {
    file: CLONE,
    as: "reader.types(none, `${GET} nodejs npm`)",
  },
  "scripts/lib.sh: apt-get update && apt-get install -y --no-install-recommends npm": {
    file: CLONE,
    as: "reader.types(half, `${GET} npm`)",
  },
  "scripts/start.sh: $OPENCLAW_COMMAND devices invite --scopes owner": {
    file: CLONE,
    as: "reader.types(await said(), link)",
  },
  "scripts/test.sh: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}": {
    file: CLONE,
    as: "reader.types(failed, `${GET} tmux`)",
  },
  "deploy/install/lib/nginx-reload.sh: tail -n 100 $log_file": {
    file: "vps/in-use.test.ts",
    as: 'typesLook({ code, stdout, stderr: "" })',
  },
  "deploy/install/lib/nginx-reload.sh: nginx -t && nginx -s reload": {
    file: "vps/in-use.test.ts",
    as: 'types(gone, "nginx -t && nginx -s reload")',
  },
  "deploy/install/lib/packages.sh: apt-get install -y$missing": {
    file: INSTALLER,
    as: 'command: "apt-get install -y nginx"',
  },
  "deploy/install/lib/packages.sh: apt-get update && apt-get install -y$missing": {
    file: INSTALLER,
    as: 'command: "apt-get update && apt-get install -y nginx"',
  },
  "deploy/install/main.sh: tail -n 100 $log_file": {
    file: INSTALLER,
    as: "types(failed, LOOK)",
  },
  "deploy/install/steps/finish.sh: runuser -u openclaw-gateway -- $command_name gateway run": {
    file: "vps/reruns.test.ts",
    as: '"runuser -u openclaw-gateway -- openclaw gateway run"',
  },
  "deploy/install/steps/prove.sh: tail -n 100 $log_file": {
    file: INSTALLER,
    as: "expect((await this.#reader.types(failed, LOOK)).stdout).toMatch(/\\b403\\b/)",
  },
  "deploy/install/steps/start.sh: journalctl -u $unit -n 50 --no-pager": {
    file: INSTALLER,
    as: "this.#reader.types(failed, log)",
  },
  "deploy/install/steps/uninstall.sh: $command_name ssh disable": {
    file: CURES,
    as: 'types(await plan(), "openclaw ssh disable", YES)',
  },
  "deploy/install/steps/uninstall.sh: tail -n 100 $log_file": {
    file: "vps/in-use.test.ts",
    as: "typesLook(first)",
  },
  "systemd/render-unit.sh: sh render-unit.sh <systemd version, such as 252> <unit file>": {
    file: "install/render-unit.test.ts",
    as: "named(refused, usage, fill)",
  },
};
