# shellcheck shell=sh disable=SC2154,SC2034
# Starts the gateway, or restarts it when something that it runs from was changed.

start() {
  case "$supervisor" in
    systemd) start_unit ;;
    pm2) start_pm2 ;;
    none) ;;
  esac
}

# Whether something that it runs from is changed by this run, or would be.
restart_needed() { grep -qE "^(fetch |link $prefix/current |write $unit_file |set |make the folders of its sockets )" "$changes"; }

start_unit() {
  if systemctl is-active -q "$unit" 2>/dev/null; then
    restart_needed || return 0
    change "restart $unit" || return 0
    verb=restart
  else
    change "start $unit" || return 0
    verb=start
  fi
  quiet systemctl "$verb" "$unit" && return 0
  journalctl -u "$unit" -n 15 --no-pager -o cat >&2 2>/dev/null || :
  fail 1 "the gateway did not start" "journalctl -u $unit"
}

start_pm2() {
  pm2 describe openclaw-gateway >/dev/null 2>&1 && ! restart_needed && return 0
  change "start the gateway under pm2" || return 0
  record "pm2 openclaw-gateway"
  quiet pm2 startOrReload "$prefix/current/deploy/ecosystem.config.cjs" && quiet pm2 save
}
