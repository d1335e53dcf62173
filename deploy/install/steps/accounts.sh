# shellcheck shell=sh disable=SC2154,SC2034
# The service's user, and the groups that open its sockets.

accounts() {
  put_file "$here/systemd/openclaw-gateway.sysusers.conf" /etc/sysusers.d/openclaw-gateway.conf 644 root:root
  need_group openclaw
  need_group openclaw-ssh
  need_user
}

need_group() {
  getent group "$1" >/dev/null && return 0
  change "make the group $1" || return 0
  record "group $1"
  quiet groupadd --system "$1"
}

need_user() {
  getent passwd openclaw-gateway >/dev/null && return 0
  change "make the user openclaw-gateway" || return 0
  record "account openclaw-gateway"
  quiet useradd --system --user-group --no-create-home --home-dir /var/lib/openclaw-gateway \
    --shell /usr/sbin/nologin --comment "OpenClaw gateway" openclaw-gateway
}
