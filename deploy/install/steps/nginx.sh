# shellcheck shell=sh disable=SC2154,SC2034
# nginx in front of the gateway: one file of ours, tested before every reload. Other sites are not touched.

nginx_file=/etc/nginx/conf.d/$ours_in_nginx
debian_default=/etc/nginx/sites-enabled/default

nginx_packages() {
  [ -z "$opt_no_nginx" ] || return 0
  # A program that is on the path is used, whoever put it there.
  wanted=
  command -v nginx >/dev/null 2>&1 || wanted=nginx
  [ "$certificate_kind" != certbot ] || command -v certbot >/dev/null 2>&1 || wanted="$wanted certbot"
  [ "$certificate_kind" = none ] || command -v openssl >/dev/null 2>&1 || wanted="$wanted openssl"
  # shellcheck disable=SC2086 # a list of names
  [ -z "$wanted" ] || need_packages $wanted
  [ -n "$dry" ] || [ -z "$wanted" ] || read_nginx
}

nginx_site() {
  [ -z "$opt_no_nginx" ] || return 0
  # Browsers that are told to come by HTTPS only can't be let in again by a certificate that they refuse.
  hsts=
  if [ "$certificate_kind" = certbot ] && certificate_trusted "$cert_file" "$opt_domain"; then hsts=1; fi
  put_site "$cert_file" "$key_file" "$hsts"
  [ -n "$dry" ] || rm -f "$first_cert" "$first_key"
}

# put_site CERTIFICATE KEY HSTS: renders our site; reloads nginx where that changed something.
put_site() {
  if [ -z "$opt_domain" ] || default_cannot_listen; then make_way; fi
  http_at=$(addresses_for "$http_port" | tr '\n' ' ')
  https_at=$(addresses_for "$https_port" | tr '\n' ' ')
  held_workers=$(nginx_workers)
  held_connections=$(nginx_connections)
  http2=$(http2_word)
  sh "$here/nginx/render-site.sh" name="$site_name" http="$http_port" https="$https_port" \
    http_at="$http_at" https_at="$https_at" workers="$held_workers" connections="$held_connections" \
    ${1:+cert="$1" key="$2"} ${3:+hsts=yes} ${http2:+"$http2"} >"$work/nginx.conf" 2>"$work/output" ||
    [ -n "$dry" ] || fail 1 "the site could not be rendered: $(cat "$work/output")" "mend what it names, then run this again (or add --no-nginx)"
  cmp -s "$work/nginx.conf" "$nginx_file" || [ -n "$dry" ] || record "reload-nginx"
  before=$(wc -l <"$changes")
  put_file "$work/nginx.conf" "$nginx_file" 644 root:root
  if [ "$(wc -l <"$changes")" != "$before" ] || [ -n "${nginx_stale:-}" ]; then reload_nginx; fi
}

# default_cannot_listen: whether another program has port 80, so that nginx, which does not run, could not
# start with Debian's example, which listens there.
default_cannot_listen() { listens 80 && [ -z "$(nginx_master)" ] && [ "$(listener 80)" != nginx ]; }

# Before nginx 1.25.1 whoever asks for HTTP/2 on a port turns it on for all sites there.
http2_word() {
  awk -F '\t' -v port="$https_port" '$1 == "http" && $2 == port { others = 1; if ($4 ~ /http2/) http2 = 1 }
    END { if (others && !http2) print "http2=no" }' "$listens"
}

# Without a name, ours must be the server that answers whatever nobody else does. Debian's untouched
# example steps aside; anybody else's default is theirs.
make_way() {
  # Brought by the package that is not there yet.
  if [ -n "$dry" ] && ! command -v nginx >/dev/null 2>&1; then
    change "take $debian_default away (Debian's untouched example)" || return 0
  fi
  if untouched_default; then
    change "take $debian_default away (Debian's untouched example)" || return 0
    record "reload-nginx"
    take_away "$debian_default"
    nginx_stale=1
    return 0
  fi
}

untouched_default() {
  [ -L "$debian_default" ] && [ "$(readlink -f "$debian_default")" = /etc/nginx/sites-available/default ] || return 1
  shipped=$(dpkg-query -W -f '${Conffiles}\n' nginx-common nginx 2>/dev/null |
    sed -n 's|^ */etc/nginx/sites-available/default \([0-9a-f]*\).*|\1|p' | head -n 1)
  [ -n "$shipped" ] && [ "$(md5sum </etc/nginx/sites-available/default | cut -d' ' -f1)" = "$shipped" ]
}
