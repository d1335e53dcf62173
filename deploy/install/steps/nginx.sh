# shellcheck shell=sh disable=SC2154,SC2034
# nginx in front of the gateway: one file of ours, tested before every reload. Other sites are not touched.

nginx_file=/etc/nginx/conf.d/openclaw-gateway.conf
debian_default=/etc/nginx/sites-enabled/default

nginx_site() {
  [ -z "$opt_no_nginx" ] || return 0
  need_packages_stopped nginx
  render_nginx >"$work/nginx.conf"
  if [ -z "$opt_domain" ]; then make_way; fi
  cmp -s "$work/nginx.conf" "$nginx_file" || [ -n "$dry" ] || record "reload-nginx"
  put_file "$work/nginx.conf" "$nginx_file" 644 root:root
  if grep -q " $nginx_file " "$changes" || grep -q "take $debian_default away" "$changes"; then
    reload_nginx
  fi
}

# A freshly installed nginx would serve Debian's page on port 80 before it has ours to serve.
need_packages_stopped() {
  package_installed "$1" || [ -n "$dry" ] || {
    [ -e /usr/sbin/policy-rc.d ] || {
      record "remove /usr/sbin/policy-rc.d"
      printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
      chmod 755 /usr/sbin/policy-rc.d
      policy_is_ours=1
    }
  }
  need_packages "$1"
  [ -z "${policy_is_ours:-}" ] || rm -f /usr/sbin/policy-rc.d
}

# Without a name, ours must be the server that answers whatever nobody else does. Debian's untouched
# example steps aside; anybody else's default is theirs.
make_way() {
  # Brought by the package that is not there yet.
  if [ -n "$dry" ] && ! package_installed nginx; then
    change "take $debian_default away" || return 0
  fi
  if untouched_default; then
    drop_file "$debian_default"
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

render_nginx() {
  # The address of the machine itself, for the proof.
  name="${opt_domain:-_} 127.0.0.1"
  default=
  [ -n "$opt_domain" ] || default=' default_server'
  sed -e '1,/^# meet nobody else/d' -e "s/server_name gateway.example.com;/server_name $name;/" \
    -e "s/listen 80;/listen $http_port$default;/" "$here/nginx/openclaw-gateway.conf"
}

# Tested first; what fails is undone by the journal, which reloads the former state.
reload_nginx() {
  change "test nginx's configuration and reload it" || return 0
  quiet nginx -t || fail 1 "nginx does not accept the configuration made for it" "less $log_file"
  if has_systemd; then
    [ "$(systemctl is-enabled nginx 2>/dev/null)" = enabled ] || quiet systemctl enable nginx
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
