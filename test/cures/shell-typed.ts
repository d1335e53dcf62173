// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of scripts

interface TypedThere {
  /** Below test/. */
  readonly file: string;
  /** How that test types what it saw said, in its own words. */
  readonly as: string;
}

const CURES = "vps/support/ssh-cures.ts";

/** Commands that scripts of the shell tell people: a test of machines sees them said and types them. */
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
};

/** Those that no test sees and types yet. A line may go, none may come. */
export const shellNotTyped: readonly string[] = [
  "scripts/install.sh: apt-get update && apt-get install -y $2",
  "scripts/install.sh: npm run release -- --offline",
  "scripts/install.sh: npm run release",
  "scripts/lib.sh: apt-get install -y nodejs npm",
  "scripts/lib.sh: apt-get install -y npm",
  "scripts/start.sh: $OPENCLAW_COMMAND devices invite",
  "scripts/test.sh: apt-get install -y ${missing[*]}",
  "deploy/install/lib/nginx-reload.sh: tail -n 100 $log_file",
  "deploy/install/lib/packages.sh: apt-get install -y$missing",
  "deploy/install/lib/packages.sh: apt-get update && apt-get install -y$missing",
  "deploy/install/main.sh: tail -n 100 $log_file",
  "deploy/install/steps/finish.sh: runuser -u openclaw-gateway -- $command_name gateway run",
  "deploy/install/steps/nginx.sh: tail -n 100 $log_file",
  "deploy/install/steps/prove.sh: tail -n 100 $log_file",
  "deploy/install/steps/start.sh: journalctl -u $unit",
  "deploy/install/steps/uninstall.sh: openclaw ssh disable",
  "deploy/install/steps/uninstall.sh: tail -n 100 $log_file",
  "systemd/render-unit.sh: sh render-unit.sh <systemd version, such as 252> <unit file>",
];

/** How many there are at most: lowered with each line that goes. */
export const MOST_SHELL_NOT_TYPED = 18;
