# shellcheck shell=sh disable=SC2154,SC2034
# A proxied connection takes two of nginx's, and Debian gives each worker 768. That number is raised where
# the file is Debian's own, elsewhere with --tune-nginx, and never with --no-tune-nginx.

nginx_conf=/etc/nginx/nginx.conf
limit_file=/etc/nginx/modules-enabled/99-openclaw-gateway.conf
tuned_connections=16384

tune_nginx() {
  will_tune_nginx || return 0
  before=$(wc -l <"$changes")
  printf 'worker_rlimit_nofile %d;\n' "$(files_for_nginx)" >"$work/limit.conf"
  found=$(connections_in_conf)
  [ -n "$found" ] || [ -z "$dry" ] || found=768
  [ -n "$found" ] || fail 1 "$nginx_conf has no worker_connections to raise" "set it in its events block yourself"
  # Before both changes, so that what undoes them asks nginx only once both are undone.
  [ -n "$dry" ] || { cmp -s "$work/limit.conf" "$limit_file" && [ "$found" -ge "$tuned_connections" ]; } || record "reload-nginx"
  put_file "$work/limit.conf" "$limit_file" 644 root:root
  if [ "$found" -lt "$tuned_connections" ]; then raise_connections; fi
  if [ "$(wc -l <"$changes")" != "$before" ]; then reload_nginx; fi
}

will_tune_nginx() {
  [ -z "$opt_no_nginx" ] && [ -z "$opt_no_tune_nginx" ] || return 1
  [ -n "$opt_tune_nginx" ] || untouched_conf
}

# As Debian ships it, but for the number that an installation before this one may have raised.
untouched_conf() {
  [ -f "$nginx_conf" ] || { [ -n "$dry" ] && ! package_installed nginx; } || return 1
  [ -f "$nginx_conf" ] || return 0
  shipped=$(dpkg-query -W -f '${Conffiles}\n' nginx-common nginx 2>/dev/null |
    sed -n "s|^ *$nginx_conf \([0-9a-f]*\).*|\1|p" | head -n 1)
  [ -n "$shipped" ] || return 1
  for held in 768 "$tuned_connections"; do
    [ "$(sed "s/^\([^#]*worker_connections  *\)$held;/\1768;/" "$nginx_conf" | md5sum | cut -d' ' -f1)" != "$shipped" ] || return 0
  done
  return 1
}

connections_in_conf() {
  sed -n 's/^[^#]*worker_connections  *\([0-9]*\);.*/\1/p' "$nginx_conf" 2>/dev/null | head -n 1
}

# What this nginx will hold, for render-site.sh: the limits of one address follow from it.
nginx_connections() {
  holds=$(connections_in_conf)
  if [ -z "$holds" ]; then
    holds=512
    [ -f "$nginx_conf" ] || holds=768
  fi
  if will_tune_nginx && [ "$holds" -lt "$tuned_connections" ]; then holds=$tuned_connections; fi
  echo "$holds"
}

nginx_workers() {
  workers=$(sed -n 's/^[^#]*worker_processes  *\([0-9]*\);.*/\1/p' "$nginx_conf" 2>/dev/null | head -n 1)
  echo "${workers:-$(nproc 2>/dev/null || echo 1)}"
}

# Two for each connection; where root may not raise its own bound, as in some containers, that bound:
# a worker that asks for more gets nothing and is left with 1024.
files_for_nginx() {
  files=$((tuned_connections * 2))
  # shellcheck disable=SC3045 # dash and bash have both
  (ulimit -n "$files") 2>/dev/null || files=$(ulimit -Hn)
  echo "$files"
}

raise_connections() {
  change "change $nginx_conf: -worker_connections $found; +worker_connections $tuned_connections;" || return 0
  record "connections $found"
  set_connections "$found" "$tuned_connections"
}

# set_connections FROM TO: leaves everything else in the file as it is.
set_connections() {
  [ -f "$nginx_conf" ] || return 0
  # A link to it stays one.
  conf=$(readlink -f "$nginx_conf")
  # On a full disk the file stays as it is, and no half of another beside it.
  cp -p "$conf" "$conf.openclaw-new" &&
    sed "s/^\([^#]*worker_connections  *\)$1;/\1$2;/" "$conf" >"$conf.openclaw-new" &&
    mv -f "$conf.openclaw-new" "$conf" && return 0
  rm -f "$conf.openclaw-new"
  return 1
}
