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
# A public address is taken over at once, and a Node.js comes with a release that names it.
restart_needed() {
  grep -E "^(fetch |link $prefix/current |write $unit_file |set |make the folders of its sockets )" "$changes" | grep -qvE '^(fetch node-|set gateway.public)'
}

start_unit() {
  if systemctl is-active -q "$unit" 2>/dev/null; then
    restart_needed || return 0
    change "restart $unit" || return 0
    goes_away
    record "restarted $unit"
    verb=restart
  else
    change "start $unit" || return 0
    record "stop-unit $unit"
    verb=start
    [ -n "${away_since:-}" ] || begins=1
  fi
  if quiet systemctl "$verb" "$unit"; then
    is_back
    return 0
  fi
  close_line
  [ "$(systemctl show -p ExecMainStatus --value "$unit")" != 226 ] || fail_namespace
  journalctl -u "$unit" -n 15 --no-pager -o cat >&2 2>/dev/null || :
  fail 1 "the gateway did not start" "journalctl -u $unit -n 50 --no-pager"
}

# Some providers' containers allow no namespaces, of which the unit's sandbox is made.
fail_namespace() {
  kind=$(systemd-detect-virt --container 2>/dev/null) || kind=
  [ "${kind:-none}" != none ] || kind=
  fail 1 "systemd may not make the gateway's sandbox here (226/NAMESPACE)${kind:+: this is a container ($kind) that allows no namespaces}" \
    "have the container's host allow them (nesting=1 for LXC), or run this again with --supervisor none and start the gateway yourself"
}

start_pm2() {
  as_person pm2 describe openclaw-gateway >/dev/null 2>&1 && ! restart_needed && return 0
  change "start the gateway under pm2" || return 0
  # One that pm2 has already stays there when this is undone.
  if under_pm2; then record "restarted openclaw-gateway"; else record "pm2 openclaw-gateway"; fi
  goes_away
  if ! begin_pm2 || ! runs_now; then fail_pm2; fi
  is_back
}

# under_pm2: whether an installation here gave it to pm2, which has it still.
under_pm2() {
  was_made 'pm2 openclaw-gateway' && command -v pm2 >/dev/null 2>&1 &&
    as_person pm2 describe openclaw-gateway >/dev/null 2>&1 </dev/null
}

# pm2 calls a program online that ended, or that never said that it is ready.
runs_now() { "/usr/local/bin/$command_name" gateway status --json 2>/dev/null | grep -q '"running": true'; }

fail_pm2() {
  close_line
  # What pm2 kept of it goes when that is undone.
  as_person pm2 logs openclaw-gateway --nostream --lines 50 2>/dev/null </dev/null | tee -a "$log_file" | tail -n 15 >&2 || :
  fail 1 "the gateway did not start under pm2" "tail -n 100 $log_file"
}

# goes_away: who is connected now is dropped. A run that changes the supervisor stops it earlier than it
# starts it.
goes_away() {
  [ -z "${away_since:-}" ] || return 0
  count_clients
  if [ -n "${clients_away:-}" ]; then away_since=$(now_ms); else begins=1; fi
}

is_back() { [ -z "${away_since:-}" ] || away_ms=$(($(now_ms) - away_since)); }

# count_clients: those that a restart drops for a moment; nothing where the gateway does not run.
count_clients() {
  clients_away=$("/usr/local/bin/$command_name" gateway status --json 2>/dev/null |
    awk '/"running": *true/ { runs = 1 } /"connections": *{/ { within = 1 } within && /"(operator|node)":/ { gsub(/[^0-9]/, ""); sum += $0 } /}/ { within = 0 } END { if (runs) print sum + 0 }')
}

begin_pm2() {
  quiet as_person pm2 startOrReload "$prefix/current/deploy/ecosystem.config.cjs" && quiet as_person pm2 save
}
