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
  fi
  systemctl is-enabled -q "$unit" 2>/dev/null && return 0
  change "enable $unit" || return 0
  # Undone, a unit of before is only disabled again: it may run.
  if was_made "unit $unit"; then record "disable-unit $unit"; else record "unit $unit"; fi
  quiet systemctl enable "$unit"
}

render_unit() {
  sh "$here/systemd/render-unit.sh" "$systemd_version" "$here/systemd/$unit" |
    sed "s/^Environment=OPENCLAW_COMMAND=.*/Environment=OPENCLAW_COMMAND=$command_name/"
}
