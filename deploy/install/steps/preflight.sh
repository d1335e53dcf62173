# shellcheck shell=sh disable=SC2154,SC2034
# Whether this machine is fit, before anything is changed. All that is wrong is said at once.

need_memory_mb=240
oldest_systemd=244
oldest_nginx=1.14

wrong() { printf '%s\n' "$1" >>"$work/wrong"; }

preflight() {
  : >"$work/wrong"
  find_facts
  check_machine
  check_release
  check_supervisor
  check_room
  check_ports
  # First, as it finds the gateway's own site.
  check_in_use
  check_nginx
  check_files
  check_certificate
  check_openings
  find_command
  [ -s "$work/wrong" ] || return 0
  echo "error: this machine is not fit for the gateway as it is asked for:" >&2
  sed 's/^/  - /' "$work/wrong" >&2
  echo "What was found:" >&2
  fact_lines | sed 's/^/  /' >&2
  exit 3
}

check_machine() {
  [ "$(uname -s)" = Linux ] || wrong "it is not Linux; run the gateway in a container here"
  [ -n "$arch" ] || wrong "its processor or system is not 64-bit x86 or ARM: $(uname -m), $bits bits"
  [ -n "$glibc" ] || wrong "its C library is not glibc (Alpine's is musl); use Debian or Ubuntu"
  command -v apt-get >/dev/null 2>&1 || [ -n "$opt_no_nginx" ] ||
    wrong "it has no apt-get, so nginx can't be installed; install it yourself, or add --no-nginx"
  for tool in sha256sum flock useradd getent setpriv; do
    command -v "$tool" >/dev/null 2>&1 || wrong "the program $tool is missing"
  done
}

# Chooses the newest build that runs with the C library found.
check_release() {
  release_version=$(manifest_word version)
  release_time=$(manifest_word time)
  build=$(sed -n "s/^file gateway ${arch:-none} //p" "$manifest" | sort -rV | while read -r needs rest; do
    version_at_least "${glibc:-0}" "$needs" && echo "$needs" && break
  done)
  if [ -n "$arch" ] && [ -n "$glibc" ] && [ -z "$build" ]; then
    wrong "the release has no build for $arch with glibc $glibc; Debian 12, Ubuntu 22.04 or newer is needed"
  fi
  [ "$(date +%s)" -ge "$((release_time - 86400))" ] ||
    wrong "its clock says $(date -u +%Y-%m-%d), which is before this release was made; set it (timedatectl set-ntp true)"
  current_version=$(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$prefix/current/release.json" 2>/dev/null) || :
  if [ -n "$current_version" ] && [ -z "$opt_version" ] &&
    ! version_at_least "$release_version" "$current_version"; then
    wrong "version $current_version is installed, and $release_version is older; to go back to it: --version $release_version"
  fi
}

check_supervisor() {
  supervisor=${opt_supervisor:-systemd}
  case "$supervisor" in
    systemd)
      if [ -z "$systemd_version" ]; then
        wrong "systemd does not run here; add --supervisor none, or pm2"
      elif [ "$systemd_version" -lt "$oldest_systemd" ]; then
        wrong "its systemd is $systemd_version; $oldest_systemd or newer is needed"
      fi
      ;;
    pm2) command -v pm2 >/dev/null 2>&1 || wrong "pm2 is not installed; install it, or leave --supervisor away for systemd" ;;
  esac
}

check_ports() {
  # Behind nginx it takes no TCP port unless asked to.
  [ -z "$opt_no_nginx$opt_port" ] || port_is_ours "$gateway_port" ||
    wrong "$(listener_words "$gateway_port"); the gateway can use another: --port 18790"
}

# A gateway of ours that runs may of course listen there.
port_is_ours() {
  listens "$1" || return 0
  ! has_systemd || ! systemctl is-active -q openclaw-gateway.service 2>/dev/null || return 0
  # Under pm2, or started by its owner.
  [ -x "$prefix/current/bin/node" ] && installed_cli gateway status --json 2>/dev/null | grep -q "\"http://[^\"]*:$1\""
}

listener_words() { echo "port $1 is taken by ${listener_name:-$(listener "$1" | grep . || echo "another program")}"; }

check_nginx() {
  [ -z "$opt_no_nginx" ] && [ -n "$nginx_version" ] || return 0
  version_at_least "$nginx_version" "$oldest_nginx" || wrong "its nginx is $nginx_version; $oldest_nginx or newer is needed"
  nginx -t >"$work/nginx-test" 2>&1 || site_is_broken ||
    wrong "its nginx configuration has errors already: $(grep -m1 emerg "$work/nginx-test" || tail -n 1 "$work/nginx-test")"
}

# site_is_broken: whether what nginx complains of is the gateway's own site, which is made anew, such as
# one whose certificate is gone.
site_is_broken() {
  [ -f "$nginx_file" ] || return 1
  sed -n 's/^  ssl_certificate\(_key\)* \(.*\);/\2/p' "$nginx_file" >"$work/site-files"
  echo "$nginx_file" >>"$work/site-files"
  grep -m1 emerg "$work/nginx-test" | grep -qF -f "$work/site-files"
}

check_files() {
  check_file cert "$opt_cert" && check_file key "$opt_key" && check_file acme_ca "$opt_acme_ca"
}

check_file() {
  [ -n "$2" ] && [ ! -r "$2" ] || return 0
  if is_named "$1"; then
    wrong "there is no file $2"
  else
    wrong "there is no file $2, which was chosen before; put it back, name another, or give it up: --$(printf '%s' "$1" | tr _ -) none"
  fi
}

find_command() {
  name_command
  if [ "$command_name" != openclaw ]; then
    say "There is another OpenClaw ($other); it is not touched. This gateway's command is $command_name."
  fi
  [ ! -d /root/.openclaw ] || say "There is an OpenClaw in /root/.openclaw; it is not touched."
}
