# shellcheck shell=sh disable=SC2154,SC2034
# What kind of machine this is.

# version_at_least FOUND WANTED
version_at_least() { printf '%s\n%s\n' "$2" "$1" | sort -V -C; }

has_systemd() { [ -d /run/systemd/system ]; }

find_facts() {
  os_name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-$ID}") || :
  os_name=${os_name:-unknown}
  bits=$(getconf LONG_BIT 2>/dev/null) || :
  case "$(uname -m)/${bits:-64}" in
    x86_64/64) arch=x64 ;;
    aarch64/64) arch=arm64 ;;
    *) arch= ;;
  esac
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p')
  memory_mb=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))
  limit_mb=$(memory_limit)
  [ -z "$limit_mb" ] || [ "$limit_mb" -ge "$memory_mb" ] || memory_mb=$limit_mb
  systemd_version=
  if has_systemd; then systemd_version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'); fi
  nginx_version=
  if command -v nginx >/dev/null 2>&1; then
    nginx_version=$(nginx -v 2>&1 | sed -n 's|.*nginx/\([0-9.]*\).*|\1|p')
  fi
}

# The bound of a container or a slice, in MB; nothing where there is none.
memory_limit() {
  bytes=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  case "$bytes" in *[!0-9]* | '') ;; *) echo $((bytes / 1048576)) ;; esac
}

# free_mb PATH: on the file system where PATH is or will be.
free_mb() {
  place=$1
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  df -Pk "$place" | awk 'NR == 2 { print int($4 / 1024) }'
}

# listens PORT: whether anything accepts TCP connections there.
listens() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port="$(printf '%04X' "$1")" '$4 == "0A" && $2 ~ ":" port "$" { found = 1 } END { exit !found }'
}

# listener PORT: its program's name, where that can be found out.
listener() { ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | head -n 1; }

# foreign_command: an `openclaw` on the path that is not ours.
foreign_command() {
  IFS=:
  for place in /usr/local/bin $PATH; do
    unset IFS
    if [ -e "$place/openclaw" ] && ! grep -qs "^exec $prefix/current/" "$place/openclaw"; then
      echo "$place/openclaw"
      return 0
    fi
  done
  unset IFS
  return 1
}

# name_command: an OpenClaw that is already here (other) keeps its name; ours is then called otherwise.
name_command() {
  command_name=openclaw
  ! other=$(foreign_command) || command_name=openclaw-gateway
}

fact_lines() {
  echo "system      $os_name, $(uname -sr)"
  echo "processor   $(uname -m)"
  echo "C library   ${glibc:+glibc }${glibc:-not glibc}"
  echo "memory      $memory_mb MB"
  state_mb=$(free_mb /var/lib)
  echo "disk        $(free_mb "$prefix") MB free for $prefix, $state_mb MB for /var/lib"
  echo "systemd     ${systemd_version:-not running}"
  echo "nginx       ${nginx_version:-not installed}"
}
