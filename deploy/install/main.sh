# shellcheck shell=sh disable=SC2154,SC2034
# The second stage of install.sh, which verified it and sourced it: its options and functions are here.
# Steps run twice: once to see what there is to do, once to do it. A failure undoes what was done.

for file in lib/say lib/progress lib/journal lib/written lib/change lib/packages lib/facts lib/choices lib/person lib/address \
  lib/stop lib/room lib/nginx-config lib/nginx-reload lib/certificates lib/firewall \
  steps/preflight steps/in-use steps/accounts steps/release steps/folders steps/command steps/config steps/unit steps/leave \
  steps/start steps/nginx steps/certificate steps/authority steps/pin steps/tune steps/prove steps/prune steps/finish steps/uninstall; do
  # shellcheck disable=SC1090 # all of them are checked on their own
  . "$here/$file.sh"
done

# Not every login's path has the folder of programs that snap installs, such as certbot.
[ ! -d /snap/bin ] || case ":$PATH:" in *:/snap/bin:*) ;; *) PATH=$PATH:/snap/bin ;; esac

prefix=/opt/openclaw-gateway
logging=
silent=
dry=
changes=$work/changes
: >"$changes"
began=$(now_ms)

# name:words, in their order
steps='accounts:User and groups
release:Gateway and Node.js
folders:Folders
switch:Current version
command_line:Command line
configuration:Configuration
systemd_unit:systemd unit
leave:Choices before
start:Start
nginx_packages:nginx
certificate:Certificate
nginx_site:Site
pin:Fingerprint of the certificate
tune_nginx:Limits of nginx
prove:Proof
prune:Older releases
remember:Choices'

choose() {
  http_port=${opt_http_port:-80}
  https_port=${opt_https_port:-443}
  choose_port
  no_email=1
  [ -z "$opt_email" ] || no_email=
  address=$(own_address)
  choose_certificate
  site_name=${opt_domain:-_}
  # Without nginx of ours, a name is that of the owner's own proxy.
  public_url=${opt_domain:+https://$opt_domain}
  local_url=ws://127.0.0.1:$gateway_port
  local_port=$gateway_port
  [ -z "$opt_no_nginx" ] || return 0
  if [ "$certificate_kind" = none ]; then
    # The proof comes by the address, as a client may not use plain ws:// with a name.
    site_name=${opt_domain:+$opt_domain 127.0.0.1}
    local_url=ws://127.0.0.1:$http_port
    local_port=$http_port
    public_url=$(web_address http "$http_port" 80)
  else
    local_url=wss://${opt_domain:-127.0.0.1}:$https_port
    local_port=$https_port
    public_url=$(web_address https "$https_port" 443)
  fi
}

# web_address SCHEME PORT USUAL
web_address() {
  host=${opt_domain:-$(url_host "$address")}
  if [ "$2" = "$3" ]; then echo "$1://$host"; else echo "$1://$host:$2"; fi
}

plan() {
  dry=1
  silent=1
  run_steps
  silent=
}

run_steps() {
  step_number=0
  total=$(printf '%s\n' "$steps" | wc -l | tr -d ' ')
  # The list is read from a descriptor of its own: steps may read standard input.
  while IFS=: read -r step words <&4; do
    step_number=$((step_number + 1))
    if [ -n "$dry" ]; then
      "$step"
      continue
    fi
    started=$(now_ms)
    begin_step "[$step_number/$total] $words"
    "$step"
    end_step "[$step_number/$total] $words" $(($(now_ms) - started))
    [ "${OPENCLAW_INSTALL_FAIL_AFTER:-}" != "$step" ] || fail 1 "told to fail after $step" ""
  done 4<<STEPS
$steps
STEPS
}

consent() {
  { [ -z "$opt_yes" ] && [ -t 1 ] && [ -r /dev/tty ]; } || return 0
  printf 'Go on? [Y/n] '
  read -r reply </dev/tty || reply=n
  case "$reply" in '' | [Yy]*) ;; *) fail 1 "nothing was changed" "" ;; esac
}

install_it() {
  open_log
  open_journal
  [ -n "$(tail -n 1 "$journal")" ] || record "folder $keeps"
  ! has_systemd || ! systemctl is-active -q "$unit" 2>/dev/null || record "resume $unit"
  ! under_pm2 || record "resume-pm2 openclaw-gateway"
  : >"$changes"
  under_way=installing
  run_steps
  trap '' INT TERM
  commit_journal "$release_version"
  rm -rf "$prefix"/releases/*.openclaw-old "$prefix"/node/*.openclaw-old
  under_way=installed
  catch_signals
}

one_at_a_time() {
  # In a folder of root's own: in /run/lock anybody could make the file first, and keep it locked.
  exec 9>/run/openclaw-gateway-install.lock
  flock -n 9 || fail 1 "another installation runs here" "wait for it, then run this again"
}

main() {
  trap '' HUP PIPE
  catch_signals
  trap at_exit EXIT
  [ -n "$opt_dry_run" ] || one_at_a_time
  if [ -n "$opt_uninstall" ]; then
    uninstall
    return
  fi
  if [ -z "$opt_dry_run" ] && unfinished; then
    open_log
    say "An installation was cut off here; undoing it first …"
    under_way=undoing
    undo_unfinished || fail 1 "what the installation before left could not all be undone" "tail -n 100 $log_file"
    [ "$stops" -eq 0 ] || exit "$stop_code"
    under_way=before
  fi
  recall_choices
  choose
  preflight
  say "OpenClaw gateway $release_version for $os_name ($arch, glibc $glibc), Node.js $(part_name node | sed 's/^node-\([0-9.]*\)-.*/\1/')"
  say_address
  if [ -n "$opt_dry_run" ]; then
    dry=1
    run_steps
    [ -s "$changes" ] || say "Nothing to change."
    [ -z "$opt_json" ] || answer
    return
  fi
  plan
  dry=
  if [ -s "$changes" ]; then
    show_plan
    consent
    install_it
  fi
  finish
}

main
