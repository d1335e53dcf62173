# shellcheck shell=sh disable=SC2154,SC2034
# The systemd unit, rendered for this machine.

unit=openclaw-gateway.service
unit_file=/etc/systemd/system/$unit

systemd_unit() {
  [ "$supervisor" = systemd ] || return 0
  render_unit >"$work/$unit"
  if ! cmp -s "$work/$unit" "$unit_file"; then
    [ -n "$dry" ] || record "reload-systemd"
    put_file "$work/$unit" "$unit_file" 644 root:root
    [ -n "$dry" ] || quiet systemctl daemon-reload
    touch "$work/restart"
  fi
  systemctl is-enabled -q "$unit" 2>/dev/null && return 0
  change "enable $unit" || return 0
  record "unit $unit"
  quiet systemctl enable "$unit"
}

render_unit() {
  sed -e '/^# The OpenClaw gateway as a system service/,/^# Local changes/{/Local changes/!d}' \
    -e "s|/usr/bin/node |$prefix/current/node/bin/node |" \
    -e '/^# The admin socket gives full rights/d' -e '/^RuntimeDirectory/d' \
    -e 's|^StateDirectory=.*|&\nReadWritePaths=/etc/openclaw-gateway /run/openclaw-gateway|' \
    -e 's|^Environment=NODE_ENV=.*|&\nEnvironment=OPENCLAW_CONFIG_PATH=/etc/openclaw-gateway/openclaw.json|' \
    "$here/systemd/$unit"
}
