# shellcheck shell=sh disable=SC2154,SC2034
# Reloading nginx, and finding out whether it took: its commands say 0 whatever comes of it.

# nginx_master: the process that reads the configuration; nothing where nginx does not run.
nginx_master() {
  pid_file=$(main_directive pid)
  [ -n "$pid_file" ] || pid_file=$(built_with pid-path)
  pid_file=$(nginx_place "${pid_file:-logs/nginx.pid}")
  [ -f "$pid_file" ] && read -r master <"$pid_file" 2>/dev/null || return 0
  ! kill -0 "${master:-x}" 2>/dev/null || echo "$master"
}

# other_nginx: how a nginx was started that runs with another configuration than that of nginx -T.
other_nginx() {
  known=$(nginx_master)
  own_files=$(readlink /proc/self/ns/mnt)
  for place in /proc/[0-9]*; do
    [ "${place#/proc/}" != "$known" ] || continue
    # One in a container is none of this machine's.
    [ "$(readlink "$place/ns/mnt" 2>/dev/null)" = "$own_files" ] || continue
    title=$(tr '\0' ' ' 2>/dev/null <"$place/cmdline") || continue
    case "$title" in
      'nginx: master process '*)
        printf '%s\n' "${title#nginx: master process }" | sed 's/ *$//'
        return 0
        ;;
    esac
  done
}

workers_of() { [ -z "$1" ] || cat "/proc/$1/task/$1/children" 2>/dev/null || :; }

# nginx_log: the file that its errors go to; it may not be there yet.
nginx_log() {
  log=$(main_directive error_log)
  [ -n "$log" ] || log=$(built_with error-log-path)
  log=${log:-logs/error.log}
  log=${log%% *}
  case "$log" in
    stderr | syslog:* | memory:*) echo /dev/null ;;
    *) nginx_place "$log" ;;
  esac
}

# new_in_log: what it has got since log_seen.
new_in_log() { [ ! -f "$log" ] || tail -c "+$((log_seen + 1))" "$log"; }

# by_systemd: whether systemd started the nginx that runs, or is to start it.
by_systemd() {
  has_systemd && systemctl cat nginx.service >/dev/null 2>&1 || return 1
  [ -z "$1" ] || systemctl is-active -q nginx.service
}

# Tested first; what fails is undone by the journal, which reloads the former state.
reload_nginx() {
  nginx_stale=
  change "test nginx's configuration and reload it" || return 0
  quiet nginx -t || fail 1 "nginx does not accept the configuration made for it" "tail -n 100 $log_file"
  read_nginx
  log=$(nginx_log)
  log_seen=0
  [ ! -f "$log" ] || log_seen=$(wc -c <"$log")
  master=$(nginx_master)
  before_reload=$(workers_of "$master")
  if tell_nginx && nginx_took; then
    keep_dump
    return 0
  fi
  new_in_log >"$work/new-lines"
  why=$(grep -m 1 -F '[emerg]' "$work/new-lines" || tail -n 1 "$work/new-lines")
  note "nginx's log since: $(cat "$work/new-lines")"
  state="goes on as it was and did not take the new configuration"
  [ -n "$master" ] || state="did not start"
  fail 1 "nginx $state: ${why:-its log says nothing of why}" "look at what it names, then run this again (tail -n 100 $log_file)"
}

tell_nginx() {
  if by_systemd "$master"; then
    reload_unit
  elif [ -n "$master" ]; then
    quiet nginx -s reload
  else
    record "stop-nginx program"
    quiet nginx
  fi
}

reload_unit() {
  if ! systemctl is-enabled -q nginx 2>/dev/null; then
    record "disable-nginx nginx.service"
    quiet systemctl enable nginx
  fi
  systemctl is-active -q nginx.service || record "stop-nginx nginx.service"
  quiet systemctl reload-or-restart nginx
}

# nginx_took: new workers mean that it did. A bind that fails is tried five times before it gives up.
nginx_took() {
  tries=150
  while [ "$tries" -gt 0 ]; do
    now=$(nginx_master)
    for worker in $(workers_of "$now"); do
      case " $before_reload " in *" $worker "*) ;; *) return 0 ;; esac
    done
    ! new_in_log | grep -qF '[emerg]' || [ "$tries" -lt 20 ] || tries=20
    tries=$((tries - 1))
    sleep 0.2
  done
  return 1
}

# Undoing: what is wrong now is not the gateway's, whose files are as they were.
reload_nginx_if_runs() {
  command -v nginx >/dev/null 2>&1 || return 0
  if ! nginx -t >"$work/output" 2>&1; then
    cat "$work/output" >>"$log_file"
    say "  nginx goes on as it was: its configuration has an error that is not the gateway's: $(grep -m1 emerg "$work/output")"
    say "  next, once that is mended: nginx -t && nginx -s reload"
    return 0
  fi
  read_nginx
  master=$(nginx_master)
  if [ -z "$master" ]; then
    return 0
  elif by_systemd "$master"; then
    quiet systemctl reload nginx
  else
    quiet nginx -s reload
  fi
}

# undo_start program|UNIT
undo_start() {
  if [ "$1" != program ]; then
    quiet systemctl stop "$1" || :
  elif command -v nginx >/dev/null 2>&1; then
    quiet nginx -s quit || :
  fi
}
