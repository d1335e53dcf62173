# shellcheck shell=sh disable=SC2154,SC2034
# How much of the disk this run needs, file system by file system.

# What Debian's packages take of /usr, and their lists and archives of /var, in KB: nginx and openssl
# together, certbot with its Python, the lists of a machine that has none yet.
nginx_kb=12000
certbot_kb=90000
lists_kb=120000
# Configuration, keys, a journal of each change, and room for the log.
state_kb=4000

check_room() {
  : >"$work/room"
  archive_kb=0
  want_room "$prefix" 256
  want_room /var/lib "$state_kb"
  want_room /etc 256
  if [ -n "$build" ]; then
    want_part node "$prefix/node/$(part_name node | sed 's/^node-\([0-9.]*\)-.*/\1/')"
    want_part gateway "$prefix/releases/$release_version"
    # One archive after the other.
    want_room "$work" "$archive_kb"
  fi
  [ -n "$opt_no_nginx" ] || want_packages
  awk '
    { need[$1] += $3; free[$1] = $2 }
    END { for (at in need) if (free[at] < need[at])
      printf "%d MB are free on the file system %s; %d are needed\n", free[at] / 1024, at, need[at] / 1024 + 1 }
  ' "$work/room" | while IFS= read -r line; do wrong "$line"; done
  [ "$memory_mb" -ge "$need_memory_mb" ] || wrong "it has $memory_mb MB of memory; $need_memory_mb are needed"
}

# want_room PLACE KB: on the file system where PLACE is or will be.
want_room() {
  place=$1
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  df -Pk "$place" | awk -v need="$2" 'NR == 2 { print $6, $4, need }' >>"$work/room"
}

# want_part KIND FOLDER
want_part() {
  name=$(part_name "$1")
  ! part_is_there "$name" "$2" || return 0
  length=$(sed -n "s/^file $1 $arch $build [0-9a-f]* \([0-9]*\) .*/\1/p" "$manifest")
  unpacked=$(sed -n "s/^unpacked \([0-9]*\) $name\$/\1/p" "$manifest")
  # Manifests of older releases tell no unpacked size.
  want_room "$prefix" $((${unpacked:-$((length * 4))} / 1024))
  [ "$archive_kb" -ge $((length / 1024)) ] || archive_kb=$((length / 1024))
}

want_packages() {
  packages_kb=0
  [ -n "$nginx_version" ] || packages_kb=$nginx_kb
  [ "$certificate_kind" != certbot ] || command -v certbot >/dev/null 2>&1 ||
    packages_kb=$((packages_kb + certbot_kb))
  [ "$packages_kb" -gt 0 ] || return 0
  want_room /usr "$packages_kb"
  want_room /var "$lists_kb"
}
