import { blank, commandText, openclaw, shell } from "../../protocol/command.ts";

/** What differs from machine to machine in the unit. */
export interface UnitFacts {
  readonly node: string;
  readonly script: string;
}

export const NODE_UNIT = "openclaw-node";
export const NODE_USER = "openclaw-node";
export const NODE_STATE = "/var/lib/openclaw-node";
export const NODE_ETC = "/etc/openclaw-node";

const INSTALL = commandText(openclaw`connect ${blank("<link>")} --install-service`);
const EDIT = commandText(shell`systemctl edit ${NODE_UNIT}`);

/** The unit that keeps this machine connected as a node; `systemd/openclaw-node.service` is this text. */
export function unitText({ node, script }: UnitFacts): string {
  return `# This machine as a node of an OpenClaw gateway. "${INSTALL}" makes all
# that it wants:
#   - the user:       ${NODE_USER}, without a shell
#   - where to:       ${NODE_ETC}/connect.env with OPENCLAW_NODE_URL=wss://…
#                     and, if needed, OPENCLAW_NODE_OPTIONS=--tls-fingerprint …
#   - what it may do: ${NODE_ETC}/allow, one command a line; without lines nothing is run
# Local changes belong into "${EDIT}", never into this file.

[Unit]
Description=OpenClaw node
After=network-online.target
Wants=network-online.target
# However often it fails, it is tried again: a gateway may be away for an hour.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${node} ${script} connect \${OPENCLAW_NODE_URL} $OPENCLAW_NODE_OPTIONS
Environment=NODE_ENV=production
Environment=OPENCLAW_NODE_DIR=${NODE_STATE}
Environment=OPENCLAW_NODE_ALLOW=${NODE_ETC}/allow
EnvironmentFile=${NODE_ETC}/connect.env
User=${NODE_USER}
Group=${NODE_USER}
StateDirectory=openclaw-node
StateDirectoryMode=0700
UMask=0077

Restart=always
RestartSec=5s
# A wrong address does not get better by itself (2), and whoever was turned down does not ask again (4).
RestartPreventExitStatus=2 4
TimeoutStopSec=10s

# Allowed commands inherit this. What needs more (such as writing below /etc) is opened one by one with
# "systemctl edit", for instance ReadWritePaths=.
CapabilityBoundingSet=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`;
}

/** What a new allow-list says: nothing is allowed yet. */
export const allowTemplate = `# Commands that the gateway's operators may run on this machine, one a line, word by word as they are
# run; there is no shell. Everything else is refused, and without a line nothing is even offered.
#
#   df -h
#   systemctl status *           one word, none that begins with a dash or holds a ".." of a path
#   /usr/local/bin/backup ...    any further words
#   ["printf", "two words"]      words that hold spaces
#
# Lines count as soon as they are saved. With the first one this machine offers system.run within a
# minute, which its gateway's owner has to approve.
`;
