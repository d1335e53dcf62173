# shellcheck shell=sh disable=SC2154,SC2034
# nginx in front of the gateway: one file of ours, tested before every reload. Other sites are not touched.

nginx_file=/etc/nginx/conf.d/openclaw-gateway.conf
debian_default=/etc/nginx/sites-enabled/default

nginx_packages() {
  [ -z "$opt_no_nginx" ] || return 0
  wanted=nginx
  [ "$certificate_kind" != certbot ] || wanted="nginx certbot"
  [ "$certificate_kind" != own ] || command -v openssl >/dev/null 2>&1 || wanted="nginx openssl"
  # shellcheck disable=SC2086 # a list of names
  need_packages $wanted
}

nginx_site() {
  [ -z "$opt_no_nginx" ] || return 0
  put_site name="$site_name" http="$http_port" https="$https_port" \
    workers="$(nginx_workers)" connections="$(nginx_connections)" \
    ${cert_file:+cert="$cert_file" key="$key_file"} ${hsts:+hsts=yes}
}

# put_site WORDS…: renders our site; reloads nginx where that changed something.
put_site() {
  [ -n "$opt_domain" ] || make_way
  sh "$here/nginx/render-site.sh" "$@" >"$work/nginx.conf" 2>"$work/output" ||
    [ -n "$dry" ] || fail 1 "the site could not be rendered: $(cat "$work/output")" "less $log_file"
  cmp -s "$work/nginx.conf" "$nginx_file" || [ -n "$dry" ] || record "reload-nginx"
  before=$(wc -l <"$changes")
  put_file "$work/nginx.conf" "$nginx_file" 644 root:root
  if [ "$(wc -l <"$changes")" != "$before" ] || [ -n "${nginx_stale:-}" ]; then reload_nginx; fi
}

# Without a name, ours must be the server that answers whatever nobody else does. Debian's untouched
# example steps aside; anybody else's default is theirs.
make_way() {
  # Brought by the package that is not there yet.
  if [ -n "$dry" ] && ! package_installed nginx; then
    change "take $debian_default away (Debian's untouched example)" || return 0
  fi
  if untouched_default; then
    change "take $debian_default away (Debian's untouched example)" || return 0
    record "reload-nginx"
    save "$debian_default"
    rm -f "$debian_default"
    nginx_stale=1
    return 0
  fi
  ! default_taken || fail 3 "another site of nginx here answers whatever has no name of its own" \
    "give the gateway a name: --domain gateway.example.com (or --no-nginx)"
}

untouched_default() {
  [ -L "$debian_default" ] && [ "$(readlink -f "$debian_default")" = /etc/nginx/sites-available/default ] || return 1
  shipped=$(dpkg-query -W -f '${Conffiles}\n' nginx-common nginx 2>/dev/null |
    sed -n 's|^ */etc/nginx/sites-available/default \([0-9a-f]*\).*|\1|p' | head -n 1)
  [ -n "$shipped" ] && [ "$(md5sum </etc/nginx/sites-available/default | cut -d' ' -f1)" = "$shipped" ]
}

default_taken() {
  for site in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf; do
    [ "$site" != "$nginx_file" ] && grep -qsE '^[^#]*listen[^;#]*default_server' "$site" && return 0
  done
  return 1
}

# Tested first; what fails is undone by the journal, which reloads the former state.
reload_nginx() {
  nginx_stale=
  change "test nginx's configuration and reload it" || return 0
  quiet nginx -t || fail 1 "nginx does not accept the configuration made for it" "less $log_file"
  if has_systemd; then
    systemctl is-enabled -q nginx 2>/dev/null || quiet systemctl enable nginx
    quiet systemctl reload-or-restart nginx
  else
    quiet nginx -s reload || quiet nginx
  fi
}

reload_nginx_if_runs() {
  command -v nginx >/dev/null 2>&1 || return 0
  quiet nginx -t || return 1
  ! has_systemd || quiet systemctl try-reload-or-restart nginx
}
