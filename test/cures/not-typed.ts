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
  "cli/commands/logs/command.ts: openclaw`logs -f`": "it goes on until it is stopped",
};

interface TypedElsewhere {
  /** Below test/. */
  readonly file: string;
  /** How that test types the command, in its own words. */
  readonly as: string;
}

/** Commands that take a machine with systemd or sshd: a test of such machines makes the situation and types them. */
export const elsewhere: Readonly<Record<string, TypedElsewhere>> = {
  "cli/commands/doctor/ssh-checks.ts: openclaw`ssh enable`": {
    file: "vps/ssh-admin.test.ts",
    as: 'vps.exec(["openclaw", "ssh", "enable", "--yes", ...words])',
  },
  "cli/commands/ssh/keys.ts: openclaw`ssh enable`": {
    file: "vps/ssh-admin.test.ts",
    as: '"next: sudo openclaw ssh enable"',
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
};

/** Commands whose situation root alone can make: who else runs the tests leaves them out. */
export const byRootAlone: readonly string[] = [
  "words/mount-owner.ts: shell`chown -R ${`${self.uid}:${self.gid}`} ${FOLDER}`",
  'words/mount-owner.ts: shell`docker volume inspect ${blank("VOLUME")}`',
  "words/mount-owner.ts: shell`chown ${`${self.uid}:${self.gid}`} ${FILE}`",
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
  "audit/writer.ts: openclaw`audit verify`",
  "config/edit-file.ts: shell`ls -ld ${folder}`",
  "config/edit-file.ts: shell`df -h ${folder}`",
  "config/edit.ts: openclaw`config migrate-secrets`",
  "config/json-schema.ts: openclaw`config set ${path} ${REST}`",
  "config/load.ts: openclaw`gateway run --help`",
  "config/patch-plan.ts: openclaw`config --help`",
  'config/schema.ts: shell`ssh ${blank("<target>")} openclaw devices approve ${CODE}`',
  "config/schema.ts: openclaw`ssh enable`",
  'config/schema.ts: shell`ssh ${blank("<account>@<host>")} approve ${CODE}`',
  "config/differences.ts: shell`findmnt -T ${file}`",
  "config/edit-file.ts: shell`findmnt -T ${target}`",
  "config/edit-file.ts: shell`findmnt -T ${target}` (2)",
  "config/watch-failure.ts: shell`ls -ld ${dirname(path)}`",
  "config/watch-failure.ts: shell`sysctl -w ${key}=${more}`",
  "cli/commands/doctor/config-live-checks.ts: openclaw`gateway status`",
  "cli/commands/doctor/config-live-checks.ts: openclaw`config get`",
  "dashboard/parse.ts: shell`ssh root@${host}`",
  "gateway/bearer.ts: openclaw`token new`",
  "gateway/dispatch.ts: shell`journalctl -u openclaw-gateway`",
  "gateway/handshake.ts: shell`journalctl -u openclaw-gateway`",
  "main/supervision.ts: openclaw`doctor`",
  "methods/nodes-common.ts: openclaw`nodes pending`",
  "methods/nodes-invoke.ts: openclaw`connect`",
  "methods/nodes-invoke.ts: shell`systemctl start openclaw-node`",
  "methods/pairing-log.ts: shell`timedatectl`",
  "methods/setup.ts: openclaw`devices invite --setup-code --access node`",
  "notify/delivery.ts: openclaw`logs --level warn`",
  "notify/notice.ts: openclaw`devices list`",
  "pairing/ledger.ts: openclaw`devices remove ${request.deviceId}`",
  "pairing/revocation.ts: openclaw`devices revoke ${deviceId} --role operator`",
  "protocol/approve-line.ts: openclaw`devices show ${requestId}`",
  'protocol/approve-line.ts: shell`ssh ${port === 22 ? [] : ["-p", String(port)]} ${target} ${words}`',
  "ssh-answer/answer.ts: shell`list`",
  "ssh-answer/answer.ts: openclaw`doctor`",
  "store/errors.ts: shell`tail`",
  "transport/http.ts: openclaw`gateway status`",
  "transport/http.ts: openclaw`doctor`",
  "transport/uws-http.ts: openclaw`logs`",
  "transport/web-root.ts: openclaw`doctor`",
  "words/request-kinds.ts: openclaw`nodes pending`",
  "words/tunnel.ts: shell`ssh ${other} -N -L ${at}:${host}:${at} ${user}@${address}`",
  "cli/commands/foreign-options.ts: shell`systemctl disable --now ${UNIT}`",
  "cli/commands/foreign-words.ts: openclaw`devices watch`",
  "cli/kit/action.ts: openclaw`${path} ${shown}`",
  "cli/node-host/command.ts: openclaw`connect - --install-service`",
  "cli/node-host/host.ts: openclaw`nodes pending`",
  "cli/node-host/service.ts: openclaw`connect ${word}`",
  "cli/node-host/service.ts: shell`journalctl -u ${NODE_UNIT} -f`",
  'cli/node-host/unit.ts: openclaw`connect ${blank("<link>")} --install-service`',
  "cli/reach/admin-link.ts: openclaw`gateway status`",
  "cli/reach/admin-link.ts: openclaw`gateway status` (2)",
  "cli/reach/connect.ts: shell`systemctl start ${UNIT}`",
  'cli/reach/transport.ts: shell`openssl x509 -noout -sha256 -fingerprint -in ${blank("<its certificate>")}`',
  "cli/commands/audit/audit.ts: shell`journalctl -u ${UNIT} -g audit`",
  "cli/commands/devices/approve.ts: openclaw`gateway restart`",
  "cli/commands/doctor/ssh-checks.ts: openclaw`ssh enable` (2)",
  "cli/commands/doctor/ssh-checks.ts: openclaw`ssh disable`",
  "cli/commands/doctor/ssh-checks.ts: shell`gpasswd -d ${first} ${OWNERS}`",
  "cli/commands/doctor/webhook-checks.ts: openclaw`notify test` (2)",
  "cli/commands/gateway/supervisor.ts: shell`systemctl ${verb} ${name}`",
  "cli/commands/gateway/supervisor.ts: shell`journalctl -u ${name} -n 50 --no-pager`",
  "cli/commands/gateway/supervisor.ts: shell`sudo -u ${`#${owner}`} -i pm2 ${verb} ${name}`",
  "cli/commands/gateway/supervisor.ts: shell`pm2 ${verb} ${name}`",
  "cli/commands/gateway/wait.ts: openclaw`gateway status`",
  "cli/commands/gateway/wait.ts: shell`kill ${before.pid}`",
  "cli/commands/gateway/wait.ts: openclaw`gateway run`",
  "cli/commands/health/health.ts: openclaw`status`",
  "cli/commands/logs/journal-source.ts: shell`journalctl -u ${journal.unit} -n ${lines} --no-pager`",
  "cli/commands/ssh/accounts.ts: shell`gpasswd -d ${shown(stranger)} ${group}`",
  "cli/commands/ssh/accounts.ts: openclaw`ssh enable --account openclaw-approve`",
  "cli/commands/ssh/authorized-keys.ts: openclaw`ssh enable --authorized-keys`",
  "cli/commands/ssh/authorized-keys.ts: openclaw`ssh remove ${shown(twice.fingerprint)}`",
  "cli/commands/ssh/block.ts: openclaw`ssh`",
  'cli/commands/ssh/commands.ts: shell`ssh ${blank("openclaw@<host>")} approve 7F3K-Q2MN`',
  "cli/commands/ssh/commands.ts: openclaw`ssh enable`",
  "cli/commands/ssh/disable.ts: openclaw`devices invite --scopes owner`",
  "cli/commands/ssh/disable.ts: openclaw`ssh disable`",
  "cli/commands/ssh/disable.ts: openclaw`ssh list`",
  "cli/commands/ssh/disable.ts: openclaw`ssh disable --force`",
  "cli/commands/ssh/enable.ts: openclaw`ssh enable`",
  "cli/commands/ssh/enable.ts: openclaw`ssh enable --authorized-keys`",
  "cli/commands/ssh/enable.ts: openclaw`ssh disable`",
  "cli/commands/ssh/enable.ts: openclaw`config set gateway.ssh.host gateway.example.com`",
  "cli/commands/ssh/enable.ts: shell`ls -ld ${APPROVER_KEYS}`",
  "cli/commands/ssh/enable.ts: openclaw`ssh add key.pub --name phone`",
  "cli/commands/ssh/proof.ts: shell`journalctl -u ssh -n 20 --no-pager`",
  "cli/commands/ssh/proof.ts: openclaw`ssh enable`",
  "cli/commands/ssh/sshd.ts: shell`sshd -t`",
  "cli/commands/ssh/steps.ts: openclaw`ssh disable`",
  "cli/commands/ssh/steps.ts: shell`ls -ld ${at}`",
  "methods/approver-refusals.ts: shell`show ${replacedBy}`",
  "methods/approver-refusals.ts: shell`approve ${code}`",
  "methods/approver-refusals.ts: shell`reject ${code}`",
  "methods/nodes-common.ts: openclaw`nodes pending` (2)",
  "pairing/invite.ts: openclaw`devices invite ${kind}`",
  "protocol/errors.ts: openclaw`devices approve ${CODE}`",
  "requests/authority.ts: openclaw`${`${kind}s`} approve ${requestId}`",
  "transport/unserved.ts: openclaw`devices invite`",
  "transport/unserved.ts: openclaw`nodes invoke`",
  "cli/commands/doctor/access-checks.ts: openclaw`devices list` (3)",
  "cli/commands/logs/gateway-source.ts: openclaw`logs --since 15m`",
  'cli/commands/logs/gateway-source.ts: shell`docker logs ${blank("CONTAINER")}`',
  "cli/commands/logs/gateway-source.ts: openclaw`config set logging.file /var/log/openclaw-gateway/gateway.log`",
  "cli/commands/logs/lasting-log.ts: shell`journalctl -u ${journal.unit} -n 50 --no-pager`",
  "cli/commands/nodes/manage.ts: openclaw`nodes pending`",
  "cli/commands/ssh/sshd-steps.ts: shell`sshd -T -C ${blank(`user=<account>,${LOCAL}`)}`",
  "words/key-use.ts: openclaw`devices invite --role node`",
  "words/key-use.ts: openclaw`connect - --new-key`",
  "words/key-use.ts: openclaw`connect - --new-key --install-service`",
  "words/key-use.ts: shell`systemctl stop openclaw-node`",
];

/** How many there are at most: lowered with each line that goes. */
export const MOST_WITHOUT = 111;
