# shellcheck shell=sh disable=SC2154,SC2034
# `openclaw` on the path.

# The gateway's command line: root's talks to the installed gateway even while that is stopped.
command_line() {
  cat >"$work/launcher" <<LAUNCHER
#!/bin/sh
# The command line of the OpenClaw gateway in $prefix.
export OPENCLAW_CONFIG_PATH="\${OPENCLAW_CONFIG_PATH:-/etc/openclaw-gateway/openclaw.json}"
[ -r /var/lib/openclaw-gateway ] && export OPENCLAW_STATE_DIR="\${OPENCLAW_STATE_DIR:-/var/lib/openclaw-gateway}"
export OPENCLAW_COMMAND="\${OPENCLAW_COMMAND:-$command_name}"
exec $prefix/current/node/bin/node $prefix/current/dist/index.js "\$@"
LAUNCHER
  put_file "$work/launcher" "/usr/local/bin/$command_name" 755 root:root
}
