// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of source

/** Commands that no test types, and why not. */
export const exceptions: Readonly<Record<string, string>> = {
  "cli/commands/doctor/gateway-checks.ts: shell`npx --yes n 24`":
    "it downloads another Node.js and puts it in place of the one that runs this test",
  "cli/commands/gateway/run.ts: shell`npm ci`":
    "it deletes the packages that this test runs with, and downloads them anew",
  "cli/commands/devices/join-lines.ts: shell`openclaw node run --pair ${code}`":
    "OpenClaw's own program, which scripts/compat.sh runs",
  "cli/commands/ssh/sshd.ts: shell`apt-get install -y openssh-server`":
    "it installs a server on the machine that runs this test",
  "cli/commands/doctor/machine-checks.ts: shell`systemctl edit ${UNIT}`":
    "it opens an editor of systemd's, and what is written there is a person's",
  "cli/node-host/unit.ts: shell`systemctl edit ${NODE_UNIT}`":
    "it opens an editor of systemd's; the text of the unit names it for what is a person's to decide",
  "cli/commands/doctor/machine-checks.ts: shell`timedatectl set-ntp true`":
    "it sets the clock of the machine that runs this test",
  "protocol/refusals.ts: shell`timedatectl set-ntp true`":
    "it sets the clock of the machine that runs this test",
  "store/errors.ts: shell`dmesg`":
    "the kernel's log can't be read in a container, and shows what a broken disk did",
  'cli/commands/logs/gateway-source.ts: shell`docker logs ${blank("CONTAINER")}`':
    "it takes docker and a container that it runs; what it prints is what the gateway printed",
};

interface TypedElsewhere {
  /** Below test/. */
  readonly file: string;
  /** How that test types the command, in its own words. */
  readonly as: string;
}

/** Commands that take a machine or a mount of its own: a test of such machines makes the situation and types them. */
export const elsewhere: Readonly<Record<string, TypedElsewhere>> = {
  "cli/commands/doctor/ssh-checks.ts: openclaw`ssh enable`": {
    file: "vps/ssh-admin.test.ts",
    as: 'vps.exec(["openclaw", "ssh", "enable", "--yes", ...words])',
  },
  "cli/commands/ssh/keys.ts: openclaw`ssh enable`": {
    file: "vps/ssh-admin.test.ts",
    as: '"next: openclaw ssh enable"',
  },
  "cli/commands/ssh/sshd-steps.ts: openclaw`ssh enable --authorized-keys`": {
    file: "vps/ssh-admin.test.ts",
    as: 'enable("--authorized-keys", "--host", "127.0.0.1")',
  },
  "cli/commands/ssh/disable.ts: shell`systemctl reload ssh`": {
    file: "vps/ssh-admin.test.ts",
    as: 'vps.ok(["systemctl", "reload", "ssh"])',
  },
  "cli/node-host/service.ts: openclaw`connect ${word} --install-service`": {
    file: "vps/node-service.test.ts",
    as: '["connect", gateway.url, "--install-service"]',
  },
  "config/differences.ts: shell`findmnt -T ${file}`": {
    file: "e2e/config-watch.test.ts",
    as: "typed(running, named(status))",
  },
  "config/edit-file.ts: shell`findmnt -T ${target}`": {
    file: "e2e/config-watch.test.ts",
    as: "typed(running, named(locked.stderr))",
  },
  "config/edit-file.ts: shell`findmnt -T ${target}` (2)": {
    file: "e2e/config-watch.test.ts",
    as: "typed(running, named(lost.stderr))",
  },
  "methods/nodes-invoke.ts: shell`systemctl start openclaw-node`": {
    file: "vps/node-service.test.ts",
    as: 'vps.ok(["systemctl", "start", "openclaw-node"])',
  },
  "words/key-use.ts: shell`systemctl stop openclaw-node`": {
    file: "vps/node-service.test.ts",
    as: 'vps.ok(["systemctl", "stop", "openclaw-node"])',
  },
  "words/key-use.ts: openclaw`connect - --new-key --install-service`": {
    file: "vps/node-service.test.ts",
    as: '["connect", "-", "--new-key", "--install-service", "--yes"]',
  },
  'config/schema.ts: shell`ssh ${blank("<target>")} openclaw devices approve ${CODE}`': {
    file: "vps/support/ssh-cures.ts",
    as: '[settings, "ssh <target> openclaw devices approve CODE", "owner"]',
  },
  "config/schema.ts: openclaw`ssh enable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(settings, "openclaw ssh enable", YES)',
  },
  'config/schema.ts: shell`ssh ${blank("<account>@<host>")} approve ${CODE}`': {
    file: "vps/support/ssh-cures.ts",
    as: '[settings, "ssh <account>@<host> approve CODE", "phone"]',
  },
  "dashboard/parse.ts: shell`ssh root@${host}`": {
    file: "vps/support/ssh-cures.ts",
    as: "typesFar(this.#far.owner, onPage, { command: onPage.stdout.trim() })",
  },
  'protocol/approve-line.ts: shell`ssh ${port === 22 ? [] : ["-p", String(port)]} ${target} ${words}`':
    {
      file: "vps/support/ssh-cures.ts",
      as: "typesFar(this.#far.phone, asks.said, { command: asks.said.stdout.trim() })",
    },
  "cli/commands/foreign-options.ts: shell`systemctl disable --now ${UNIT}`": {
    file: "vps/support/service-cures.ts",
    as: 'types(ends, "systemctl disable --now openclaw-gateway")',
  },
  "cli/node-host/command.ts: openclaw`connect - --install-service`": {
    file: "vps/support/service-cures.ts",
    as: "types(help, asked, { answers })",
  },
  "cli/node-host/service.ts: openclaw`connect ${word}`": {
    file: "vps/support/service-cures.ts",
    as: 'types(refused, run, { until: "Waits for approval" })',
  },
  "cli/node-host/service.ts: shell`journalctl -u ${NODE_UNIT} -f`": {
    file: "vps/support/service-cures.ts",
    as: 'types(done, log, { until: "Connected to" })',
  },
  'cli/node-host/unit.ts: openclaw`connect ${blank("<link>")} --install-service`': {
    file: "vps/support/service-cures.ts",
    as: 'types(unit, again, { fill, answers: { "Do it": "y" } })',
  },
  "cli/reach/connect.ts: shell`systemctl start ${UNIT}`": {
    file: "vps/support/service-cures.ts",
    as: 'types(away, "systemctl start openclaw-gateway")',
  },
  "cli/commands/audit/audit.ts: shell`journalctl -u ${UNIT} -g audit`": {
    file: "vps/support/service-cures.ts",
    as: 'types(found, "journalctl -u openclaw-gateway -g audit")',
  },
  "cli/commands/doctor/ssh-checks.ts: openclaw`ssh enable` (2)": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(text(changed.message), "openclaw ssh enable", YES)',
  },
  "cli/commands/doctor/ssh-checks.ts: openclaw`ssh disable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(await this.#says("openclaw doctor"), "openclaw ssh disable", YES)',
  },
  "cli/commands/doctor/ssh-checks.ts: shell`gpasswd -d ${first} ${OWNERS}`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(await this.#says("openclaw doctor"), "gpasswd -d openclaw openclaw")',
  },
  "cli/commands/gateway/supervisor.ts: shell`systemctl ${verb} ${name}`": {
    file: "vps/support/service-cures.ts",
    as: 'types(denied, "sudo systemctl restart openclaw-gateway")',
  },
  "cli/commands/gateway/supervisor.ts: shell`journalctl -u ${name} -n 50 --no-pager`": {
    file: "vps/support/service-cures.ts",
    as: "this.#reader.types(failed, log)",
  },
  "cli/commands/logs/journal-source.ts: shell`journalctl -u ${journal.unit} -n ${lines} --no-pager`":
    { file: "vps/support/service-cures.ts", as: "this.#reader.types(once, all)" },
  "cli/commands/logs/lasting-log.ts: shell`journalctl -u ${journal.unit} -n 50 --no-pager`": {
    file: "vps/support/service-cures.ts",
    as: "this.#reader.types(followed, newest)",
  },
  "cli/commands/ssh/accounts.ts: shell`gpasswd -d ${name} ${group}`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(await this.#enable(), "gpasswd -d ann openclaw-ssh")',
  },
  'cli/commands/ssh/accounts.ts: shell`usermod -g ${blank("GROUP")} ${name}`': {
    file: "vps/support/ssh-cures.ts",
    as: 'types(await this.#enable(), "usermod -g GROUP ann", { fill })',
  },
  "cli/commands/ssh/accounts.ts: openclaw`ssh enable --account openclaw-approve`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(other, "openclaw ssh enable --account openclaw-approve", YES)',
  },
  "cli/commands/ssh/authorized-keys.ts: openclaw`ssh enable --authorized-keys`": {
    file: "vps/support/ssh-cures.ts",
    as: "types(added, on, YES)",
  },
  "cli/commands/ssh/authorized-keys.ts: openclaw`ssh remove ${shown(twice.fingerprint)}`": {
    file: "vps/support/ssh-cures.ts",
    as: "types(twice, remove)",
  },
  'cli/commands/ssh/commands.ts: shell`ssh ${blank("openclaw@<host>")} approve 7F3K-Q2MN`': {
    file: "vps/support/ssh-cures.ts",
    as: '[help, "ssh openclaw@<host> approve 7F3K-Q2MN", "phone"]',
  },
  "cli/commands/ssh/commands.ts: openclaw`ssh enable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(help, "openclaw ssh enable", YES)',
  },
  "cli/commands/ssh/disable.ts: openclaw`ssh disable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(off, "sudo openclaw ssh disable", YES)',
  },
  "cli/commands/ssh/disable.ts: openclaw`ssh list`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(off, "openclaw ssh list")',
  },
  "cli/commands/ssh/disable.ts: openclaw`ssh disable --force`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(last, "openclaw ssh disable --force", YES)',
  },
  "cli/commands/ssh/enable.ts: openclaw`ssh enable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(asked, "sudo openclaw ssh enable", YES)',
  },
  "cli/commands/ssh/enable.ts: openclaw`ssh enable --authorized-keys`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(block, "openclaw ssh enable --authorized-keys", YES)',
  },
  "cli/commands/ssh/enable.ts: openclaw`ssh disable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(block, "openclaw ssh disable", YES)',
  },
  "cli/commands/ssh/enable.ts: openclaw`config set gateway.ssh.host gateway.example.com`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(on, host, { fill: { "gateway.example.com": "127.0.0.1" } })',
  },
  "cli/commands/ssh/enable.ts: shell`ls -la ${APPROVER_KEYS}`": {
    file: "vps/support/ssh-cures.ts",
    as: "types(await this.#enable(), `ls -la ${folder}`)",
  },
  "cli/commands/ssh/enable.ts: openclaw`ssh add key.pub --name phone`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(on, "openclaw ssh add key.pub --name phone", { fill: key })',
  },
  "cli/commands/ssh/proof.ts: shell`journalctl -u ssh -n 20 --no-pager`": {
    file: "vps/support/ssh-cures.ts",
    as: 'shows("DenyUsers openclaw\\n", log, "User openclaw from 127.0.0.1 not allowed")',
  },
  "cli/commands/ssh/proof.ts: openclaw`ssh enable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(text(left.name.replace(/ \\d+$/, "")), "openclaw ssh enable", YES)',
  },
  "cli/commands/ssh/sshd.ts: shell`sshd -t`": {
    file: "vps/support/ssh-cures.ts",
    as: 'shows("PermitRootLogon yes\\n", "sshd -t", `${file}: line 1`, { exit: 255 })',
  },
  "cli/commands/ssh/steps.ts: openclaw`ssh disable`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(stuck, "openclaw ssh disable", YES)',
  },
  "cli/commands/ssh/steps.ts: shell`ls -ld ${at}`": {
    file: "vps/support/ssh-cures.ts",
    as: 'types(await this.#enable(), "ls -ld /opt/openclaw-gateway")',
  },
  "cli/commands/ssh/sshd-steps.ts: shell`sshd -T -C ${blank(`user=<account>,${LOCAL}`)}`": {
    file: "vps/support/ssh-cures.ts",
    as: 'shows(own, print, "authorizedkeyscommand none", { fill })',
  },
  "cli/commands/gateway/supervisor.ts: shell`pm2 ${verb} ${name}`": {
    file: "e2e/pm2.test.ts",
    as: 'under.pm2(...told.split(" "))',
  },
  "words/tunnel.ts: shell`ssh ${other} -N -L ${at}:${host}:${at} ${user}@${address}`": {
    file: "vps/support/ssh-cures.ts",
    as: "const open = named(invited, command);",
  },
};

/** Commands whose situation root alone can make: who else runs the tests leaves them out. */
export const byRootAlone: readonly string[] = [
  "words/mount-owner.ts: shell`chown -R ${`${self.uid}:${self.gid}`} ${FOLDER}`",
  'words/mount-owner.ts: shell`docker volume inspect ${blank("VOLUME")}`',
  "words/mount-owner.ts: shell`chown ${`${self.uid}:${self.gid}`} ${FILE}`",
  "cli/kit/action.ts: openclaw`${path} ${shown}`",
  "cli/commands/doctor/state-checks.ts: shell`chown -R --reference=${path} ${path}/.`",
  "cli/commands/doctor/config-checks.ts: shell`chown --reference=${state.folder} ${config.path}`",
  "cli/node-host/allow-file.ts: shell`chown root ${path}`",
  "cli/commands/doctor/machine-checks.ts: shell`prlimit --pid ${pid} --nofile=${WANTED_FILES}:${WANTED_FILES}`",
];

/**
 * Commands for which no situation is made yet. A line may go, once a situation types its command; none may
 * come.
 */
export const stillWithoutSituation: readonly string[] = [
  "cli/commands/gateway/supervisor.ts: shell`sudo -u ${`#${owner}`} -i pm2 ${verb} ${name}`",
];

/** How many there are at most: lowered with each line that goes. */
export const MOST_WITHOUT = 1;
